import Foundation
import Testing

/// Trainings that are interrupted by signals.
@Suite struct InterruptionTests {
  private static let train = ["train", "recipe.yaml", "--device", "cpu", "--quiet"]

  private func place(steps: Int) throws -> Workplace {
    let place = try Workplace()
    try place.write(
      "recipe.yaml", Recipes.tiny.replacing("steps: 2", with: "steps: \(steps)"))
    return place
  }

  /// Waits until the run has left a checkpoint, then sends the signal.
  private func train(
    _ place: Workplace, _ signal: Int32, every: Int, _ more: String...
  ) throws -> CommandRun {
    try place.dovetail(
      Self.train + ["--output", "run", "--checkpoint-every", "\(every)"] + more
    ) { process in
      let until = Date().addingTimeInterval(60)
      func isRunning() -> Bool {
        every == 0
          ? place.exists("run/metrics.jsonl")
          : place.files(below: "run/checkpoints").contains { $0.hasSuffix(".safetensors") }
      }
      while !isRunning() && process.isRunning && Date() < until { usleep(2000) }
      kill(process.processIdentifier, signal)
    }
  }

  private func same(_ place: Workplace) throws {
    let whole = try place.dovetail(Self.train + ["--output", "whole", "--checkpoint-every", "0"])
    #expect(whole.status == 0, "\(whole.stderr)")
    for name in place.files(below: "whole/components") where name.hasSuffix(".safetensors") {
      #expect(
        try place.read("run/components/\(name)") == place.read("whole/components/\(name)"),
        "\(name)")
    }
    #expect(!place.exists("run/checkpoints"))
  }

  @Test(arguments: [SIGINT, SIGTERM]) func signalsLeaveACheckpoint(_ signal: Int32) throws {
    let place = try place(steps: 60)
    let stopped = try train(place, signal, every: 0)
    #expect(stopped.status == 75, "\(stopped.stderr)")
    #expect(stopped.stderr.contains("steps of each task; --resume goes on from there"))
    #expect(place.files(below: "run/checkpoints").count == 1 && !place.exists("run/results.json"))
    // Not without being asked.
    let refused = try place.dovetail(Self.train + ["--output", "run"])
    #expect(
      refused.status == 73
        && refused.stderr.contains("--resume goes on with it, or give another --output"))
    let resumed = try place.dovetail(Self.train + ["--output", "run", "--resume"])
    #expect(resumed.status == 0, "\(resumed.stderr)")
    try same(place)
    // A finished run stays as it is.
    let before = try place.read("run/results.json")
    let again = try place.dovetail(Self.train + ["--output", "run", "--resume"])
    #expect(try again.status == 0 && place.read("run/results.json") == before)
  }

  /// A scheduler sends it to all processes of a job, and the shell there passes it on.
  @Test func aSIGTERMThatComesTwiceAtOnceIsOne() throws {
    let place = try place(steps: 1_000_000)
    let stopped = try place.dovetail(
      Self.train + ["--output", "run", "--checkpoint-every", "0"]
    ) { process in
      while process.isRunning && !place.exists("run/metrics.jsonl") { usleep(2000) }
      usleep(50_000)
      for _ in 0..<3 {
        kill(process.processIdentifier, SIGTERM)
        usleep(500)
      }
    }
    #expect(stopped.status == 75, "\(stopped.stderr)")
    #expect(place.files(below: "run/checkpoints").count == 1)
  }

  @Test func aKilledRunGoesOnFromItsLastCheckpoint() throws {
    let place = try place(steps: 40)
    for _ in 0..<2 { #expect(try train(place, SIGKILL, every: 3, "--resume").status == 137) }
    let resumed = try place.dovetail(
      Self.train + ["--output", "run", "--resume", "--checkpoint-every", "7"])
    #expect(resumed.status == 0, "\(resumed.stderr)")
    try same(place)
  }

  @Test func resumingNeedsADirectory() throws {
    let place = try place(steps: 1)
    #expect(try place.dovetail(Self.train + ["--resume"]).status == 64)
    // In an empty directory it starts.
    let run = try place.dovetail(Self.train + ["--output", "new", "--resume"])
    #expect(run.status == 0 && place.exists("new/results.json"))
  }
}
