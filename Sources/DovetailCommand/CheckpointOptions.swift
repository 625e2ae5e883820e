import ArgumentParser
import Dovetail

/// How a training is kept from being lost.
struct CheckpointOptions: ParsableArguments {
  private static let standardInterval = 100

  @Option(
    help: ArgumentHelp(
      "Steps of each task between checkpoints; 0: only when it is interrupted.",
      valueName: "steps"))
  var checkpointEvery = Self.standardInterval
  @Flag(
    help: ArgumentHelp(
      "Go on with the interrupted run in the output directory.",
      discussion: """
        To the same bits as if it had not been interrupted, on the same device. Where there is none it \
        starts, where it has finished nothing is done.
        """))
  var resume = false

  @Flag(help: "Train again where the output directory holds a run; what it holds is lost.")
  var overwrite = false

  @Flag(
    help: ArgumentHelp(
      "Look at what every op puts out, and name the first that is not finite.",
      discussion: """
        Many times slower, same bits: with --resume after a training that diverged it goes on from the \
        last good checkpoint to the op that did it.
        """))
  var detectAnomaly = false

  /// By name, for what trains nothing: is it given?
  var given: [(String, Bool)] {
    [
      ("--resume", resume), ("--overwrite", overwrite),
      ("--checkpoint-every", checkpointEvery != Self.standardInterval),
    ]
  }

  /// The backend as these options want it.
  func watched(_ backend: any InstrumentedBackend) -> any Backend {
    detectAnomaly ? AnomalyDetector(backend) : backend
  }

  func validate() throws {
    if resume && overwrite { throw ValidationError("--resume and --overwrite: give one of them") }
    guard 0...100_000_000 ~= checkpointEvery else {
      throw ValidationError("--checkpoint-every: expected 0 or more, got \(checkpointEvery)")
    }
  }

  /// - Parameter hasDirectory: without one there is nowhere to leave a checkpoint, and signals do
  ///   what they always do.
  func control(hasDirectory: Bool = true) -> RunControl {
    if hasDirectory { Interruption.watch() }
    return RunControl(
      checkpointEvery: checkpointEvery, resumes: resume, overwrites: overwrite,
      shouldStop: { hasDirectory && Interruption.isAsked }, log: { Console.log("dovetail: \($0)") })
  }
}
