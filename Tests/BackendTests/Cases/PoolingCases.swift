import Tensors
import TestSupport

extension OpCase {
  static let pooling: [OpCase] =
    [
      (Shape([2, 8, 8, 16]), 2, 2), (Shape([1, 7, 9, 3]), 3, 2), (Shape([3, 5, 5, 24]), 5, 1),
      (Shape([2, 6, 7, 1]), 3, 1), (Shape([2, 7, 7, 4]), 2, 3),
    ].flatMap { windowed($0, window: $1, stride: $2) }
    + [Shape([4, 8, 8, 64]), [1, 7, 3, 17], [33, 1, 1, 5]].flatMap(global)
    + [
      (Shape([2, 16, 16, 64]), 3, 2, 1), (Shape([1, 7, 9, 3]), 3, 2, 1),
      (Shape([3, 5, 6, 24]), 3, 1, 1), (Shape([2, 6, 7, 1]), 2, 2, 0),
      (Shape([1, 1, 1, 40]), 3, 2, 1), (Shape([2, 9, 8, 20]), 2, 3, 1),
      (Shape([2, 7, 5, 4]), 5, 3, 2), (Shape([31, 2, 3, 8]), 3, 2, 1),
    ].flatMap { largest($0, window: $1, stride: $2, padding: $3) }

  private static func windowed(_ shape: Shape, window: Int, stride: Int) -> [OpCase] {
    let y: Shape = [
      shape[0], (shape[1] - window) / stride + 1, (shape[2] - window) / stride + 1, shape[3],
    ]
    let name = "\(shape), window \(window), stride \(stride)"
    return [
      OpCase(.averagePoolForward, name) { t in
        let out = t.output(y)
        t.backend.averagePool(x: t.input(shape, 1), window: window, stride: stride, into: out)
        return [out]
      } expected: {
        [
          Oracle.averagePool(
            .init(shape, values(shape, 1)), window: (window, window), stride: stride
          ).values
        ]
      },
      OpCase(.averagePoolBackward, name) { t in
        let (over, sum) = (t.output(shape), t.sum(shape, 3))
        for (dx, accumulate) in [(over, false), (sum, true)] {
          t.backend.averagePoolBackward(
            dy: t.input(y, 2), window: window, stride: stride, into: dx, accumulate: accumulate)
        }
        return [over, sum]
      } expected: {
        let dx = Oracle.averagePoolBackward(
          .init(y, values(y, 2)), input: shape.sizes, window: (window, window), stride: stride
        ).values
        return [dx, zip(dx, doubles(shape, 3)).map(+)]
      },
    ]
  }

  private static func global(_ shape: Shape) -> [OpCase] {
    let y: Shape = [shape[0], shape[3]]
    let window = (shape[1], shape[2])
    return [
      OpCase(.globalAveragePoolForward, "\(shape)") { t in
        let out = t.output(y)
        t.backend.globalAveragePool(x: t.input(shape, 1), into: out)
        return [out]
      } expected: {
        [Oracle.averagePool(.init(shape, values(shape, 1)), window: window, stride: 1).values]
      },
      OpCase(.globalAveragePoolBackward, "\(shape)") { t in
        let (over, sum) = (t.output(shape), t.sum(shape, 3))
        for (dx, accumulate) in [(over, false), (sum, true)] {
          t.backend.globalAveragePoolBackward(
            dy: t.input(y, 2), into: dx, accumulate: accumulate)
        }
        return [over, sum]
      } expected: {
        let dy = Oracle.Array4([shape[0], 1, 1, shape[3]], values(y, 2))
        let dx = Oracle.averagePoolBackward(
          dy, input: shape.sizes, window: window, stride: 1
        ).values
        return [dx, zip(dx, doubles(shape, 3)).map(+)]
      },
    ]
  }

  /// Numbers of one digit: many windows have their largest twice.
  private static func largest(
    _ shape: Shape, window: Int, stride: Int, padding: Int
  ) -> [OpCase] {
    let x = values(shape, 1).map { ($0 * 4).rounded() }
    let y: Shape = [
      shape[0], (shape[1] + 2 * padding - window) / stride + 1,
      (shape[2] + 2 * padding - window) / stride + 1, shape[3],
    ]
    let name = "\(shape), window \(window), stride \(stride), padding \(padding)"
    @Sendable func expected() -> (y: Oracle.Array4, places: Oracle.Array4) {
      Oracle.maxPool(.init(shape, x), window: window, stride: stride, padding: padding)
    }
    return [
      OpCase(.maxPoolForward, name, tolerance: 0) { t in
        let (out, alone, places) = (t.output(y), t.output(y), t.output(y))
        t.backend.maxPool(
          x: t.input(shape, x), window: window, stride: stride, padding: padding, into: out,
          winners: places)
        t.backend.maxPool(
          x: t.input(shape, x), window: window, stride: stride, padding: padding, into: alone,
          winners: nil)
        return [out, alone, places]
      } expected: {
        let (y, places) = expected()
        return [y.values, y.values, places.values]
      },
      OpCase(.maxPoolBackward, name) { t in
        let (over, sum) = (t.output(shape), t.sum(shape, 3))
        let places = t.input(y, expected().places.values.map { Float($0) })
        for (dx, accumulate) in [(over, false), (sum, true)] {
          t.backend.maxPoolBackward(
            dy: t.input(y, 2), winners: places, window: window, stride: stride, padding: padding,
            into: dx, accumulate: accumulate)
        }
        return [over, sum]
      } expected: {
        let dx = Oracle.maxPoolBackward(
          .init(y, values(y, 2)), places: expected().places, input: shape.sizes, window: window,
          stride: stride, padding: padding
        ).values
        return [dx, zip(dx, doubles(shape, 3)).map(+)]
      },
    ]
  }
}
