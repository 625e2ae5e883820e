public import Autograd
public import Networks
import Tensors

/// A family of networks as another package would add one: this file, and where it is used
/// `try NetworkFamilies.register(PlainStack.self)`. Two units of n convolutions with batch norm and
/// ReLU, means over 2×2 squares before the second; depth 2n + 2 with the stem and the linear layer.
public struct PlainStack: NetworkFamily {
  public static let name: Architecture.Name = "plain-stack"
  public static let title = "Plain stack"
  public static let settings: Set<NetworkSetting> = [.depth, .width]
  public static let defaultDepth = 4
  public static let defaultWidth = 1.0
  public static let defaultSplit = Split("unit", 1)
  public static let splits = [Split("unit", 1), Split("unit", 2)]
  public static let depthRule: String? = "2n + 2"

  public static func validate(_ architecture: Architecture) throws(ArchitectureError) {
    guard 4...20 ~= architecture.depth, architecture.depth % 2 == 0 else {
      throw ArchitectureError(
        "depth", "a plain stack's depth is even, from 4 to 20, got \(architecture.depth)")
    }
    guard [1, 2, 3, 4].contains(architecture.width) else {
      throw ArchitectureError(
        "width", "a plain stack's width is 1, 2, 3 or 4, got \(architecture.width)")
    }
  }

  private let layers: Int
  private let channels: Int

  public init(_ architecture: Architecture) {
    layers = (architecture.depth - 2) / 2
    channels = 4 * Int(architecture.width)
  }

  public var stemChannels: Int { channels }
  public var pieces: [Piece] {
    [
      Piece(channels: channels, divisor: 1, activation: .relu),
      Piece(channels: 2 * channels, divisor: 2, activation: .relu),
    ]
  }
  public var classifier: String { "output" }

  public func stem(_ fresh: FreshWeights) -> [any Layer] {
    [
      Convolution(
        "stem", inputChannels: 3, outputChannels: channels, on: fresh.backend, seed: fresh.seed,
        stream: 0)
    ]
  }

  public func piece(_ index: Int, inputChannels: Int, _ fresh: FreshWeights) -> [any Layer] {
    let outputs = pieces[index].channels
    let units: [any Layer] = (0..<layers).map { layer in
      ConvolutionUnit(
        "unit\(index + 1).\(layer)", inputChannels: layer == 0 ? inputChannels : outputs,
        outputChannels: outputs, fresh, stream: UInt32(1 + index * layers + layer))
    }
    return (index == 0 ? [] : [Halving()]) + units
  }

  public static let layerAliases = ["fc": "output"]

  public static func sizes(of weights: WeightShapes) -> (depth: Int?, width: Double?) {
    (
      2 * weights.parts(below: "unit1.") + 2,
      weights.outputChannels(of: "stem").map { Double($0) / 4 }
    )
  }

  public static var benchLayers: [BenchLayer] {
    [
      BenchLayer(
        "Plain stack, unit 1", .convolution(outputChannels: 4), size: 32, inputChannels: 4),
      BenchLayer("Plain stack, classifier", .classifier, inputChannels: 8),
    ]
  }
}

/// A layer made of layers: relu(bn(conv(x))).
public struct ConvolutionUnit: Layer {
  private let convolution: Convolution
  private let norm: BatchNorm

  init(
    _ name: String, inputChannels: Int, outputChannels: Int, _ fresh: FreshWeights,
    stream: UInt32
  ) {
    convolution = Convolution(
      "\(name).conv", inputChannels: inputChannels, outputChannels: outputChannels,
      on: fresh.backend, seed: fresh.seed, stream: stream)
    norm = BatchNorm(
      "\(name).norm", channels: outputChannels, activation: .relu, on: fresh.backend)
  }

  public var parameters: [Parameter] { convolution.parameters + norm.parameters }
  public var buffers: [Buffer] { norm.buffers }

  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    norm(convolution(x, context), context)
  }

  public func describe(_ x: LayerGraph.Value, in graph: inout LayerGraph) -> LayerGraph.Value {
    norm.describe(convolution.describe(x, in: &graph), in: &graph)
  }
}

/// A layer made of an op of the tape: means over 2×2 squares.
public struct Halving: Layer {
  public var parameters: [Parameter] { [] }
  public var buffers: [Buffer] { [] }

  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    context.tape.averagePool(x, window: 2, stride: 2)
  }

  public func describe(_ x: LayerGraph.Value, in graph: inout LayerGraph) -> LayerGraph.Value {
    graph.averagePool(x, window: 2, stride: 2)
  }
}
