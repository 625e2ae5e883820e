import Foundation
import Testing

/// pretrain, adapt, transfer and extend-head as a user calls them.
@Suite struct ApplicationsTests {
  private func place() throws -> Workplace {
    let place = try Workplace()
    try place.write(
      "source.yaml",
      """
      tasks: [{name: ink, dataset: made-up-ink}]
      image-size: 8
      methods: [rotation-prediction]
      steps: 2
      batch: 16
      """)
    let run = try place.dovetail("train", "source.yaml", "--device", "cpu", "--output", "source")
    #expect(run.status == 0, "\(run.stderr)")
    return place
  }

  private static let extractor = ["--extractor", "source/components/ink.extractor.safetensors"]
  private static let rest = ["--device", "cpu", "--batch", "16", "--quiet"]

  @Test func preTrainingIsStartedFrom() throws {
    let place = try Workplace()
    try place.write(
      "pre.yaml",
      "tasks: [{name: large, dataset: made-up-ink}]\nimage-size: 8\nsteps: 2\nbatch: 16\n")
    let run = try place.dovetail("pretrain", "pre.yaml", "--device", "cpu", "--output", "pre")
    #expect(run.status == 0 && run.stdout.contains("rotation"), "\(run.stderr)")
    #expect(place.exists("pre/components/auxiliary/rotation.safetensors"))
    try place.write("next.yaml", Recipes.tiny + "initial-weights: pre\n")
    let next = try place.dovetail("train", "next.yaml", "--device", "cpu", "--output", "next")
    #expect(next.status == 0, "\(next.stderr)")
    let evaluated = try place.dovetail("evaluate", "pre", "--device", "cpu")
    #expect(evaluated.status == 78 && evaluated.stderr.contains("self-supervised"))
  }

  @Test func adaptedExtractorsKeepFittingTheirHead() throws {
    let place = try place()
    let run = try place.dovetail(
      ["adapt"] + Self.extractor + [
        "--rotation-head", "source/components/auxiliary/rotation.safetensors", "--head",
        "source/components/ink.head.safetensors", "--data", "made-up-neon", "--steps", "2",
        "--output", "adapted", "--json", "-",
      ] + Self.rest)
    #expect(run.status == 0, "\(run.stderr)")
    let results = try run.json
    for key in ["sourceRunning", "sourceBatch", "adapted"] {
      let accuracy = try #require(results[key] as? [String: Any])
      #expect(accuracy["images"] as? Int == 900 && accuracy["classes"] as? Int == 9)
    }
    let joined = try place.dovetail(
      "recombine", "adapted/components/made-up-neon.extractor.safetensors",
      "source/components/ink.head.safetensors", "--output", "m.safetensors")
    #expect(joined.status == 0, "\(joined.stderr)")
  }

  private static let head = ["--head", "source/components/ink.head.safetensors"]

  @Test(arguments: ["adabn", "blended", "tent", "shot"])
  func otherMethodsAdaptUnderTheHead(_ method: String) throws {
    let place = try place()
    let trains = ["tent", "shot"].contains(method)
    let run = try place.dovetail(
      ["adapt", "--method", method] + Self.extractor + Self.head + [
        "--data", "made-up-ink", "--corruption", "contrast:5", "--output", "adapted", "--json", "-",
      ] + (trains ? ["--steps", "2"] : []) + Self.rest)
    #expect(run.status == 0, "\(run.stderr)")
    let results = try run.json
    #expect(results["method"] as? String == method)
    #expect(results["data"] as? String == "made-up ink, contrast:5")
    let adapted = try #require(results["adapted"] as? [String: Any])
    #expect(adapted["images"] as? Int == 1000)
    #expect(adapted["batchNorm"] as? String == (trains ? "batch" : "recalibrated"))
    let head = results["head"] as? String
    #expect((head == nil) == (method == "shot"))
    let extractor = "adapted/components/made-up-ink.extractor.safetensors"
    let joined = try place.dovetail(
      "recombine", extractor, head ?? "source/components/ink.head.safetensors", "--output",
      "m.safetensors")
    #expect(joined.status == 0, "\(joined.stderr)")
    let shown = try place.dovetail("inspect", extractor)
    #expect(shown.stdout.contains(method) && shown.stdout.contains("adaptation"))
    if trains {
      let recipe = String(decoding: try place.read("adapted/recipe.yaml"), as: UTF8.self)
      #expect(recipe.contains("corruption: \"contrast:5\""))
    } else {
      let again = try place.dovetail(
        ["adapt", "--method", method] + Self.extractor + Self.head
          + ["--data", "made-up-ink", "--output", "adapted"] + Self.rest)
      #expect(again.status != 0 && again.stderr.contains("adapted"), "\(again.stderr)")
    }
  }

  /// An option that would do nothing is refused.
  @Test func optionsOfOtherMethodsAreRefused() throws {
    let place = try Workplace()
    let rotation = ["--rotation-head", "r"]
    let cases: [([String], String)] = [
      (["--method", "tent"] + rotation, "--rotation-head is for --method rotation"),
      (["--method", "shot"], "--head is missing"), ([], "--rotation-head is missing"),
      (
        ["--method", "adabn", "--steps", "3"] + Self.head, "--steps: --method adabn trains nothing"
      ),
      (["--method", "blended", "--learning-rate", "1"] + Self.head, "--learning-rate: "),
      (["--method", "adabn", "--seed", "1"] + Self.head, "--seed: "),
      (["--method", "blended", "--resume"] + Self.head, "--resume: "),
      (["--corruption", "fog:1"] + rotation, "--corruption"),
    ]
    for (arguments, fragment) in cases {
      let run = try place.dovetail(
        ["adapt"] + Self.extractor + ["--data", "made-up-ink", "--output", "out"] + arguments)
      #expect(run.status == 64 && run.stderr.contains(fragment), "\(arguments): \(run.stderr)")
      #expect(!place.exists("out"))
    }
  }

