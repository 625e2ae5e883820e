/// After which part of a network it is cut into feature extractor and head: a kind of part and its
/// number, counted from 1, for example `stage2` (of a residual network) or `block11` (an inverted
/// residual of MobileNetV2).
///
/// Any family may have kinds of its own; whether a network can be cut there, its family's `splits`
/// say (`Architecture.validate()`).
public struct Split: Hashable, Sendable, Codable, RawRepresentable, CustomStringConvertible {
  /// The kind of part: `stage`, `block`.
  public let part: String
  /// Which of them, from 1.
  public let number: Int

  /// - Precondition: `part` is lower-case letters a to z, at least one; `number` is 1 or more.
  public init(_ part: String, _ number: Int) {
    precondition(
      Self.isPart(part) && number > 0, "Split: expected lower-case letters and a number from 1")
    self.part = part
    self.number = number
  }

  /// A stage of a residual network, 1 to 3, of an ImageNet ResNet to 4.
  public static func stage(_ number: Int) -> Split { Split("stage", number) }
  /// An inverted residual of MobileNetV2, 1 to 17.
  public static func block(_ number: Int) -> Split { Split("block", number) }

  public static let stage1 = Split.stage(1)
  public static let stage2 = Split.stage(2)
  public static let stage3 = Split.stage(3)

  /// Lower-case letters and a number without leading zeros, nothing before, between or behind;
  /// nil for anything else.
  public init?(rawValue: String) {
    let part = rawValue.prefix { !$0.isNumber }
    guard Self.isPart(String(part)), let number = Int(rawValue.dropFirst(part.count)), number > 0,
      rawValue == "\(part)\(number)"
    else { return nil }
    self.part = String(part)
    self.number = number
  }

  public var rawValue: String { "\(part)\(number)" }
  public var description: String { rawValue }

  private static func isPart(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 }
  }
}
