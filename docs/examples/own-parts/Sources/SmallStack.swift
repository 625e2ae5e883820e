import Dovetail

/// A network of one's own: a stem and two units of two convolutions with batch norm and ReLU, the
/// second at half the size; width is what the channels 8 and 16 are multiplied by. It can be cut after
/// either unit, and recipes, files, certificates and ONNX export take it like any other.
struct SmallStack: NetworkFamily {
  static let name: Architecture.Name = "small-stack"
  static let title = "Small stack"
  static let settings: Set<NetworkSetting> = [.width]
  static let defaultDepth = 6
  static let defaultWidth = 1.0
  static let defaultSplit = Split("unit", 1)
  static let splits = [Split("unit", 1), Split("unit", 2)]

  static func validate(_ architecture: Architecture) throws(ArchitectureError) {
    guard [1, 2, 4].contains(architecture.width) else {
      throw ArchitectureError(
        "width", "a small stack's width is 1, 2 or 4, got \(architecture.width)")
    }
  }

  private let channels: Int

  init(_ architecture: Architecture) { channels = 8 * Int(architecture.width) }

  var stemChannels: Int { channels }
  var pieces: [Piece] {
    [
      Piece(channels: channels, divisor: 1, activation: .relu),
      Piece(channels: 2 * channels, divisor: 2, activation: .relu),
    ]
  }
  var classifier: String { "output" }

  func stem(_ fresh: FreshWeights) -> [any Layer] {
    unit("stem", inputChannels: 3, outputChannels: channels, fresh, stream: 0)
  }

  /// Each filter draws its weights from a stream of its own.
  func piece(_ index: Int, inputChannels: Int, _ fresh: FreshWeights) -> [any Layer] {
    let outputs = pieces[index].channels
    return unit(
      "unit\(index + 1).0", inputChannels: inputChannels, outputChannels: outputs,
      stride: index + 1, fresh, stream: UInt32(1 + 2 * index))
      + unit(
        "unit\(index + 1).1", inputChannels: outputs, outputChannels: outputs, fresh,
        stream: UInt32(2 + 2 * index))
  }

  func tail(inputChannels: Int, _ fresh: FreshWeights) -> (layers: [any Layer], channels: Int) {
    ([], inputChannels)
  }

  private func unit(
    _ name: String, inputChannels: Int, outputChannels: Int, stride: Int = 1,
    _ fresh: FreshWeights, stream: UInt32
  ) -> [any Layer] {
    [
      Convolution(
        "\(name).conv", inputChannels: inputChannels, outputChannels: outputChannels,
        stride: stride, on: fresh.backend, seed: fresh.seed, stream: stream),
      BatchNorm(
        "\(name).norm", channels: outputChannels, activation: .relu, on: fresh.backend),
    ]
  }
}
