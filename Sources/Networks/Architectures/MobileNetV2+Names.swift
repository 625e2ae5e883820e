/// What timm calls the tensors of a MobileNetV2, in torchvision's names, which are ours.
extension MobileNetV2 {
  /// Inverted residuals in each of timm's groups.
  private static let groups = [1, 2, 3, 4, 3, 3, 1]

  static func ownName(ofTensor name: String) -> String {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    switch parts[0] {
    case "conv_stem": return joined("features.0.0", parts.dropFirst())
    case "bn1": return joined("features.0.1", parts.dropFirst())
    case "conv_head": return joined("features.18.0", parts.dropFirst())
    case "bn2": return joined("features.18.1", parts.dropFirst())
    case "classifier" where parts.count == 2: return joined("classifier.1", parts.dropFirst())
    case "blocks":
      guard parts.count == 5, let group = Int(parts[1]), let block = Int(parts[2]),
        groups.indices.contains(group), (0..<groups[group]).contains(block),
        let layer = (group == 0 ? layersOfFirst : layers)[parts[3]]
      else { return name }
      let number = 1 + groups.prefix(group).reduce(0, +) + block
      return joined("features.\(number).conv.\(layer)", parts.dropFirst(4))
    default: return name
    }
  }

  private static func joined(_ layer: String, _ rest: ArraySlice<String>) -> String {
    ([layer] + rest).joined(separator: ".")
  }

  private static let layers = [
    "conv_pw": "0.0", "bn1": "0.1", "conv_dw": "1.0", "bn2": "1.1", "conv_pwl": "2", "bn3": "3",
  ]
  /// It has no expansion.
  private static let layersOfFirst = ["conv_dw": "0.0", "bn1": "0.1", "conv_pw": "1", "bn2": "2"]
}
