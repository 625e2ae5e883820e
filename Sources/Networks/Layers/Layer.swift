public import Autograd
public import Tensors

/// Which statistics batch norm normalizes by.
public enum BatchNormStatistics: Sendable, Equatable {
  /// The batch's own. `updateRunning` also moves the running statistics towards them (training on
  /// unrotated images); layers whose parameters are frozen keep theirs in any case.
  case batch(updateRunning: Bool)
  /// The running statistics, as constants.
  case running
  /// Of n images, mean and variance are each (N · the running ones + n · the batch's) / (N + n), as
  /// constants: what the source's statistics, worth N images, and the batch's say together
  /// (Schneider et al. 2020). The batch's variance is unbiased, as running ones are.
  case blended(sourceImages: Int)

  /// The same, of the batch, where running statistics have been moved.
  var keepingRunning: BatchNormStatistics {
    if case .batch = self { .batch(updateRunning: false) } else { self }
  }
}

/// Gets the mean and the biased variance `[C]` that a batch norm normalizes a batch by, and the
/// number of values M behind each of them.
public typealias BatchNormObserver = (
  _ norm: BatchNorm, _ mean: Tensor, _ variance: Tensor, _ values: Int
) -> Void

/// What a forward pass runs in.
public struct ForwardContext {
  public let tape: Tape
  public let statistics: BatchNormStatistics
  /// Told what each batch norm takes of the batch, in the order of computing.
  public let observer: BatchNormObserver?
  /// Whether what is inside a `Layer.isBlock` is made again in the backward pass, and not kept.
  public let recomputesBlocks: Bool

  /// - Parameters:
  ///   - tape: what the ops are recorded on.
  ///   - statistics: which ones batch norm normalizes by.
  ///   - observer: told what each batch norm takes of the batch.
  ///   - recomputesBlocks: whether what is inside a block is made again in the backward pass, for less
  ///     memory: all bits are the same.
  public init(
    tape: Tape, statistics: BatchNormStatistics, observer: BatchNormObserver? = nil,
    recomputesBlocks: Bool = false
  ) {
    self.tape = tape
    self.statistics = statistics
    self.observer = observer
    self.recomputesBlocks = recomputesBlocks
  }

  public var backend: any Backend { tape.backend }

  /// One of the layers that stand one after the other.
  func run(_ layer: any Layer, _ x: Variable) -> Variable {
    guard recomputesBlocks, layer.isBlock else { return layer(x, self) }
    // Not the context itself: it holds the tape.
    return tape.recomputed(x) { [statistics, observer] x, tape, isAgain in
      layer(
        x,
        ForwardContext(
          tape: tape, statistics: isAgain ? statistics.keepingRunning : statistics,
          observer: isAgain ? nil : observer))
    }
  }
}

/// A piece of a network. No layer has a backward: the tape has. A layer of another package is made
/// of these, or of the tape's ops.
public protocol Layer {
  /// What is trained, in the order of the forward pass, each name once in a component.
  var parameters: [Parameter] { get }
  /// What is kept beside and not trained.
  var buffers: [Buffer] { get }
  /// Whether it holds layers enough that keeping its input and output alone is worth the time to make
  /// the rest again (`ForwardContext.recomputesBlocks`). Its forward pass is a function of its input,
  /// its parameters and, where they normalize, its buffers. Not so where nothing is said.
  var isBlock: Bool { get }
  /// The forward pass: most layers take `[N, H, W, C]` and give `[N, H', W', K]`.
  func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable
  /// The same forward pass as standard operations on named weights, for export.
  /// - Returns: the layer's output.
  func describe(_ x: LayerGraph.Value, in graph: inout LayerGraph) -> LayerGraph.Value
}

extension Layer {
  /// As layers of one or two ops are.
  public var isBlock: Bool { false }
}

/// Layers one after the other.
public struct Sequential: Layer {
  public let layers: [any Layer]

  public init(_ layers: [any Layer]) { self.layers = layers }

  public var parameters: [Parameter] { layers.flatMap(\.parameters) }
  public var buffers: [Buffer] { layers.flatMap(\.buffers) }

  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    layers.reduce(x) { context.run($1, $0) }
  }

  public func describe(_ x: LayerGraph.Value, in graph: inout LayerGraph) -> LayerGraph.Value {
    var x = x
    for layer in layers { x = layer.describe(x, in: &graph) }
    return x
  }
}
