public import Files

/// How a run is kept from being lost.
public struct RunControl {
  /// Rounds between checkpoints; 0: none but where the run is asked to stop.
  public var checkpointEvery: Int
  /// Goes on from the last checkpoint, where the directory has one.
  public var resumes: Bool
  /// Trains again what is there already: a finished run, or one of another recipe.
  public var overwrites: Bool
  /// Asked after every round; once it says so, the run leaves a checkpoint and stops.
  public var shouldStop: () -> Bool
  /// For what a user should know, such as a damaged checkpoint that was passed over.
  public var log: (String) -> Void

  public init(
    checkpointEvery: Int = 0, resumes: Bool = false, overwrites: Bool = false,
    shouldStop: @escaping () -> Bool = { false },
    log: @escaping (String) -> Void = { _ in }
  ) {
    (self.checkpointEvery, self.resumes) = (checkpointEvery, resumes)
    self.overwrites = overwrites
    (self.shouldStop, self.log) = (shouldStop, log)
  }
}

/// A run that was asked to stop, and can go on.
public struct RunInterrupted: AdvisedError, Sendable {
  public let path: String
  /// Of each task.
  public let steps: Int

  public var advice: ErrorAdvice? { .resume }

  public var description: String {
    "\(path): stopped after \(steps) steps of each task; \(ErrorAdvice.resume)"
  }
}

extension ErrorAdvice {
  public static let resume: ErrorAdvice = "it can be resumed from there"
}
