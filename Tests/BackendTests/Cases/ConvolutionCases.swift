import Tensors
import TestSupport

extension OpCase {
  struct ConvolutionSizes: Sendable {
    var n: Int, h: Int, w: Int, c: Int, k: Int, r: Int, s: Int, stride: Int, padding: Int
    var x: Shape { [n, h, w, c] }
    var filter: Shape { [r, s, c, k] }
    var y: Shape {
      [
        n, (h + 2 * padding - r) / stride + 1, (w + 2 * padding - s) / stride + 1, k,
      ]
    }
    /// Where Winograd's algorithm may run: its transforms cost a digit. Elsewhere sums of n
    /// products in single precision are off by some √n · 6e-8 of their size.
    var tolerance: Double {
      r == 3 && s == 3 && stride == 1 && padding == 1 && (h % 4 + w % 4 == 0 || min(c, k) >= 64)
        ? 1e-5 : 4e-6
    }
    var name: String { "\(x) * \(filter), stride \(stride), padding \(padding)" }
  }

  /// Sizes that hurt: batch 1, not square, odd with stride 2, one row, channels that are no
  /// multiple of any vector, filters larger than the image, padding wider than the filter.
  private static let sizes: [ConvolutionSizes] = [
    ConvolutionSizes(n: 4, h: 8, w: 8, c: 16, k: 16, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 2, h: 32, w: 32, c: 3, k: 16, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 17, h: 8, w: 8, c: 32, k: 64, r: 3, s: 3, stride: 2, padding: 1),
    ConvolutionSizes(n: 1, h: 7, w: 31, c: 24, k: 40, r: 3, s: 3, stride: 2, padding: 1),
    ConvolutionSizes(n: 3, h: 33, w: 9, c: 17, k: 5, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 1, h: 1, w: 1, c: 1, k: 1, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 2, h: 12, w: 11, c: 40, k: 24, r: 1, s: 1, stride: 1, padding: 0),
    ConvolutionSizes(n: 2, h: 13, w: 12, c: 16, k: 32, r: 1, s: 1, stride: 2, padding: 0),
    ConvolutionSizes(n: 2, h: 9, w: 10, c: 7, k: 8, r: 5, s: 5, stride: 1, padding: 2),
    ConvolutionSizes(n: 2, h: 15, w: 14, c: 3, k: 9, r: 7, s: 7, stride: 2, padding: 3),
    ConvolutionSizes(n: 2, h: 6, w: 5, c: 4, k: 4, r: 1, s: 3, stride: 1, padding: 0),
    ConvolutionSizes(n: 2, h: 6, w: 7, c: 5, k: 3, r: 3, s: 1, stride: 3, padding: 0),
    ConvolutionSizes(n: 2, h: 3, w: 3, c: 4, k: 4, r: 2, s: 2, stride: 1, padding: 3),
    ConvolutionSizes(n: 5, h: 8, w: 12, c: 32, k: 48, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 11, h: 4, w: 4, c: 64, k: 16, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 1, h: 5, w: 5, c: 600, k: 16, r: 3, s: 3, stride: 1, padding: 1),
    // Many channels: images that fill no tile, several in a pass and a rest, blocks of channels.
    ConvolutionSizes(n: 9, h: 7, w: 7, c: 64, k: 96, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 1, h: 14, w: 10, c: 128, k: 64, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 3, h: 20, w: 16, c: 64, k: 160, r: 3, s: 3, stride: 1, padding: 1),
  ]

