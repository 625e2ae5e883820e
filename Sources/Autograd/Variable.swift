public import Tensors

/// A tensor on the tape and, after `Tape.backward`, the gradient of the loss with respect to it.
///
/// What a batch norm puts out may be *deferred*: known as a rule of reading its input. A
/// convolution reads it so, and nothing is stored; whoever asks for `value` has it computed. Where
/// nothing is recorded, a convolution's output is deferred, too, until it is known whether a batch
/// norm follows whose statistics are known: both are one pass then.
public final class Variable {
  public let shape: Shape
  /// Whether gradients are wanted here or behind here.
  public let needsGradient: Bool
  /// What the op that made the value left of its statistics, if anything.
  var tileStatistics: StatisticsSource?

  private var stored: Tensor?
  /// Whether a deferred batch norm has been asked for its value: convolutions read that from then on,
  /// whether it is still stored or not, so that their bits do not depend on who keeps what.
  private var isAsked = false
  /// The convolution that makes the value, while nobody has asked for it. A batch norm that runs it
  /// for itself leaves it: where the value is wanted, too, it runs again.
  private(set) var pending: PendingConvolution?
  private var deferred: (input: Tensor, normalization: ChannelNormalization, backend: any Backend)?

  /// The gradient in slices, not yet added up, and where to add them up.
  private var slices: (tensor: Tensor, backend: any Backend)?
  private var dense: Tensor?
  /// The gradient's tensor is somebody else's too, so nothing may be written to it.
  private var sharesGradient = false
  /// Where set, `gradient` has still to be taken through this batch norm.
  private var through: OutputGradient.BatchNorm?
  /// Whether the op that made this can take its gradient through a batch norm itself.
  var takesGradientThroughBatchNorm = false
  /// Uses on the tape that have not been unwound: while there are any, the gradient is not whole.
  var pendingUses = 0
  /// What is left to do when the gradient is whole; nil once it is done.
  var completion: (() -> GradientCompletion)?

  public init(_ value: Tensor, needsGradient: Bool = false) {
    shape = value.shape
    stored = value
    deferred = nil
    self.needsGradient = needsGradient
  }

  /// A deferred batch norm of `input`.
  init(
    normalizing input: Tensor, _ normalization: ChannelNormalization, on backend: any Backend,
    needsGradient: Bool
  ) {
    shape = input.shape
    deferred = (input, normalization, backend)
    self.needsGradient = needsGradient
  }

  /// The output of a convolution that has not run.
  init(_ pending: PendingConvolution) {
    shape = pending.shape
    needsGradient = false
    deferred = nil
    self.pending = pending
  }

  /// What mean and variance over all axes but the last are computed from.
  public var statisticsSource: StatisticsSource { tileStatistics ?? .tensor(value) }

  public var value: Tensor {
    if let stored { return stored }
    if let pending {
      let value = pending.run()
      (stored, self.pending) = (value, nil)
      return value
    }
    let value = passingValue
    stored = value
    return value
  }

  /// The value for an op that does not keep it: a deferred batch norm's is not stored.
  var passingValue: Tensor {
    guard stored == nil, pending == nil, let deferred else { return value }
    isAsked = true
    return deferred.backend.materialized(ConvolutionInput(deferred.input, deferred.normalization))
  }

  /// The value as a convolution reads it.
  var convolutionInput: ConvolutionInput {
    if !readsAsRule { return ConvolutionInput(value) }
    return ConvolutionInput(deferred!.input, deferred!.normalization)
  }

  /// Whether a convolution reads a rule: it is a deferred batch norm, whose value nobody asked for.
  var readsAsRule: Bool { deferred != nil && !isAsked }

  /// A deferred batch norm is a rule of reading again.
  func forgetValue() {
    if deferred != nil { (stored, isAsked) = (nil, false) }
  }

  // MARK: Gradient

  /// dloss/dvalue as summed so far; nil until something has been added to it.
  public private(set) var gradient: Tensor? {
    get {
      if let (tensor, backend) = slices {
        slices = nil
        let sum = backend.makeTensor(shape)
        backend.sumSlices(tensor, into: sum, accumulate: false)
        dense = sum
      }
      return dense
    }
    set {
      dense = newValue
      slices = nil
    }
  }

