import Tensors
import TestSupport

extension OpCase {
  static let shortcut: [OpCase] = [
    (Shape([2, 8, 8, 16]), 2, 32), (Shape([1, 7, 5, 3]), 2, 9), (Shape([3, 4, 6, 5]), 1, 5),
    (Shape([2, 9, 9, 8]), 3, 11), (Shape([2, 4, 4, 16]), 2, 48), (Shape([2, 4, 4, 15]), 1, 16),
  ].flatMap { entry -> [OpCase] in
    let (shape, stride, k) = entry
    let y: Shape = [
      shape[0], (shape[1] + stride - 1) / stride, (shape[2] + stride - 1) / stride, k,
    ]
    return [
      OpCase(.shortcutForward, "\(shape) to \(y)", tolerance: 0) { t in
        let out = t.output(y)
        t.backend.shortcut(x: t.input(shape, 1), stride: stride, into: out)
        return [out]
      } expected: {
        [Oracle.shortcut(.init(shape, values(shape, 1)), stride: stride, channels: k).values]
      },
      OpCase(.shortcutBackward, "\(y) to \(shape)", tolerance: 1e-7) { t in
        let (over, sum) = (t.output(shape), t.sum(shape, 3))
        for (dx, accumulate) in [(over, false), (sum, true)] {
          t.backend.shortcutBackward(
            dy: t.input(y, 2), stride: stride, into: dx, accumulate: accumulate)
        }
        return [over, sum]
      } expected: {
        let dx = Oracle.shortcutBackward(
          .init(y, values(y, 2)), input: shape.sizes, stride: stride
        ).values
        return [dx, zip(dx, doubles(shape, 3)).map(+)]
      },
    ]
  }
}
