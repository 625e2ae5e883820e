/// How a picture becomes a square of `size` × `size` pixels.
public enum Framing: Hashable, Sendable {
  /// The largest centered square, at its area mean.
  case square
  /// Resized until its shorter side has so many pixels, at least `size`, also where that enlarges it;
  /// then the middle: what torchvision's and timm's `Resize` and `CenterCrop` do with Pillow.
  case crop(shorterSide: Int, filter: ResizeFilter)

  /// nil for a square.
  public var filter: ResizeFilter? {
    guard case .crop(_, let filter) = self else { return nil }
    return filter
  }

  /// nil where it is fine for images of this size.
  public func problem(imageSize: Int) -> String? {
    guard case .crop(let shorterSide, _) = self else { return nil }
    if shorterSide < imageSize {
      return "the shorter side is resized to \(shorterSide) pixels, which is less than the image's "
        + "\(imageSize) that are cut out of it"
    }
    guard shorterSide <= Self.longestShorterSide else {
      return "the shorter side is resized to at most \(Self.longestShorterSide) pixels, got "
        + "\(shorterSide)"
    }
    return nil
  }

  /// The keys of a recipe that say it: “resize: 256, resize-filter: bilinear”.
  public var recipeKeys: String {
    switch self {
    case .square: "resize: 0"
    case .crop(let shorterSide, let filter):
      "resize: \(shorterSide), resize-filter: \(filter.rawValue)"
    }
  }

  /// In pixels; a recipe that asks for more is refused.
  public static let longestShorterSide = 4096

  /// “the middle of 256 pixels (shorter side), bilinear”.
  public var description: String {
    switch self {
    case .square: "the middle square at its area mean"
    case .crop(let shorterSide, let filter):
      "the middle of a shorter side of \(shorterSide), \(filter.rawValue)"
    }
  }
}

extension Framing: CustomStringConvertible {}

extension Framing: Codable {
  private enum CodingKeys: CodingKey { case shorterSide, filter }

  /// Reads a crop; a square is never written.
  /// - Throws: `DecodingError` where a key is missing or a filter unknown.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self = .crop(
      shorterSide: try values.decode(Int.self, forKey: .shorterSide),
      filter: try values.decode(ResizeFilter.self, forKey: .filter))
  }

  /// Writes a crop's two keys, and none for a square.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    guard case .crop(let shorterSide, let filter) = self else { return }
    try values.encode(shorterSide, forKey: .shorterSide)
    try values.encode(filter, forKey: .filter)
  }
}

/// Size and framing of the images that pictures become.
public struct PictureForm: Hashable, Sendable {
  /// Height and width, pixels.
  public var size: Int
  /// Which part of a picture that is.
  public var framing: Framing

  public init(size: Int, framing: Framing = .square) {
    (self.size, self.framing) = (size, framing)
  }
}

extension PictureForm: CustomStringConvertible {
  /// “32 pixels”, and what is unusual.
  public var description: String {
    "\(size) pixels" + (framing == .square ? "" : " (\(framing))")
  }
}

/// Pillow's filters that networks are published with, each as wide as what a pixel of the result
/// covers (antialiased).
public enum ResizeFilter: String, Codable, Sendable, CaseIterable {
  case bilinear, bicubic

  /// Half of its width, in pixels of the result.
  var support: Double { self == .bilinear ? 1 : 2 }

  func weight(_ distance: Double) -> Double {
    let x = abs(distance)
    switch self {
    case .bilinear: return x < 1 ? 1 - x : 0
    case .bicubic:
      // Keys 1981, a = −1/2.
      let a = -0.5
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    }
  }
}

/// A picture's rows as they come, into a square.
protocol SquareMaker: AnyObject {
  /// The next row, RGB.
  func take(_ rgb: UnsafePointer<UInt8>)
  /// `[size, size, 3]`, upright; when all rows were taken.
  var pixels: [UInt8] { get }
}

extension Framing {
  /// For a picture of these sizes, as stored.
  func maker(
    width: Int, height: Int, size: Int, _ orientation: Orientation = .upright
  ) -> any SquareMaker {
    switch self {
    case .square: CenterSquare(width: width, height: height, to: size, orientation)
    case .crop(let shorterSide, let filter):
      ResizedCrop(
        width: width, height: height, shorterSide: shorterSide, size: size, filter, orientation)
    }
  }
}
