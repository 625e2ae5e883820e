public import Tensors

/// Brightness, contrast and saturation, each by a factor drawn uniformly from 1 ± strength, in this
/// order (after torchvision's ColorJitter, without hue; contrast is around middle gray, not around the
/// image's mean, so that an image goes through one affine map of its colors: ours).
public struct ColorJitter: AugmentationStep {
  /// From 0, which changes nothing, to 1.
  public let strength: Double

  public init(strength: Double = 0.4) { self.strength = strength }

  public var name: String { "color" }

  public func change(
    _ transform: inout ImageTransform, imageSize: Int, random: inout RandomStream
  ) {
    func factor() -> Float { 1 + Float(strength) * (2 * random.uniform() - 1) }
    let (brightness, contrast, saturation) = (factor(), factor(), factor())
    // x := c·b·x + (1 − c)/2, then x := s·x + (1 − s)·gray(x); gray's weights (ITU-R BT.601) add up
    // to 1, so the offset goes through unchanged.
    let gray: [Float] = [0.299, 0.587, 0.114]
    let scale = contrast * brightness
    transform.color = ColorTransform(
      matrix: (0..<9).map { at in
        scale * ((1 - saturation) * gray[at % 3] + (at / 3 == at % 3 ? saturation : 0))
      },
      offset: [Float](repeating: (1 - contrast) / 2, count: 3))
  }
}