  @Test func transferIsMeasuredFromTheStart() throws {
    let place = try place()
    let run = try place.dovetail(
      ["transfer"] + Self.extractor + [
        "--head", "source/components/ink.head.safetensors", "--data", "made-up-ink", "--steps", "3",
        "--output", "tuned", "--json", "-",
      ] + Self.rest)
    #expect(run.status == 0, "\(run.stderr)")
    let curve = try #require(try run.json["curve"] as? [[String: Any]])
    #expect(curve.compactMap { $0["step"] as? Int } == [0, 1, 2, 3])
    let source = try JSONSerialization.jsonObject(with: place.read("source/results.json"))
    let tasks = try #require((source as? [String: Any])?["tasks"] as? [[String: Any]])
    #expect(
      curve[0]["averageClassAccuracy"] as? Double == tasks[0]["averageClassAccuracy"] as? Double)
  }

  @Test func aSharedHeadGrows() throws {
    let place = try Workplace()
    let classes = "classes: [arrow, boat]"
    try place.write(
      "shared.yaml",
      """
      shared-head: true
      architecture: {name: resnet, adapter: 32}
      image-size: 8
      steps: 2
      batch: 16
      tasks:
        - {name: a, dataset: made-up-ink, \(classes)}
        - {name: b, dataset: made-up-ink, \(classes), \
      architecture: {name: resnet, width: 2, adapter: 32}}
      """)
    let trained = try place.dovetail("train", "shared.yaml", "--device", "cpu", "--output", "s")
    #expect(trained.status == 0, "\(trained.stderr)")
    let run = try place.dovetail(
      [
        "extend-head", "--head", "s/components/a.head.safetensors", "--reference",
        "s/components/b.extractor.safetensors", "--others", "s/components/a.extractor.safetensors",
        "--data", "made-up-ink", "--steps", "2", "--output", "grown", "--json", "-",
      ] + Self.rest)
    #expect(run.status == 0, "\(run.stderr)")
    let results = try run.json
    #expect((results["newClasses"] as? [String])?.count == 8)
    let parts = try #require(results["parts"] as? [[String: Any]])
    #expect(
      parts.compactMap { ($0["after"] as? [String: Any])?["images"] as? Int } == [1000, 1000])
    #expect(parts.compactMap { ($0["before"] as? [String: Any])?["images"] as? Int } == [200, 200])
    let joined = try place.dovetail(
      "recombine", "s/components/a.extractor.safetensors",
      "grown/components/made-up-ink.head.safetensors", "--output", "m.safetensors")
    #expect(joined.status == 0, "\(joined.stderr)")
  }

  /// Each is refused before anything is trained, and leaves nothing.
  @Test func whatDoesNotFitIsRefused() throws {
    let place = try place()
    try place.write(
      "other.yaml",
      "tasks: [{name: ink, dataset: made-up-ink}]\nimage-size: 8\nsteps: 1\nbatch: 16\nseed: 4\n")
    let other = try place.dovetail("train", "other.yaml", "--device", "cpu", "--output", "other")
    #expect(other.status == 0, "\(other.stderr)")
    try place.write("empty/readme.txt", "nothing")
    let head = ["--head", "source/components/ink.head.safetensors"]
    let rotation = ["--rotation-head", "source/components/auxiliary/rotation.safetensors"]
    let cases: [([String], Int32, String)] = [
      (
        ["transfer"] + Self.extractor + ["--head", "other/components/ink.head.safetensors"]
          + ["--data", "made-up-ink"], 3, "feature space"
      ),
      (
        ["transfer"] + Self.extractor + head + ["--data", "made-up-neon"], 65,
        "; name synonyms, or let dovetail extend-head grow the head"
      ),
      (
        ["adapt", "--extractor", "other/components/ink.extractor.safetensors"] + rotation
          + ["--data", "made-up-neon"], 3, "feature space"
      ),
      (
        ["adapt"] + Self.extractor + ["--rotation-head", "source/components/ink.head.safetensors"]
          + ["--data", "made-up-neon"], 65, "auxiliary-head"
      ),
      (["adapt"] + Self.extractor + rotation + ["--data", "images=empty"], 65, "no pictures"),
      (["adapt"] + Self.extractor + rotation + ["--data", "images=gone"], 66, "gone"),
      (
        ["extend-head", "--reference", "source/components/ink.extractor.safetensors"] + head
          + ["--data", "made-up-neon"], 65, "would forget"
      ),
    ]
    for (arguments, status, fragment) in cases {
      let run = try place.dovetail(arguments + ["--output", "out"] + Self.rest)
      #expect(run.status == status && run.stderr.contains(fragment), "\(arguments): \(run.stderr)")
      #expect(run.messages.count == 1 && run.stdout == "" && !place.exists("out"), "\(run.stderr)")
    }
  }
}
