import Tensors

/// A small program of a family, built and run, to find out whether a device is what it says it is.
///
/// Some drivers end or hang the process here: `DeviceVerdicts` has it done by a process of its own.
public enum DeviceTrial {
  /// What came out wrong.
  struct WrongResult: Error, CustomStringConvertible {
    let description: String
  }

  /// Fills, uploads and convolves, 3×3 over 16 channels, and holds the result against loops in
  /// double.
  /// - Throws: `OpenCLError` where the driver reports an error, `WrongResult` where it computes
  ///   something else.
  public static func run(_ device: OpenCLDevice, family: KernelFamily) throws {
    let backend = try OpenCLBackend(device, family: family, warmsUp: false)
    let (size, channels) = (8, 16)
    func values(_ count: Int, _ step: Int) -> [Float] {
      (0..<count).map { Float($0 * step % 17 - 8) / 16 }
    }
    let x = values(size * size * channels, 7)
    let w = values(9 * channels * channels, 5)
    let y = backend.makeTensor([1, size, size, channels], filledWith: .nan)
    _ = backend.convolution(
      x: ConvolutionInput(backend.makeTensor([1, size, size, channels], x)),
      w: backend.makeTensor([3, 3, channels, channels], w), stride: 1, padding: 1, into: y,
      statistics: false)
    let found = try backend.download(y)
    let expected = convolution(x, w, size: size, channels: channels)
    for (index, pair) in zip(found, expected).enumerated() {
      // Winograd's error is some 3e-6 of the largest value.
      guard abs(Double(pair.0) - pair.1) <= 1e-3 else {
        throw WrongResult(
          description:
            "a small convolution gave \(pair.0) where \(Float(pair.1)) is right (value \(index))")
      }
    }
  }

  private static func convolution(
    _ x: [Float], _ w: [Float], size: Int, channels: Int
  ) -> [Double] {
    var y = [Double](repeating: 0, count: size * size * channels)
    for p in 0..<size {
      for q in 0..<size {
        for r in 0..<3 where 0..<size ~= p + r - 1 {
          for s in 0..<3 where 0..<size ~= q + s - 1 {
            let from = ((p + r - 1) * size + q + s - 1) * channels
            for c in 0..<channels {
              let row = ((r * 3 + s) * channels + c) * channels
              for k in 0..<channels {
                y[(p * size + q) * channels + k] += Double(x[from + c]) * Double(w[row + k])
              }
            }
          }
        }
      }
    }
    return y
  }
}
