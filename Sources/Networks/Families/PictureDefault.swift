/// What is nearly always done to pictures before a network of a family, by those who publish weights
/// for it; no weight file says it.
public struct PictureDefault: Hashable, Sendable {
  /// “torchvision's”.
  public let whose: String
  /// Height and width of the images, pixels.
  public let imageSize: Int
  /// Part of the resized picture's shorter side that the image is: 224 of 256.
  public let cropFraction: Double
  /// Of red, green and blue in [0, 1].
  public let mean: [Float]
  public let std: [Float]

  /// Resized bilinearly, the middle taken.
  public static let imageNet = PictureDefault(
    whose: "torchvision's", imageSize: 224, cropFraction: 0.875, mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225])
}
