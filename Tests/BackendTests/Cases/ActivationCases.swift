import Tensors
import TestSupport

extension OpCase {
  private static let shapes: [Shape] = [[1], [7], [31], [33], [3, 5, 7], [40_001]]

  static let activation: [OpCase] = shapes.flatMap { shape -> [OpCase] in
    [
      OpCase(.reluForward, "\(shape)", tolerance: 0) { t in
        let y = t.output(shape)
        t.backend.relu(x: t.input(shape, 1), into: y)
        return [y]
      } expected: {
        [doubles(shape, 1).map { max($0, 0) }]
      },
      OpCase(.reluBackward, "\(shape)", tolerance: 1e-7) { t in
        let (over, sum) = (t.output(shape), t.sum(shape, 3))
        for (dx, accumulate) in [(over, false), (sum, true)] {
          t.backend.reluBackward(
            dy: t.input(shape, 2), y: t.input(shape, 1), into: dx, accumulate: accumulate)
        }
        return [over, sum]
      } expected: {
        let dx = zip(doubles(shape, 2), doubles(shape, 1)).map { $1 > 0 ? $0 : 0 }
        return [dx, zip(dx, doubles(shape, 3)).map(+)]
      },
      OpCase(.addForward, "\(shape), also in place", tolerance: 1e-7) { t in
        let (y, inPlace) = (t.output(shape), t.sum(shape, 1))
        t.backend.add(t.input(shape, 1), t.input(shape, 2), into: y)
        t.backend.add(inPlace, t.input(shape, 2), into: inPlace)
        return [y, inPlace]
      } expected: {
        let sum = zip(doubles(shape, 1), doubles(shape, 2)).map(+)
        return [sum, sum]
      },
    ]
  }
}
