public import Tensors

/// By which of 0, 90, 180, 270 degrees an image was turned (Gidaris et al. 2018; Eq. 1).
public struct RotationTask: AuxiliaryTask {
  public init() {}

  public var kind: AuxiliaryHead.Kind { .rotation }
  public var methodName: String { "rotation-prediction" }
  public var labelNames: [String] { ["0", "90", "180", "270"] }

  public func copy(_ transform: ImageTransform, label: Int) -> ImageTransform {
    var transform = transform
    transform.quarterTurns = UInt8(label)
    return transform
  }
}
