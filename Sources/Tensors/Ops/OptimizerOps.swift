/// Updates of parameters in place.
public protocol OptimizerOps {
  /// One step of any number of parameters at once by a rule of each element: with g the sum of the
  /// gradient's slices, in order, the rule changes the weight w and the state that it keeps beside.
  ///
  /// - Parameters:
  ///   - rule: what happens to an element.
  ///   - updates: the weights, their gradients and their state.
  ///   - scalars: as many as the rule names.
  ///   - notes: where to note updates that came out not to be finite, or nil.
  /// - Precondition: each update has as many state tensors as the rule.
  func optimizerStep(
    _ rule: UpdateRule, _ updates: [ParameterUpdate], scalars: [Float], notes: NonFiniteNotes?)
}

extension OptimizerOps {
  /// As above, without notes.
  public func optimizerStep(
    _ rule: UpdateRule, _ updates: [ParameterUpdate], scalars: [Float]
  ) {
    optimizerStep(rule, updates, scalars: scalars, notes: nil)
  }
}

/// What an optimizer does to each element of a parameter, written twice: for OpenCL, and in Swift for
/// the CPU backend. Everything else, the loop over parameters of one launch, vectors, slices of
/// gradients and notes, is the backends' affair, so a new optimizer needs one such rule.
public struct UpdateRule: Sendable {
  /// An element's update in Swift: of elements `range`; the gradient is dense.
  public typealias Loop =
    @Sendable (
      _ range: Range<Int>, _ w: UnsafeMutablePointer<Float>, _ g: UnsafePointer<Float>,
      _ state: [UnsafeMutablePointer<Float>], _ scalars: [Float]
    ) -> Void

  /// Which of the values tells, being finite, that the update was.
  public enum Probe: Sendable, Hashable {
    /// The new weight.
    case weight
    /// A state tensor's new value.
    case state(Int)
  }

  /// At most so many tensors of state and scalars.
  public static let mostState = 2, mostScalars = 8

  /// Names of the tensors kept beside each parameter, of its shape, zeros at first: `momentum`.
  public let state: [String]
  /// Names of the scalars, in the order of `scalars:`.
  public let scalars: [String]
  /// OpenCL C statements. `w`, `g`, the state and the scalars stand under their names, all of type
  /// `REAL`, which is `float` or a vector of floats, so built-in functions of both do (`fma`,
  /// `sqrt`); they assign to `w` and the state. For example:
  ///
  ///     momentum = fma(decay, momentum, g);
  ///     w = fma(-rate, momentum, w);
  public let openCL: String
  /// What `NonFiniteNotes` look at.
  public let probe: Probe
  /// The same in Swift.
  public let swift: Loop

  /// - Precondition: names are identifiers of C, none twice.
  public init(
    state: [String], scalars: [String], probe: Probe = .weight, openCL: String,
    swift: @escaping Loop
  ) {
    precondition(
      state.count <= Self.mostState && scalars.count <= Self.mostScalars,
      "an update rule has at most \(Self.mostState) state tensors and \(Self.mostScalars) scalars, "
        + "got \(state) and \(scalars)")
    precondition(
      Set(state + scalars + ["w", "g"]).count == state.count + scalars.count + 2,
      "an update rule's names are each another, and not w or g, got \(state) and \(scalars)")
    (self.state, self.scalars, self.probe) = (state, scalars, probe)
    (self.openCL, self.swift) = (openCL, swift)
  }
}

/// A look at every gradient for the price of one operation an element, as the optimizer reads them
/// all anyway: tensor[slot] becomes `mark` where an update is not finite and tensor[slot] is 0.
public struct NonFiniteNotes {
  /// Where the marks stand.
  public let tensor: Tensor
  /// Of each update, its element of the tensor.
  public let slots: [Int]
  /// For example the step, counted from 1.
  public let mark: Float

  /// - Precondition: the slots are elements of the tensor, the mark is not 0.
  public init(in tensor: Tensor, slots: [Int], mark: Float) {
    precondition(
      mark != 0 && slots.allSatisfy { 0..<tensor.count ~= $0 },
      "notes of slots \(slots) in \(tensor.shape), mark \(mark)")
    (self.tensor, self.slots, self.mark) = (tensor, slots, mark)
  }
}

/// One parameter's part in a step.
public struct ParameterUpdate {
  /// The weight.
  public let w: Tensor
  /// w's shape, or `[slices] + ` w's shape: the gradient is then the sum of the slices, in order.
  public let g: Tensor
  /// What the rule keeps beside the weight, each of w's shape.
  public let state: [Tensor]

  /// - Precondition: the shapes agree.
  public init(w: Tensor, g: Tensor, state: [Tensor]) {
    precondition(
      state.allSatisfy { $0.shape == w.shape }
        && (g.shape == w.shape || g.shape.sizes.dropFirst() == w.shape.sizes[...]),
      "optimizerStep: w \(w.shape), g \(g.shape), state \(state.map(\.shape))")
    (self.w, self.g, self.state) = (w, g, state)
  }

  /// How many slices the gradient comes in; 1: it is whole.
  public var slices: Int { g.shape == w.shape ? 1 : g.shape[0] }
}
