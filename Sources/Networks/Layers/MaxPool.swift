public import Autograd
import Tensors

/// The largest over window × window squares: `[N, H, W, C]` to `[N, P, Q, C]`,
/// P = ⌊(H + 2·padding − window)/stride⌋ + 1 and Q likewise. What pads is never the largest.
public struct MaxPool: Layer {
  public let window: Int
  public let stride: Int
  /// On each side, pixels; at most half the window.
  public let padding: Int

  public init(window: Int = 3, stride: Int = 2, padding: Int = 1) {
    (self.window, self.stride, self.padding) = (window, stride, padding)
  }

  public var parameters: [Parameter] { [] }
  public var buffers: [Buffer] { [] }

  public func callAsFunction(_ x: Variable, _ context: ForwardContext) -> Variable {
    context.tape.maxPool(x, window: window, stride: stride, padding: padding)
  }

  public func describe(_ x: LayerGraph.Value, in graph: inout LayerGraph) -> LayerGraph.Value {
    graph.maxPool(x, window: window, stride: stride, padding: padding)
  }
}
