public import Tensors

/// A layer at its size in a network of a family, as a row or some rows of `dovetail bench kernels`.
/// Which ops of the contract it takes, the bench knows.
public struct BenchLayer: Sendable, Hashable {
  /// What the layer is, with the sizes that `BenchLayer` does not have.
  public enum Kind: Sendable, Hashable {
    /// The first convolution of a network, kernelSize², stride 1: nobody asks for the gradient of
    /// the images.
    case stem(outputChannels: Int, kernelSize: Int = 3)
    /// A convolution of kernelSize² taps, forward and both gradients, fused with a batch norm and
    /// an activation before it; with `alone` also as it stands in the formula.
    case convolution(
      outputChannels: Int, kernelSize: Int = 3, stride: Int = 1, activation: Activation = .relu,
      alone: Bool = false)
    /// A 3×3 convolution of each channel by itself.
    case depthwise(stride: Int = 1)
    case batchNorm
    /// ReLU and addition by themselves.
    case elementwise
    /// Option A (He et al. 2015): every second pixel, zeros for the channels that x lacks.
    case shortcut(outputChannels: Int, stride: Int)
    /// With half the window as padding.
    case maxPool(window: Int = 3, stride: Int = 2)
    case globalPool
    /// The linear layer at the end, with ten outputs.
    case classifier
  }

  /// Network and place, the row's label: “ResNet-56, stage 1”.
  public let place: String
  /// Height and width of what comes in, in pixels.
  public let size: Int
  /// Channels of what comes in.
  public let inputChannels: Int
  /// What it is.
  public let kind: Kind

  public init(_ place: String, _ kind: Kind, size: Int = 1, inputChannels: Int) {
    self.place = place
    self.kind = kind
    self.size = size
    self.inputChannels = inputChannels
  }
}
