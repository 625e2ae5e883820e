import Dovetail
import Foundation
import Testing

/// What version 0.1 wrote, took and printed is still read, taken and printed, whatever things are
/// called inside. Fixtures/version-0.1 was made by its command (commit d27b881): a run, a library
/// of three entries, its options, and the keys of its JSON.
struct Version01Tests {
  @Test func everyOptionIsStillTaken() throws {
    let run = try Workplace().dovetail("--experimental-dump-help")
    let command = try #require(try run.json["command"] as? [String: Any])
    var now: Set<String> = []
    func collect(_ command: [String: Any], _ path: String) {
      for argument in command["arguments"] as? [[String: Any]] ?? [] {
        for name in argument["names"] as? [[String: String]] ?? [] where name["kind"] == "long" {
          now.insert("\(path)--\(name["name"] ?? "")")
        }
      }
      for sub in command["subcommands"] as? [[String: Any]] ?? [] {
        collect(sub, "\(path)\(sub["commandName"] ?? "") ")
      }
    }
    collect(command, "")
    let before = try text("options.txt").split(separator: "\n").map(String.init)
    #expect(before.count > 200)
    #expect(before.filter { !now.contains($0) } == [])
  }

  @Test func everyKeyOfARecipeIsStillRead() throws {
    let place = try Workplace()
    try place.write("run/recipe.yaml", try text("recipe.yaml"))
    let written = try Recipe.parse(
      yaml: place.text("run/recipe.yaml"), folder: place.folder.path)
    #expect(written.batchSize == 8 && written.steps == 2 && written.seed == 3)
    // The README's, but for what needs other files.
    try place.write(
      "all.yaml",
      """
      tasks:
        - {name: ink, dataset: made-up-ink, classes: [disc, square, triangle]}
        - {name: neon, dataset: made-up-neon, architecture: {depth: 8, split: stage2, adapter: 8}}
      image-size: 8
      architecture: {name: resnet, depth: 8, split: stage2, adapter: 8}
      methods: [identical-initial-weights, rotation-prediction, jigsaw, common-classes]
      objective: target
      shared-head: false
      own-rotation-head: false
      rotations: one
      self-supervised-weight: 2
      self-supervised-head: {depth: 8, adapter: 8}
      common-classes-used: 2
      auxiliary-heads: []
      frozen: [extractors]
      scheme: joint
      steps: 5
      batch: 4
      learning-rate: 0.3
      momentum: 0.8
      weight-decay: 0.001
      schedule: steps
      warmup: 0.1
      augment: false
      seed: 7
      validation: 0.2
      evaluate-every: 2
      evaluate-at: [0, 3]
      image-memory: 100
      damaged-images: skip
      """)
    let all = try Recipe.parse(yaml: place.text("all.yaml"), folder: place.folder.path)
    #expect(all.batchSize == 4 && all.learningRate == 0.3 && all.evaluateAt == [0, 3])
    #expect(all.methods.count == 4 && all.frozen == [.extractors] && all.rotations == .one)
  }

