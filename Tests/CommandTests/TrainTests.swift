import Foundation
import Testing

@Suite struct TrainTests {
  /// One tiny training that several tests look at.
  private struct Trained {
    let place: Workplace
    let run: CommandRun

    init() throws {
      place = try Workplace()
      try place.write("r.yaml", Recipes.tiny)
      run = try place.dovetail(
        "train", "r.yaml", "--device", "cpu", "--output", "run", "--json", "out.json")
    }

    func json(_ name: String = "out.json") throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: place.read(name)) as? [String: Any])
    }
  }

  private static let trained = Result { try Trained() }

  @Test func theJSONHoldsEveryResult() throws {
    let trained = try Self.trained.get()
    #expect(trained.run.status == 0)
    let json = try trained.json()
    for key in [
      "commonClasses", "device", "imagesPerSecond", "methods", "recombinationAccuracy",
      "recombinations", "scheme", "seconds", "seed", "steps", "tasks",
    ] { #expect(json[key] != nil, "\(key)") }
    #expect((json["device"] as? String)?.hasPrefix("CPU") == true)
    #expect(try #require(json["seconds"] as? Double) > 0)
    #expect(try #require(json["imagesPerSecond"] as? Double) > 0)

    let tasks = try #require(json["tasks"] as? [[String: Any]])
    #expect(tasks.map { $0["name"] as? String } == ["ink", "neon"])
    for task in tasks {
      for key in ["ownAccuracy", "ownAccuracyOnCommonClasses"] {
        #expect((0...1).contains(try #require(task[key] as? Double)))
      }
    }
    let pairs = try #require(json["recombinations"] as? [[String: Any]])
    #expect(pairs.map { $0["extractor"] as? String } == ["ink", "neon"])
    #expect(pairs.map { $0["head"] as? String } == ["neon", "ink"])
    #expect(pairs.map { $0["testedOn"] as? String } == ["ink", "neon"])
    #expect(pairs.map { $0["images"] as? Int } == [900, 900])
    #expect(pairs.map { $0["chance"] as? Double } == [0.1, 0.1])
    // JSONSerialization rounds the last digit.
    for pair in pairs {
      let chance = try #require(pair["chanceAmongCommonOutputs"] as? Double)
      #expect(abs(chance - 1 / 9) < 1e-12)
    }
    let accuracies = try pairs.map { try #require($0["accuracy"] as? Double) }
    let mean = try #require(json["recombinationAccuracy"] as? Double)
    #expect(abs(mean - accuracies.reduce(0, +) / 2) < 1e-12)
  }

  @Test func theTableHoldsTheSameFigures() throws {
    let trained = try Self.trained.get()
    let pairs = try #require(try trained.json()["recombinations"] as? [[String: Any]])
    for pair in pairs {
      let accuracy = try #require(pair["accuracy"] as? Double)
      let row = try #require(
        trained.run.stdout.split(separator: "\n").first {
          $0.hasPrefix("\(pair["extractor"]!) + \(pair["head"]!) ")
        })
      #expect(row.contains(" " + String(format: "%.1f", accuracy * 100) + " %"))
      #expect(row.contains(" 900 "))
    }
    for word in ["own task", "chance", "mean", "Device: CPU", "images/s", "run/components"] {
      #expect(trained.run.stdout.contains(word), "\(word)")
    }
  }

  @Test func progressStandsOnStderrAsPlainLines() throws {
    let trained = try Self.trained.get()
    #expect(trained.run.stderr.hasPrefix("Device: CPU"))
    #expect(trained.run.stderr.contains("training: 2/2 steps"))
    #expect(trained.run.stderr.contains("images/s"))
    #expect(!trained.run.stderr.contains("\r"))
    #expect(!trained.run.stderr.contains("\u{1B}"))
  }

  @Test func theRunDirectoryIsWhole() throws {
    let trained = try Self.trained.get()
    let files = trained.place.files(below: "run")
    #expect(files.filter { $0.hasPrefix("events.out.tfevents.") }.count == 1)
    #expect(
      files.filter { !$0.hasPrefix("events.") } == [
        "components", "components/auxiliary", "components/auxiliary/common-classes.safetensors",
        "components/auxiliary/rotation.safetensors", "components/ink.extractor.safetensors",
        "components/ink.head.safetensors", "components/neon.extractor.safetensors",
        "components/neon.head.safetensors", "metrics.jsonl", "recipe.yaml", "results.json",
      ])
    #expect(try trained.place.text("run/recipe.yaml").contains("learning-rate: 0.1\n"))
  }

  @Test func evaluateGivesTheSameFiguresToTheLastDigit() throws {
    let place = try Self.trained.get().place
    let run = try place.dovetail(
      "evaluate", "run", "--device", "cpu", "--json", "evaluated.json")
    #expect(run.status == 0)
    #expect(try place.read("evaluated.json") == place.read("out.json"))
    #expect(run.stdout.contains("ink + neon"))
  }

  @Test func jsonOnStdoutStandsAlone() throws {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny)
    let run = try place.dovetail("train", "r.yaml", "--device", "cpu", "--json", "-", "--quiet")
    #expect(run.status == 0)
    #expect(try run.json["tasks"] != nil)
    #expect(run.messages == [])
    #expect(place.files() == ["r.yaml"])
    // The same training as the other one: the same figures.
    let other = try Self.trained.get().json()
    #expect(try run.json["recombinations"] as? NSArray == other["recombinations"] as? NSArray)
    #expect(try run.json["tasks"] as? NSArray == other["tasks"] as? NSArray)
  }

  @Test func seedAndStepsOverrideTheRecipe() throws {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny)
    let run = try place.dovetail(
      "train", "r.yaml", "--device", "cpu", "--seed", "5", "--steps", "1", "--output", "run",
      "--verbose", "--json", "-")
    #expect(run.status == 0)
    #expect(try run.json["seed"] as? Int == 5)
    #expect(try run.json["steps"] as? Int == 1)
    let recipe = try place.text("run/recipe.yaml")
    #expect(recipe.contains("\nseed: 5\n"))
    #expect(recipe.contains("\nsteps: 1\n"))
    for line in recipe.split(separator: "\n") { #expect(run.stderr.contains("  \(line)\n")) }
    #expect(run.stderr.contains("Common classes (9): "))
    let other = try Self.trained.get().place
    #expect(
      try place.read("run/components/ink.head.safetensors")
        != other.read("run/components/ink.head.safetensors"))
  }

  @Test func theSameRunAgainWritesTheSameComponents() throws {
    let first = try Self.trained.get().place
    let second = try Trained().place
    let names = first.files(below: "run/components").filter { $0.hasSuffix(".safetensors") }
    #expect(names.count == 6)
    for name in names {
      #expect(
        try first.read("run/components/\(name)") == second.read("run/components/\(name)"),
        "\(name)")
    }
  }

  @Test func aKilledRunLeavesNoResults() throws {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny)
    let run = try place.dovetail(
      ["train", "r.yaml", "--device", "cpu", "--steps", "1000000", "--output", "run"]
    ) { process in
      while process.isRunning && !place.exists("run/metrics.jsonl") { usleep(10_000) }
      kill(process.processIdentifier, SIGKILL)
    }
    #expect(run.status == 128 + SIGKILL)
    let files = place.files(below: "run").filter {
      !$0.hasPrefix("events.") && !$0.hasPrefix("run.lock")
    }
    #expect(files == ["components", "metrics.jsonl", "recipe.yaml"])
    let evaluated = try place.dovetail("evaluate", "run", "--device", "cpu")
    #expect(evaluated.status == 66)
    #expect(evaluated.stderr.contains("did not finish"))
  }
}
