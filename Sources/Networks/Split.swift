/// After which part of a network it is cut into feature extractor and head: a stage of a residual
/// network (`stage2`), an inverted residual of MobileNetV2 (`block11`). Counted from 1.
public enum Split: Hashable, Sendable, Codable, RawRepresentable, CustomStringConvertible {
  case stage(Int)
  case block(Int)

  public static let stage1 = Split.stage(1)
  public static let stage2 = Split.stage(2)
  public static let stage3 = Split.stage(3)

  public init?(rawValue: String) {
    func number(after prefix: String) -> Int? {
      guard rawValue.hasPrefix(prefix), let number = Int(rawValue.dropFirst(prefix.count)),
        number > 0, rawValue == "\(prefix)\(number)"
      else { return nil }
      return number
    }
    if let stage = number(after: "stage") {
      self = .stage(stage)
    } else if let block = number(after: "block") {
      self = .block(block)
    } else {
      return nil
    }
  }

  public var rawValue: String {
    switch self {
    case .stage(let number): "stage\(number)"
    case .block(let number): "block\(number)"
    }
  }

  public var description: String { rawValue }

  /// Number of pieces of the network before the cut.
  var pieces: Int {
    switch self {
    case .stage(let number), .block(let number): number
    }
  }
}