  @Test func everyKeyOfJSONIsStillWritten() throws {
    let place = try Workplace()
    try place.write("recipe.yaml", try text("recipe.yaml"))
    try place.copyFixture("library", to: "library")
    let keys = try #require(
      try JSONSerialization.jsonObject(with: Data(try text("json-keys.json").utf8))
        as? [String: [String]])
    let components = "run/components"
    let commands = [
      "train": ["train", "recipe.yaml", "--output", "run"],
      "evaluate": ["evaluate", "run"],
      "inspect": ["inspect", "\(components)/ink.extractor.safetensors"],
      "certify": [
        "certify", "\(components)/ink.extractor.safetensors", "\(components)/ink.head.safetensors",
        "--data", "made-up-ink",
      ],
      "library list": ["library", "list", "library"],
      "library verify": ["library", "verify", "library"],
      "bench step": [
        "bench", "step", "--depth", "8", "--batch", "2", "--image-size", "8", "--repeats", "1",
      ],
    ]
    for name in ["train", "evaluate", "inspect", "certify"] + commands.keys.sorted() {
      guard let arguments = commands[name] else { continue }
      if name == "train" && place.exists("run") { continue }
      let run = try place.dovetail(arguments + ["--json", "\(name).json"])
      // 3: incompatible, a verdict like the others.
      #expect(run.status == 0 || run.status == 3, "\(name): \(run.stderr)")
      let value = try JSONSerialization.jsonObject(with: place.read("\(name).json"))
      let now = Self.paths(value, "")
      let missing = try #require(keys[name]).filter { !now.contains($0) }
      #expect(missing == [], "\(name)")
    }
  }

  @Test func filesRunsAndLibrariesAreStillRead() throws {
    let place = try Workplace()
    try place.copyFixture("library", to: "library")
    let verified = try place.dovetail("library", "verify", "library", "--data", "made-up-ink")
    #expect(verified.status == 0, "\(verified.stdout)\(verified.stderr)")
    #expect(verified.stdout.contains("1 measured again"))
    let entries = try FileManager.default.contentsOfDirectory(atPath: place.url("library").path)
      .map { "library/\($0)/component.safetensors" }.filter(place.exists).sorted()
    let kinds = try entries.map { entry in
      let shown = try place.dovetail("inspect", entry, "--json", "-").json
      return (shown["component"] as? [String: Any])?["kind"] as? String
    }
    #expect(Set(kinds) == ["extractor", "head"])
    let extractor = entries[kinds[0] == "extractor" ? 0 : 1]
    let head = entries[kinds[0] == "extractor" ? 1 : 0]
    let joined = try place.dovetail("recombine", extractor, head, "--output", "ab.safetensors")
    #expect(joined.status == 0, "\(joined.stderr)")
    // A run of one task, as its directory was left; the fixture leaves out its rotation head.
    for name in ["results.json", "metrics.jsonl"] { try place.write("run/\(name)", try text(name)) }
    try place.write(
      "run/recipe.yaml",
      try text("recipe.yaml").split(separator: "\n", omittingEmptySubsequences: false)
        .filter { line in !["neon", "methods", "rotations"].contains { line.contains($0) } }
        .joined(separator: "\n"))
    for (file, name) in [(extractor, "ink.extractor"), (head, "ink.head")] {
      try place.write("run/components/\(name).safetensors", Array(try place.read(file)))
    }
    let evaluated = try place.dovetail("evaluate", "run", "--json", "-")
    #expect(evaluated.status == 0, "\(evaluated.stderr)")
    let tasks = try #require(try evaluated.json["tasks"] as? [[String: Any]])
    let before = try #require(
      try JSONSerialization.jsonObject(with: place.read("run/results.json")) as? [String: Any])
    let task = try #require((before["tasks"] as? [[String: Any]])?.first)
    #expect(tasks.count == 1)
    #expect(tasks[0]["ownAccuracy"] as? Double == task["ownAccuracy"] as? Double)
  }

  // MARK: The fixture

  private func text(_ name: String) throws -> String {
    try String(contentsOf: Self.fixture(name), encoding: .utf8)
  }

  fileprivate static func fixture(_ name: String) throws -> URL {
    try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
      .appendingPathComponent("version-0.1/\(name)")
  }

  /// Every path of keys to a value, `[]` for each element of a list.
  private static func paths(_ value: Any, _ path: String) -> Set<String> {
    if let object = value as? [String: Any] {
      let below = object.map { paths($1, path.isEmpty ? $0 : "\(path).\($0)") }
      return below.isEmpty ? [path] : below.reduce(into: []) { $0.formUnion($1) }
    }
    if let list = value as? [Any] {
      let below = list.map { paths($0, "\(path)[]") }
      return below.isEmpty ? ["\(path)[]"] : below.reduce(into: []) { $0.formUnion($1) }
    }
    return [path]
  }
}

extension Workplace {
  fileprivate func copyFixture(_ name: String, to target: String) throws {
    try FileManager.default.copyItem(at: try Version01Tests.fixture(name), to: url(target))
  }
}
