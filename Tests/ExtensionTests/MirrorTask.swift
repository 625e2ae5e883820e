import Dovetail

/// Was the image mirrored? A self-supervised task of its own.
struct MirrorTask: AuxiliaryTask {
  let kind = AuxiliaryHead.Kind.register("mirror")
  let labelNames = ["as it was", "mirrored"]

  func copy(_ transform: ImageTransform, label: Int) -> ImageTransform {
    var transform = transform
    if label == 1 { transform.flip.toggle() }
    return transform
  }
}
