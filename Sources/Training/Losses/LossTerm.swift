public import Autograd
public import Components
public import Networks
import Tensors

/// One term of what a training minimizes: weight · the mean of a loss over a minibatch.
///
/// A step sums the terms and knows none by name. Terms that look at the same view of the images share
/// a pass through the extractor, with batch statistics of its own.
public protocol LossTerm {
  /// As metrics and messages call it.
  var name: String { get }
  /// What its mean loss is multiplied by; losses are reported without it.
  var weight: Double { get }
  /// What is done to the images before the extractor sees them.
  var view: any ImageView { get }
  /// The head that all tasks share because of this term, if there is one: it is saved, frozen after
  /// the first task of an incremental training, and an anchor of the components that it served.
  var sharedHead: AuxiliaryHead? { get }

  /// Parameters that it trains beside the extractor's.
  func parameters(of network: TaskNetwork) -> [Parameter]
  /// weight · the mean loss, `[1]`, recorded on the pass's tape.
  func loss(_ input: LossInput) -> Variable
}

extension LossTerm {
  public var view: any ImageView { UprightView() }
  public var sharedHead: AuxiliaryHead? { nil }
  public func parameters(of network: TaskNetwork) -> [Parameter] {
    sharedHead?.head.layers.parameters ?? []
  }
}

/// What losses see of a minibatch's images.
public protocol ImageView: Sendable {
  /// Terms whose views have the same name share a pass.
  var name: String { get }
  func look(at minibatch: Minibatch) -> ViewedImages
}

/// The images as augmentation leaves them.
public struct UprightView: ImageView {
  public init() {}
  public var name: String { "upright" }
  public func look(at minibatch: Minibatch) -> ViewedImages {
    ViewedImages(
      transforms: minibatch.transforms, positions: Array(minibatch.transforms.indices))
  }
}

/// What a term is given of one pass.
public struct LossInput {
  /// The task's minibatch that is looked at.
  public let minibatch: Minibatch
  /// What is seen of it.
  public let images: ViewedImages
  /// `[N, height, width, channels]`, what the extractor makes of them.
  public let features: Variable
  /// The tape that the loss is recorded on, and how batch norm runs.
  public let context: ForwardContext

  /// The target labels of the viewed images, `[N]`.
  public var targets: [Int32] { images.positions.map { minibatch.labels[$0] } }

  /// weight · the mean over the view's N images of CE(logits, label), `[1]`; a negative label's share
  /// is 0.
  public func meanCrossEntropy(
    _ logits: Variable, _ labels: [Int32], weight: Double, smoothing: Double = 0
  ) -> Variable {
    context.tape.softmaxCrossEntropy(
      logits, context.backend.makeLabels(labels),
      divisor: Float(Double(images.transforms.count) / weight), smoothing: Float(smoothing))
  }
}
