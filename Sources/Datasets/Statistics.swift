import Files
import Foundation
import Tensors

extension ImageSet {
  /// Mean and standard deviation of the pixels in [0, 1], channel by channel, from exact
  /// histograms.
  public var normalization: Normalization {
    var histograms = [[Int]](repeating: [Int](repeating: 0, count: 256), count: 3)
    bytes.withUnsafeBufferPointer { bytes in
      for i in stride(from: 0, to: bytes.count, by: 3) {
        for channel in 0..<3 { histograms[channel][Int(bytes[i + channel])] += 1 }
      }
    }
    let pixels = Double(max(bytes.count / 3, 1))
    var result = Normalization(mean: [], std: [])
    for histogram in histograms {
      let mean = zip(0..., histogram).reduce(0.0) { $0 + Double($1.0 * $1.1) } / pixels / 255
      let variance =
        zip(0..., histogram).reduce(0.0) { sum, entry in
          let deviation = Double(entry.0) / 255 - mean
          return sum + Double(entry.1) * deviation * deviation
        } / pixels
      result.mean.append(Float(mean))
      // A constant channel would divide by zero.
      result.std.append(Float(max(variance.squareRoot(), 1e-3)))
    }
    return result
  }

  /// Splits off `fraction` of the images, drawn at random by `seed`; both parts keep the order.
  public func split(fraction: Double, seed: UInt64, stream: UInt32) -> (
    rest: ImageSet, heldOut: ImageSet
  ) {
    let heldOut = Int((Double(count) * fraction).rounded())
    var random = RandomStream(seed: seed, .validationSplit, stream: stream)
    let order = random.permutation(count)
    return (subset(order[heldOut...].sorted()), subset(order[..<heldOut].sorted()))
  }
}

extension Dataset {
  /// SHA-256 over class names, sizes, labels and pixels of both parts, in hexadecimal; of streamed
  /// images the names and sizes of their files.
  public var digest: String {
    var builder = Digest.Builder()
    builder.add(Array(classNames.joined(separator: "\n").utf8))
    for part in [train, test] {
      builder.add(Array("\n\(part.count) \(part.size)\n".utf8))
      builder.add(part.labels.map { UInt8(truncatingIfNeeded: $0) })
      builder.add(part.labels.map { UInt8(truncatingIfNeeded: $0 >> 8) })
      builder.add(part.bytes)
    }
    if let stream { builder.add(stream.digest) }
    return builder.hex
  }
}
