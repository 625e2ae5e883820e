public import Tensors

/// A crop of the image padded with black by an eighth of its size on each side: 4 pixels at 32 (He et
/// al. 2016).
public struct RandomCrop: AugmentationStep {
  public init() {}
  public var name: String { "crop" }

  public func change(
    _ transform: inout ImageTransform, imageSize: Int, random: inout RandomStream
  ) {
    let pad = max(1, imageSize / 8)
    transform.dy = Int8(random.below(2 * pad + 1) - pad)
    transform.dx = Int8(random.below(2 * pad + 1) - pad)
  }
}

/// Left and right change places in half of the images.
public struct RandomFlip: AugmentationStep {
  public init() {}
  public var name: String { "flip" }

  public func change(
    _ transform: inout ImageTransform, imageSize: Int, random: inout RandomStream
  ) {
    transform.flip = random.below(2) == 1
  }
}
