import Tensors
import TestSupport

extension OpCase {
  static let optimizer: [OpCase] =
    [Shape([1]), [33], [3, 3, 16, 24], [20_001]].flatMap {
      shape -> [OpCase] in
      [
        OpCase(.momentumStep, "\(shape)", tolerance: 1e-6) { t in
          let (w, v) = (t.sum(shape, 1), t.sum(shape, 3))
          t.backend.momentumStep(
            [MomentumUpdate(w: w, g: t.input(shape, 2), v: v)], learningRate: 0.1, momentum: 0.9,
            weightDecay: 1e-2)
          return [w, v]
        } expected: {
          let (w, g) = (doubles(shape, 1), doubles(shape, 2))
          let v = zip(doubles(shape, 3), zip(g, w)).map { 0.9 * $0 + ($1.0 + 1e-2 * $1.1) }
          return [zip(w, v).map { $0 - 0.1 * $1 }, v]
        },
        OpCase(.sumSlices, "\(shape)", tolerance: 1e-6) { t in
          let (over, sum) = (t.output(shape), t.sum(shape, 4))
          for (out, accumulate) in [(over, false), (sum, true)] {
            t.backend.sumSlices(
              t.input(Shape([5] + shape.sizes), 1), into: out, accumulate: accumulate)
          }
          return [over, sum]
        } expected: {
          let sum = sumOfSlices(shape, 5, stream: 1)
          return [sum, zip(sum, doubles(shape, 4)).map(+)]
        },
      ]
    } + [manyParameters]

  private static func sumOfSlices(_ shape: Shape, _ slices: Int, stream: UInt32) -> [Double] {
    let all = doubles(Shape([slices] + shape.sizes), stream)
    return (0..<shape.count).map { i in
      (0..<slices).reduce(0) { $0 + all[$1 * shape.count + i] }
    }
  }

  /// More than one launch serves, of unequal sizes, some with their gradient in slices.
  private static let manyParameters: OpCase = {
    let shapes = (0..<37).map { Shape([$0 * 7 + 1, 3]) }
    @Sendable func slices(_ i: Int) -> Int { i % 3 == 0 ? 4 : 1 }
    return OpCase(.momentumStep, "37 parameters, gradients in slices", tolerance: 1e-6) { t in
      let updates = shapes.enumerated().map { i, shape in
        let n = slices(i)
        return MomentumUpdate(
          w: t.sum(shape, UInt32(i)),
          g: t.input(n > 1 ? Shape([n] + shape.sizes) : shape, UInt32(100 + i)),
          v: t.sum(shape, UInt32(200 + i)))
      }
      t.backend.momentumStep(updates, learningRate: 0.1, momentum: 0.9, weightDecay: 1e-2)
      return updates.map(\.w) + updates.map(\.v)
    } expected: {
      let v = shapes.enumerated().map { i, shape in
        let g = sumOfSlices(shape, slices(i), stream: UInt32(100 + i))
        return zip(doubles(shape, UInt32(200 + i)), zip(g, doubles(shape, UInt32(i))))
          .map { 0.9 * $0 + ($1.0 + 1e-2 * $1.1) }
      }
      return zip(shapes.indices, v).map { i, v in
        zip(doubles(shapes[i], UInt32(i)), v).map { $0 - 0.1 * $1 }
      } + v
    }
  }()
}
