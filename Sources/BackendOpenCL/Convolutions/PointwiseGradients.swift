import Tensors

/// How the kernel for the gradients of a 1×1 convolution splits its pixels into slices. Depends on
/// shapes and the vector width alone.
struct PointwiseGradients {
  let slices: Int
  let pixels: Int
  /// Of a slice.
  let slicePixels: Int
  let defines: [String]

  /// Above, arithmetic decides and not memory, and the sums of a work-item leave its cache.
  private static let mostSums = 160 << 10

  init?(_ g: ConvolutionGeometry, vectorWidth: Int) {
    func padded(_ channels: Int) -> Int { (channels + vectorWidth - 1) / vectorWidth * vectorWidth }
    guard
      PixelRows.applies(to: g), g.n > 0, g.c >= vectorWidth, g.k >= vectorWidth,
      g.c * padded(g.k) * MemoryLayout<Float>.stride <= Self.mostSums
    else { return nil }
    pixels = g.n * g.h * g.w
    // Pixels at a time: 32, or 16 where dy's would fill a good part of the first cache.
    let block = padded(g.k) * 32 * MemoryLayout<Float>.stride <= 8 << 10 ? 32 : 16
    // Some 64 work-items in all.
    let blocks = (pixels + block - 1) / block
    slicePixels = (blocks + 63) / 64 * block
    slices = (pixels + slicePixels - 1) / slicePixels
    func vectors(_ channels: Int, of candidates: [Int]) -> Int {
      candidates.first { padded(channels) % ($0 * vectorWidth) == 0 }!
    }
    let (dataVectors, filterVectors) = (
      vectors(g.c, of: [2, 1]), vectors(g.k, of: [4, 3, 2, 1])
    )
    let channels = (1...18 / filterVectors).reversed().first { g.c % $0 == 0 }!
    defines = [
      "V=\(vectorWidth)", "C=\(g.c)", "K=\(g.k)", "CP=\(padded(g.c))", "KP=\(padded(g.k))",
      "PIXELS=\(block)", "GB=\(16 / dataVectors)", "VB=\(dataVectors)", "RB=\(channels)",
      "FB=\(filterVectors)",
    ]
  }
}
