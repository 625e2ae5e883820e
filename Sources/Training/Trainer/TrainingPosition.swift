/// How far a training is, between two rounds: a round is a minibatch of each task that is trained
/// together.
public struct TrainingPosition: Codable, Hashable, Sendable {
  /// Which group of tasks is being trained: always 0 for joint training, the task's index for
  /// incremental training.
  public var phase = 0
  /// Rounds of this phase that are done.
  public var round = 0

  public init(phase: Int = 0, round: Int = 0) {
    self.phase = phase
    self.round = round
  }

  /// Minibatches of each task, or of all earlier ones and this.
  package func rounds(of settings: TrainingSettings) -> Int { phase * settings.steps + round }
}