  /// Around the tiles of the portable family: a pixel or a channel more or less than they take,
  /// tiles across images, several of channels, phases of a stride without a pixel, and enough
  /// pixels or channels that each of the large tiles runs.
  private static let tileSizes: [ConvolutionSizes] = [
    ConvolutionSizes(n: 1, h: 7, w: 9, c: 15, k: 15, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 5, h: 1, w: 13, c: 33, k: 16, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 1, h: 31, w: 1, c: 10, k: 17, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 3, h: 11, w: 1, c: 12, k: 32, r: 1, s: 1, stride: 1, padding: 0),
    ConvolutionSizes(n: 7, h: 3, w: 3, c: 3, k: 33, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 3, h: 5, w: 6, c: 40, k: 130, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 1, h: 9, w: 5, c: 130, k: 24, r: 3, s: 3, stride: 2, padding: 1),
    ConvolutionSizes(n: 2, h: 5, w: 7, c: 24, k: 68, r: 5, s: 5, stride: 2, padding: 2),
    ConvolutionSizes(n: 3, h: 5, w: 7, c: 12, k: 68, r: 1, s: 1, stride: 1, padding: 0),
    ConvolutionSizes(n: 1, h: 1, w: 1, c: 4, k: 4, r: 3, s: 3, stride: 2, padding: 1),
    ConvolutionSizes(n: 3, h: 1, w: 5, c: 8, k: 4, r: 3, s: 3, stride: 3, padding: 1),
    ConvolutionSizes(n: 33, h: 32, w: 31, c: 3, k: 4, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 33, h: 32, w: 31, c: 4, k: 20, r: 1, s: 1, stride: 1, padding: 0),
    ConvolutionSizes(n: 17, h: 32, w: 31, c: 4, k: 20, r: 1, s: 1, stride: 1, padding: 0),
    ConvolutionSizes(n: 1, h: 32, w: 16, c: 4, k: 2052, r: 1, s: 1, stride: 1, padding: 0),
    ConvolutionSizes(n: 1, h: 32, w: 16, c: 4, k: 4100, r: 1, s: 1, stride: 1, padding: 0),
    ConvolutionSizes(n: 1, h: 32, w: 16, c: 4, k: 8192, r: 1, s: 1, stride: 1, padding: 0),
    ConvolutionSizes(n: 1, h: 32, w: 16, c: 15, k: 8192, r: 1, s: 1, stride: 1, padding: 0),
    ConvolutionSizes(n: 1, h: 32, w: 16, c: 16, k: 8192, r: 1, s: 1, stride: 1, padding: 0),
  ]

  static let convolution: [OpCase] = (sizes + tileSizes).flatMap { s -> [OpCase] in
    let (x, w, dy) = (
      Oracle.Array4(s.x, values(s.x, 1)), Oracle.Array4(s.filter, values(s.filter, 2)),
      Oracle.Array4(s.y, values(s.y, 3))
    )
    return [
      OpCase(.convolutionForward, s.name, tolerance: s.tolerance) { t in
        let y = t.output(s.y)
        t.backend.convolution(
          x: t.input(s.x, 1), w: t.input(s.filter, 2), stride: s.stride, padding: s.padding,
          into: y)
        return [y]
      } expected: {
        [Oracle.convolution(x, w, stride: s.stride, padding: s.padding).values]
      },
      OpCase(.convolutionDataGradient, s.name, tolerance: s.tolerance) { t in
        let (over, sum) = (t.output(s.x), t.sum(s.x, 4))
        for (dx, accumulate) in [(over, false), (sum, true)] {
          t.backend.convolutionDataGradient(
            dy: t.input(s.y, 3), w: t.input(s.filter, 2), stride: s.stride, padding: s.padding,
            into: dx, accumulate: accumulate)
        }
        return [over, sum]
      } expected: {
        let dx = Oracle.convolutionDataGradient(
          dy, w, input: s.x.sizes, stride: s.stride, padding: s.padding
        ).values
        return [dx, zip(dx, doubles(s.x, 4)).map(+)]
      },
      OpCase(.convolutionFilterGradient, s.name, tolerance: s.tolerance) { t in
        let (over, sum) = (t.output(s.filter), t.sum(s.filter, 5))
        for (dw, accumulate) in [(over, false), (sum, true)] {
          t.backend.convolutionFilterGradient(
            x: t.input(s.x, 1), dy: t.input(s.y, 3), stride: s.stride, padding: s.padding,
            into: dw, accumulate: accumulate)
        }
        return [over, sum]
      } expected: {
        let dw = Oracle.convolutionFilterGradient(
          x, dy, filter: s.filter.sizes, stride: s.stride, padding: s.padding
        ).values
        return [dw, zip(dw, doubles(s.filter, 5)).map(+)]
      },
    ]
  }
}
