import Foundation
import Tensors

/// What each kind does to an image `[size, size, 3]`.
extension Corruption {
  func applied(to pixels: [UInt8], size: Int, random: inout RandomStream) -> [UInt8] {
    switch kind {
    case .gaussianNoise: return noisy(pixels, &random)
    case .gaussianBlur: return blurred(pixels, size)
    case .contrast: return faded(pixels)
    case .pixelation: return pixelated(pixels, size)
    case .jpeg: return compressed(pixels, size)
    }
  }

  /// To the nearest value that a byte has.
  private static func byte(_ value: Double) -> UInt8 {
    UInt8(min(max(value.rounded(), 0), 255))
  }

  /// Normal numbers by Box and Muller, two from two uniform ones.
  private func noisy(_ pixels: [UInt8], _ random: inout RandomStream) -> [UInt8] {
    let deviation = 255 * parameter
    var result: [UInt8] = []
    result.reserveCapacity(pixels.count + 1)
    while result.count < pixels.count {
      let radius = (-2 * log(1 - Double(random.uniform()))).squareRoot() * deviation
      let angle = 2 * Double.pi * Double(random.uniform())
      for shift in [radius * cos(angle), radius * sin(angle)] where result.count < pixels.count {
        result.append(Self.byte(Double(pixels[result.count]) + shift))
      }
    }
    return result
  }

  /// Along rows, then along columns; the filter ends four deviations from its middle.
  private func blurred(_ pixels: [UInt8], _ size: Int) -> [UInt8] {
    let deviation = parameter * Double(size) / 32
    let reach = Int(4 * deviation + 0.5)
    var filter = (-reach...reach).map { exp(-Double($0 * $0) / (2 * deviation * deviation)) }
    let sum = filter.reduce(0, +)
    for index in filter.indices { filter[index] /= sum }
    /// The value at (along, across) stands at along · step + across · other.
    func pass(_ values: [Double], step: Int, other: Int) -> [Double] {
      var result = values
      for across in 0..<size {
        for along in 0..<size {
          for channel in 0..<3 {
            var sum = 0.0
            for (tap, weight) in filter.enumerated() {
              let from = min(max(along + tap - reach, 0), size - 1)
              sum += weight * values[from * step + across * other + channel]
            }
            result[along * step + across * other + channel] = sum
          }
        }
      }
      return result
    }
    let rows = pass(pixels.map(Double.init), step: 3, other: 3 * size)
    return pass(rows, step: 3 * size, other: 3).map(Self.byte)
  }

  private func faded(_ pixels: [UInt8]) -> [UInt8] {
    var means = [0.0, 0.0, 0.0]
    for (index, value) in pixels.enumerated() { means[index % 3] += Double(value) }
    for channel in means.indices { means[channel] /= Double(max(pixels.count / 3, 1)) }
    return pixels.enumerated().map { index, value in
      let mean = means[index % 3]
      return Self.byte(mean + parameter * (Double(value) - mean))
    }
  }

  /// A large pixel is the mean of the pixels whose middles lie in it.
  private func pixelated(_ pixels: [UInt8], _ size: Int) -> [UInt8] {
    let side = max(1, Int(Double(size) * parameter))
    let width = Double(size) / Double(side)
    let windows = (0..<side).map { large in
      let (low, high) = (Double(large) * width, Double(large + 1) * width)
      return Int(low + 0.5)..<min(Int(high + 0.5), size)
    }
    let owner = (0..<size).map { min(Int((Double($0) + 0.5) / width), side - 1) }
    var means = [UInt8](repeating: 0, count: side * side * 3)
    for (y, rows) in windows.enumerated() {
      for (x, columns) in windows.enumerated() {
        for channel in 0..<3 {
          var sum = 0
          for row in rows {
            for column in columns { sum += Int(pixels[(row * size + column) * 3 + channel]) }
          }
          means[(y * side + x) * 3 + channel] = Self.byte(
            Double(sum) / Double(rows.count * columns.count))
        }
      }
    }
    var result: [UInt8] = []
    result.reserveCapacity(pixels.count)
    for y in 0..<size {
      for x in 0..<size {
        for channel in 0..<3 { result.append(means[(owner[y] * side + owner[x]) * 3 + channel]) }
      }
    }
    return result
  }

  private func compressed(_ pixels: [UInt8], _ size: Int) -> [UInt8] {
    do throws(JPEG.Failure) {
      let file = try JPEG.encode(pixels, width: size, height: size, quality: Int(parameter))
      return try JPEG.decode(file).rgb
    } catch {
      preconditionFailure("jpeg: \(error)")
    }
  }
}