  /// Whether something has been added to it.
  var hasGradient: Bool { slicedGradient != nil }

  /// The same, of the value's shape or `[slices] + ` that shape.
  public var slicedGradient: Tensor? { slices?.tensor ?? dense }

  /// Adds a gradient that comes in slices.
  func addGradient(slices added: Tensor, on backend: any Backend) {
    if slicedGradient == nil {
      slices = (added, backend)
    } else if let output = gradientOutput(on: backend) {
      backend.sumSlices(added, into: output.tensor, accumulate: true)
    }
  }

  /// Forgets the gradient: the next one starts from nothing.
  public func clearGradient() {
    gradient = nil
    sharesGradient = false
    through = nil
  }

  /// Takes over the gradient of another variable of the same value, and what is left to do with it;
  /// the other one holds this one's memory then, and no other.
  func takePlace(of other: Variable) {
    (dense, slices) = (other.dense, other.slices)
    (sharesGradient, through) = (other.sharesGradient, other.through)
    if other.completion == nil { completion = nil }
    other.completion = nil
    other.clearGradient()
    (other.stored, other.deferred) = (stored, deferred)
    other.tileStatistics = tileStatistics
  }

  /// The whole gradient, for the pullback of the op that made this.
  func wholeGradient(on backend: any Backend) -> OutputGradient? {
    guard gradient != nil else { return nil }
    if let completion {
      ownGradient(on: backend)
      backend.completeGradient(gradient!, completion())
      self.completion = nil
    }
    return OutputGradient(gradient!, through: through)
  }

  /// The output that a pullback's gradient op should write to, or nil where none is wanted. The
  /// first contribution overwrites, later ones add.
  func gradientOutput(on backend: any Backend) -> GradientOutput? {
    guard needsGradient else { return nil }
    precondition(through == nil, "a gradient that awaits a batch norm was added to")
    if gradient != nil {
      ownGradient(on: backend)
      return GradientOutput(gradient!, accumulate: true)
    }
    let fresh = backend.makeTensor(shape)
    gradient = fresh
    return GradientOutput(fresh, accumulate: false)
  }

  /// The same for a convolution, which adds out of place and, as the last contributor, completes
  /// the gradient while it stores it.
  func convolutionGradientOutput(
    on backend: any Backend
  ) -> (tensor: Tensor, addend: Tensor?, completion: GradientCompletion?)? {
    guard needsGradient else { return nil }
    precondition(through == nil, "a gradient that awaits a batch norm was added to")
    let addend = gradient
    let tensor = addend != nil && !sharesGradient ? addend! : backend.makeTensor(shape)
    gradient = tensor
    sharesGradient = false
    guard pendingUses == 0, let completion else { return (tensor, addend, nil) }
    self.completion = nil
    return (tensor, addend, completion())
  }

  /// Adds a gradient that others hold too.
  func addGradient(_ shared: Tensor, on backend: any Backend) {
    guard needsGradient else { return }
    precondition(through == nil, "a gradient that awaits a batch norm was added to")
    guard let gradient else {
      gradient = shared
      sharesGradient = true
      return
    }
    let sum = sharesGradient ? backend.makeTensor(shape) : gradient
    backend.add(gradient, shared, into: sum)
    self.gradient = sum
    sharesGradient = false
  }

  /// Adds the gradient behind a batch norm of this variable.
  func addGradient(
    _ g: Tensor, through batchNorm: OutputGradient.BatchNorm, on backend: any Backend
  ) {
    guard needsGradient else { return }
    if takesGradientThroughBatchNorm && pendingUses == 0 && gradient == nil {
      gradient = g
      sharesGradient = true
      through = batchNorm
    } else if let output = gradientOutput(on: backend) {
      backend.batchNormDataGradient(
        OutputGradient(g, through: batchNorm), into: output.tensor,
        accumulate: output.accumulate)
    }
  }

  private func ownGradient(on backend: any Backend) {
    guard sharesGradient, let gradient else { return }
    let own = backend.makeTensor(shape)
    backend.copy(gradient, to: own)
    self.gradient = own
    sharesGradient = false
  }
}
