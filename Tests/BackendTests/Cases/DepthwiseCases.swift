import Tensors
import TestSupport

extension OpCase {
  private struct Sizes: Sendable {
    var n: Int, h: Int, w: Int, c: Int, r: Int, s: Int, stride: Int, padding: Int
    var x: Shape { [n, h, w, c] }
    var filter: Shape { [r, s, c] }
    var y: Shape {
      [n, (h + 2 * padding - r) / stride + 1, (w + 2 * padding - s) / stride + 1, c]
    }
    var name: String { "\(x) by \(filter), stride \(stride), padding \(padding)" }
  }

  /// Sizes that hurt: batch 1, not square, odd with stride 2, one pixel, channels that are no
  /// multiple of any vector, filters larger than the image, padding as wide as the filter.
  private static let sizes: [Sizes] = [
    Sizes(n: 4, h: 8, w: 8, c: 16, r: 3, s: 3, stride: 1, padding: 1),
    Sizes(n: 2, h: 32, w: 32, c: 96, r: 3, s: 3, stride: 1, padding: 1),
    Sizes(n: 3, h: 16, w: 16, c: 144, r: 3, s: 3, stride: 2, padding: 1),
    Sizes(n: 1, h: 7, w: 31, c: 24, r: 3, s: 3, stride: 2, padding: 1),
    Sizes(n: 2, h: 33, w: 9, c: 40, r: 3, s: 3, stride: 1, padding: 1),
    Sizes(n: 70, h: 5, w: 4, c: 17, r: 3, s: 3, stride: 1, padding: 1),
    Sizes(n: 1, h: 1, w: 1, c: 1, r: 3, s: 3, stride: 1, padding: 1),
    Sizes(n: 2, h: 9, w: 10, c: 7, r: 5, s: 5, stride: 1, padding: 2),
    Sizes(n: 2, h: 15, w: 14, c: 24, r: 5, s: 5, stride: 2, padding: 2),
    Sizes(n: 2, h: 6, w: 7, c: 3, r: 3, s: 1, stride: 3, padding: 0),
    Sizes(n: 2, h: 6, w: 5, c: 18, r: 1, s: 3, stride: 1, padding: 0),
    Sizes(n: 2, h: 3, w: 3, c: 20, r: 2, s: 2, stride: 1, padding: 3),
    Sizes(n: 1, h: 4, w: 4, c: 960, r: 3, s: 3, stride: 1, padding: 1),
  ]

  static let depthwise: [OpCase] = sizes.flatMap { s -> [OpCase] in
    let filter4 = Shape([1] + s.filter.sizes)
    let (x, w, dy) = (
      Oracle.Array4(s.x, values(s.x, 1)), Oracle.Array4(filter4, values(s.filter, 2)),
      Oracle.Array4(s.y, values(s.y, 3))
    )
    return [
      OpCase(.depthwiseForward, s.name) { t in
        let y = t.output(s.y)
        t.backend.depthwiseConvolution(
          x: t.input(s.x, 1), w: t.input(s.filter, 2), stride: s.stride, padding: s.padding,
          into: y)
        return [y]
      } expected: {
        [Oracle.depthwise(x, w, stride: s.stride, padding: s.padding).values]
      },
      followed(s, x, w),
      OpCase(.depthwiseDataGradient, s.name) { t in
        let (over, sum) = (t.output(s.x), t.sum(s.x, 4))
        for (dx, accumulate) in [(over, false), (sum, true)] {
          t.backend.depthwiseDataGradient(
            dy: t.input(s.y, 3), w: t.input(s.filter, 2), stride: s.stride, padding: s.padding,
            into: dx, accumulate: accumulate)
        }
        return [over, sum]
      } expected: {
        let dx = Oracle.depthwiseDataGradient(
          dy, w, input: s.x.sizes, stride: s.stride, padding: s.padding
        ).values
        return [dx, zip(dx, doubles(s.x, 4)).map(+)]
      },
      // Up to two thousand terms a sum.
      OpCase(.depthwiseFilterGradient, s.name, tolerance: 4e-6) { t in
        let (over, sum) = (t.output(s.filter), t.sum(s.filter, 5))
        for (dw, accumulate) in [(over, false), (sum, true)] {
          t.backend.depthwiseFilterGradient(
            x: t.input(s.x, 1), dy: t.input(s.y, 3), stride: s.stride, padding: s.padding,
            into: dw, accumulate: accumulate)
        }
        return [over, sum]
      } expected: {
        let dw = Oracle.depthwiseFilterGradient(
          x, dy, filter: s.filter.sizes, stride: s.stride, padding: s.padding
        ).values
        return [dw, zip(dw, doubles(s.filter, 5)).map(+)]
      },
    ]
  }

  /// With the batch norm behind it applied as it stores.
  private static func followed(
    _ s: Sizes, _ x: Oracle.Array4, _ w: Oracle.Array4
  ) -> OpCase {
    let levels = NormCase(
      [1, 2, 3, s.c], s.stride == 1 ? .relu6 : .none, first: 20, ofBatch: false)
    return OpCase(
      .depthwiseForward, "\(s.name), batch norm behind it", tolerance: 1e-5
    ) { t in
      let y = t.output(s.y)
      t.backend.depthwiseConvolution(
        x: t.input(s.x, 1), w: t.input(s.filter, 2), stride: s.stride, padding: s.padding,
        following: FollowingNormalization(levels.normalization(t)), into: y)
      return [y]
    } expected: {
      let y = Oracle.depthwise(x, w, stride: s.stride, padding: s.padding).values
      return [levels.norm.forward(y, residual: nil)]
    }
  }
}
