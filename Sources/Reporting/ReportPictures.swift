public import Foundation

extension Report {
  /// Small pictures side by side, each with its name and lines of words below it.
  public struct Pictures: Codable, Hashable, Sendable {
    /// What stands above them.
    public var title: String
    /// In the order of reading.
    public var items: [Item]

    public init(title: String, items: [Item]) {
      self.title = title
      self.items = items
    }

    /// One picture and what is said of it.
    public struct Item: Codable, Hashable, Sendable {
      /// Height and width, pixels.
      public var size: Int
      /// RGB, row by row: 3 · size² bytes.
      public var pixels: Data
      /// What it shows.
      public var label: String
      /// What stands below its name.
      public var lines: [Line]

      /// - Precondition: 3 · size² bytes.
      public init(size: Int, pixels: Data, label: String, lines: [Line]) {
        precondition(pixels.count == 3 * size * size, "\(pixels.count) bytes for \(size)×\(size)")
        (self.size, self.pixels, self.label, self.lines) = (size, pixels, label, lines)
      }

      /// As a file that browsers show: an uncompressed bitmap, rows from the bottom, BGR.
      var bitmap: Data {
        func bytes(_ value: Int, _ count: Int) -> [UInt8] {
          (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let padding = (4 - 3 * size % 4) % 4
        let area = (3 * size + padding) * size
        var file: [UInt8] = [66, 77] + bytes(54 + area, 4) + bytes(0, 4) + bytes(54, 4)
        file += bytes(40, 4) + bytes(size, 4) + bytes(size, 4) + bytes(1, 2) + bytes(24, 2)
        file += bytes(0, 4) + bytes(area, 4) + bytes(0, 16)
        let pixels = [UInt8](pixels)
        for row in (0..<size).reversed() {
          for column in 0..<size {
            let at = 3 * (row * size + column)
            file += [pixels[at + 2], pixels[at + 1], pixels[at]]
          }
          file += bytes(0, padding)
        }
        return Data(file)
      }
    }

    /// A name and what belongs to it, marked as right or wrong.
    public struct Line: Codable, Hashable, Sendable {
      /// What says it: a network.
      public var name: String
      /// What is said.
      public var value: String
      /// Whether that is right.
      public var isRight: Bool

      public init(name: String, value: String, isRight: Bool) {
        (self.name, self.value, self.isRight) = (name, value, isRight)
      }
    }
  }
}
