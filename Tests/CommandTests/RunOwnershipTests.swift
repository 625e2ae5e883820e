import Datasets
import Foundation
import Testing

/// Whose a run's directory is, and what a run that is there is worth.
@Suite struct RunOwnershipTests {
  private static let train = [
    "train", "recipe.yaml", "--device", "cpu", "--quiet", "--output", "run",
  ]

  private func place(steps: Int) throws -> Workplace {
    let place = try Workplace()
    try place.write(
      "recipe.yaml", Recipes.tiny.replacing("steps: 2", with: "steps: \(steps)"))
    return place
  }

  /// Runs the same command several times at once.
  private func together(_ place: Workplace, _ arguments: [[String]]) throws -> [CommandRun] {
    var runs: [CommandRun] = []
    func start(_ rest: ArraySlice<[String]>) throws {
      guard let first = rest.first else { return }
      var problem: (any Error)?
      let run = try place.dovetail(first) { _ in
        do { try start(rest.dropFirst()) } catch { problem = error }
      }
      runs.append(run)
      if let problem { throw problem }
    }
    try start(arguments[...])
    return runs
  }

  private func plain(_ value: UInt8) throws -> [UInt8] {
    try JPEG.encode(
      [UInt8](repeating: value, count: 16 * 16 * 3), width: 16, height: 16, quality: 90)
  }

  @Test func twoProcessesNeverBothSucceed() throws {
    for attempt in 0..<3 {
      let place = try place(steps: 20)
      let runs = try together(
        place, (1...2).map { Self.train + ["--seed", "\(attempt * 2 + $0)"] })
      let refused = runs.filter { $0.status != 0 }
      #expect(refused.count == 1, "\(runs.map(\.stderr))")
      // Refused while the other trains, or, where that was over first, for what it holds.
      #expect(refused.allSatisfy { [73, 75].contains($0.status) })
      let seed = try place.text("run/recipe.yaml").split(separator: "\n").last {
        $0.hasPrefix("seed")
      }
      let results = try place.text("run/results.json")
      #expect(results.contains("\"seed\" : \(try #require(seed).dropFirst(6))"))
      #expect(!place.exists("run/run.lock"))
    }
  }

  @Test func theSecondIsToldWhoHasIt() throws {
    let place = try place(steps: 1_000_000)
    var second: CommandRun?
    var process: Int32 = 0
    let first = try place.dovetail(Self.train) { running in
      process = running.processIdentifier
      while running.isRunning && !place.exists("run/metrics.jsonl") { usleep(10_000) }
      second = try? place.dovetail(Self.train + ["--overwrite"])
      kill(process, SIGTERM)
    }
    #expect(first.status == 75 && !place.exists("run/run.lock"))
    let refused = try #require(second)
    #expect(refused.status == 75)
    #expect(refused.messages.count == 1)
    #expect(refused.stderr.contains("run: is in use by process \(process) on "))
    #expect(refused.stderr.contains("wait until it ends, stop it, or give another --output"))
  }

  @Test func aLockOfAKilledProcessIsTakenOver() throws {
    let place = try place(steps: 1_000_000)
    let killed = try place.dovetail(Self.train) { process in
      while process.isRunning && !place.exists("run/metrics.jsonl") { usleep(10_000) }
      kill(process.processIdentifier, SIGKILL)
    }
    #expect(killed.status == 137 && place.exists("run/run.lock"))
    let again = try place.dovetail(Self.train + ["--steps", "1", "--overwrite"])
    #expect(again.status == 0 && again.stderr.contains("which has ended; it is taken over"))
  }

  @Test func aFinishedRunIsNotTrainedAgainUnasked() throws {
    let place = try place(steps: 1)
    #expect(try place.dovetail(Self.train).status == 0)
    let before = try place.read("run/results.json")
    let refused = try place.dovetail(Self.train)
    #expect(refused.status == 73)
    #expect(refused.stderr.contains("run: holds a finished run (1 steps, recombined "))
    #expect(refused.stderr.contains("--overwrite trains it again, or give another --output"))
    #expect(try place.read("run/results.json") == before)
    #expect(try place.dovetail(Self.train + ["--overwrite", "--resume"]).status == 64)
    // Another recipe, too, and nothing of the first is left.
    try place.write("recipe.yaml", Recipes.tiny.replacing("name: ink", with: "name: pen"))
    #expect(try place.dovetail(Self.train).status == 73)
    let replaced = try place.dovetail(Self.train + ["--overwrite"])
    #expect(replaced.status == 0, "\(replaced.stderr)")
    let files = place.files(below: "run/components")
    #expect(files.contains("pen.head.safetensors") && !files.contains("ink.head.safetensors"))
  }

  @Test func aHangUpLeavesACheckpointUnlessItIsIgnored() throws {
    let place = try place(steps: 1_000_000)
    let stopped = try place.dovetail(Self.train) { process in
      while process.isRunning && !place.exists("run/metrics.jsonl") { usleep(10_000) }
      kill(process.processIdentifier, SIGHUP)
    }
    #expect(stopped.status == 75, "\(stopped.stderr)")
    #expect(place.files(below: "run/checkpoints").count == 1)
  }

  @Test func dataThatMovedAreFoundOrNamed() throws {
    let place = try Workplace()
    for part in ["train", "test"] {
      for (index, name) in ["blue", "red"].enumerated() {
        for image in 0..<2 {
          try place.write(
            "p/d/\(part)/\(name)/\(image).jpg", try plain(UInt8(100 * index + image)))
        }
      }
    }
    try place.write(
      "p/r.yaml",
      "tasks: [{name: a, dataset: folder, path: d}]\nimage-size: 8\nbatch: 2\nsteps: 1\n")
    let trained = try place.dovetail(
      "train", "p/r.yaml", "--device", "cpu", "--output", "p/run", "--json", "-")
    #expect(trained.status == 0, "\(trained.stderr)")
    try FileManager.default.moveItem(at: place.url("p"), to: place.url("q"))
    let moved = try place.dovetail("evaluate", "q/run", "--device", "cpu", "--json", "-")
    #expect(moved.status == 0 && moved.stdout == trained.stdout, "\(moved.stderr)")
    try FileManager.default.moveItem(at: place.url("q/d"), to: place.url("e"))
    let missing = try place.dovetail("evaluate", "q/run", "--device", "cpu")
    #expect(missing.status == 66 && missing.stderr.contains("--data a=folder:PATH"))
    let named = try place.dovetail(
      "evaluate", "q/run", "--device", "cpu", "--json", "-", "--data", "a=folder:e")
    #expect(named.status == 0, "\(named.stderr)")
    // But for its name, “folder e” now.
    #expect(named.stdout == trained.stdout.replacing("folder d", with: "folder e"))
    let wrong = try place.dovetail("evaluate", "q/run", "--data", "b=folder:e")
    #expect(wrong.status == 64 && wrong.stderr.contains("the run has no such task; it has a"))
  }
}
