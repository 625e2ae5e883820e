import Autograd
public import Networks
public import Tensors

/// What turns gradients into new weights. What it keeps of each parameter (momentum, moments) is its
/// own, made when the parameter is first updated or read from a file; a network that is not trained
/// has none.
///
/// A new one is a type with a name, an `UpdateRule` and the rule's scalars; the rest is written
/// once, below. Those that a recipe can name stand in `Optimizers`.
public protocol Optimizer: AnyObject {
  /// As recipes and checkpoints know it.
  static var name: String { get }
  /// What happens to each element.
  var rule: UpdateRule { get }
  /// Fraction of the weight that the rule takes away, where it does: its value in `scalars`.
  var weightDecay: Float { get }
  /// Whether parameters of one dimension decay, too: batch norm's scales and shifts, biases.
  var decaysNormsAndBiases: Bool { get }
  /// Whether an update depends on how many there have been, as a correction of bias does.
  var dependsOnSteps: Bool { get }
  /// What has been kept so far.
  var states: OptimizerStates { get }

  /// The rule's scalars.
  /// - Parameters:
  ///   - learningRate: of the step.
  ///   - weightDecay: the optimizer's, or 0 for a parameter that does not decay.
  ///   - step: how often the parameter has been updated, this time included: from 1.
  func scalars(learningRate: Float, weightDecay: Float, step: Int) -> [Float]
}

extension Optimizer {
  public var dependsOnSteps: Bool { true }

  /// Updates every parameter that took part in the last backward and is not frozen; all others keep
  /// value and state and get no decay. Then forgets the gradients. A parameter listed twice is
  /// updated once.
  /// - Parameters:
  ///   - parameters: those of which some may have taken part.
  ///   - learningRate: of the step.
  ///   - backend: where the parameters are.
  ///   - watch: notes updates that are not finite, as of its step.
  public func step(
    _ parameters: [Parameter], learningRate: Float, on backend: any Backend,
    watch: (watch: GradientWatch, step: Int)? = nil
  ) {
    // Those that share all scalars go together: as a rule all.
    var groups: [(scalars: [Float], updates: [ParameterUpdate], parameters: [Parameter])] = []
    for parameter in parameters {
      defer { parameter.variable.clearGradient() }
      guard let gradient = parameter.variable.slicedGradient, !parameter.isFrozen else { continue }
      let state = states.state(of: parameter, rule, on: backend)
      state.steps += 1
      let decays = decaysNormsAndBiases || parameter.value.shape.rank > 1
      let scalars = scalars(
        learningRate: learningRate, weightDecay: decays ? weightDecay : 0, step: state.steps)
      let update = ParameterUpdate(w: parameter.value, g: gradient, state: state.tensors)
      if let at = groups.firstIndex(where: { $0.scalars == scalars }) {
        groups[at].updates.append(update)
        groups[at].parameters.append(parameter)
      } else {
        groups.append((scalars, [update], [parameter]))
      }
    }
    for group in groups {
      backend.optimizerStep(
        rule, group.updates, scalars: group.scalars,
        notes: watch.flatMap { $0.watch.notes(for: group.parameters, step: $0.step) })
    }
  }
}

/// What an optimizer keeps, by parameter.
public final class OptimizerStates {
  /// Of one parameter.
  public final class State {
    /// In the rule's order, zeros at first.
    public let tensors: [Tensor]
    /// How often it has been updated.
    public var steps = 0
    /// An identity lasts as long as its object.
    private let parameter: Parameter

    fileprivate init(_ parameter: Parameter, _ rule: UpdateRule, on backend: any Backend) {
      self.parameter = parameter
      tensors = rule.state.map { _ in
        backend.makeTensor(parameter.value.shape, filledWith: 0)
      }
    }
  }

  private var states: [ObjectIdentifier: State] = [:]

  /// Nothing is kept yet.
  public init() {}

  /// What is kept of a parameter, made where there is none yet.
  public func state(
    of parameter: Parameter, _ rule: UpdateRule, on backend: any Backend
  ) -> State {
    if let state = states[ObjectIdentifier(parameter)] { return state }
    let state = State(parameter, rule, on: backend)
    states[ObjectIdentifier(parameter)] = state
    return state
  }
}
