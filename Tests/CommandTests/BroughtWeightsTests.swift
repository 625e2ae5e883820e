import BackendCPU
import Components
import Foundation
import Networks
import Testing

/// Weights that people bring, through the whole command.
@Suite struct BroughtWeightsTests {
  private static func trained(_ place: Workplace, _ more: String = "") throws {
    try place.write("recipe.yaml", Recipes.tiny + more)
    let run = try place.dovetail(
      "train", "recipe.yaml", "--device", "cpu", "--output", "run", "--quiet")
    #expect(run.status == 0, "\(run.stderr)")
  }

  private func join(_ place: Workplace) throws -> CommandRun {
    try place.dovetail(
      "recombine", "run/components/ink.extractor.safetensors",
      "run/components/neon.head.safetensors", "--output", "new/folder/m.safetensors")
  }

  /// The first value of the last tensor of a file becomes NaN, and its digest that of what it holds.
  private func spoil(_ place: Workplace, _ name: String) throws {
    var bytes = [UInt8](try place.read(name))
    let backend = CPUBackend(threads: 1)
    if let file = try? SafetensorsFile(bytes: bytes), file.metadata["kind"] == "extractor" {
      let component = try Component(file, path: name)
      let extractor = try component.makeExtractor(path: name, on: backend)
      let tensor = extractor.layers.parameters[0].value
      var values = try backend.download(tensor)
      values[5] = .nan
      backend.upload(values, to: tensor)
      bytes = try Component(extractor, on: backend).file.bytes
    } else {
      // Of a model: the digest is looked at later.
      bytes.replaceSubrange((bytes.count - 4)..., with: [0, 0, 0xC0, 0x7F])
    }
    try place.write(name, bytes)
  }

  @Test func whatIsNotFiniteIsRefusedByEveryCommand() throws {
    let place = try Workplace()
    try Self.trained(place)
    #expect(try join(place).status == 0)
    let extractor = "run/components/ink.extractor.safetensors"
    try spoil(place, extractor)
    try spoil(place, "new/folder/m.safetensors")
    try place.write("pictures/a.jpg", [1])
    for arguments in [
      ["recombine", extractor, "run/components/neon.head.safetensors", "--output", "x"],
      [
        "certify", extractor, "run/components/neon.head.safetensors", "--data", "made-up-ink",
        "--device", "cpu",
      ],
      ["export", extractor, "--onnx", "x"],
      ["export", "new/folder/m.safetensors", "--onnx", "x"],
      ["predict", "new/folder/m.safetensors", "pictures", "--device", "cpu"],
    ] {
      let run = try place.dovetail(arguments)
      #expect(run.status == 65, "\(arguments): \(run.stderr)")
      #expect(run.stderr.contains("tensor “") && run.stderr.contains("] is nan"), "\(run.stderr)")
    }
    #expect(!place.exists("x"))
  }

  @Test func projectionShortcutsGoThroughEverything() throws {
    let place = try Workplace()
    try Self.trained(place, "architecture: {depth: 8, shortcut: projection}\n")
    let joined = try join(place)
    #expect(joined.status == 0 && joined.stdout.contains("resnet-8-projection"), "\(joined.stderr)")
    let shown = try place.dovetail("inspect", "run/components/ink.extractor.safetensors", "-t")
    #expect(shown.stdout.contains("layer2.0.shortcut.1.running_var"))
    let certified = try place.dovetail(
      "certify", "run/components/ink.extractor.safetensors",
      "run/components/neon.head.safetensors", "--data", "made-up-ink", "--device", "cpu")
    #expect([0, 3].contains(certified.status), "\(certified.stderr)")
    let exported = try place.dovetail("export", "new/folder/m.safetensors", "--onnx", "o/m.onnx")
    #expect(exported.status == 0 && place.exists("o/m.onnx"))
    // A model that normalizes by the batch does so in ONNX, too.
    #expect(exported.stderr.contains("normalizes by the batch"))
    for (opset, status) in [("12", 64), ("13", 0), ("21", 0), ("22", 64)] as [(String, Int32)] {
      let run = try place.dovetail(
        "export", "new/folder/m.safetensors", "--onnx", "o/\(opset)", "--opset", opset)
      #expect(run.status == status, "\(run.stderr)")
    }
  }

  @Test func foldersForResultsAreMade() throws {
    let place = try Workplace()
    try Self.trained(place)
    #expect(try join(place).status == 0)
    for (index, arguments) in [
      ["evaluate", "run", "--device", "cpu", "--json"],
      ["inspect", "new/folder/m.safetensors", "--json"], ["list", "--json"],
    ].enumerated() {
      let run = try place.dovetail(arguments + ["made/\(index)/out.json"])
      #expect(run.status == 0 && place.exists("made/\(index)/out.json"), "\(run.stderr)")
    }
    let added = try place.dovetail(
      "library", "add", "made/library", "run/components/ink.head.safetensors")
    #expect(added.status == 0, "\(added.stderr)")
  }

  @Test func whatWouldHelpIsNamedByItsOption() throws {
    let place = try Workplace()
    try Self.trained(place, "seed: 1\n")
    try place.write("other.yaml", Recipes.tiny)
    _ = try place.dovetail("train", "other.yaml", "--device", "cpu", "--output", "other", "--quiet")
    let pair = [
      "run/components/ink.extractor.safetensors", "other/components/ink.head.safetensors",
    ]
    let apart = try place.dovetail(["recombine"] + pair + ["--output", "x"])
    #expect(
      apart.status == 3 && apart.stderr.contains("--allow-different-space"), "\(apart.stderr)")
    #expect(try join(place).status == 0)
    try place.write("a.jpg", [1])
    let few = try place.dovetail(
      "predict", "new/folder/m.safetensors", "a.jpg", "--device", "cpu")
    #expect(few.status == 64 && few.stderr.contains("--allow-small-batch"), "\(few.stderr)")
  }

  @Test func whatAResultMeansIsSaid() throws {
    let place = try Workplace()
    try place.write(
      "r.yaml", Recipes.tiny.replacing("methods: [", with: "# methods: ["))
    let independent = try place.dovetail("train", "r.yaml", "--device", "cpu")
    #expect(
      independent.stdout.contains(
        "\nmethods: [identical-initial-weights, rotation-prediction, common-classes]\n"))
    #expect(independent.stderr.contains("\nCommon classes (9): arrow, "))
    try place.write(
      "none.yaml",
      """
      tasks:
        - {dataset: made-up-ink, classes: [arrow, boat]}
        - {dataset: made-up-neon, classes: [cup, house]}
      image-size: 8
      architecture: {depth: 50}
      batch: 2
      steps: 1
      """)
    let none = try place.dovetail("train", "none.yaml", "--device", "cpu")
    #expect(none.status == 0, "\(none.stderr)")
    #expect(
      none.stderr.contains("no common classes (made-up-ink: arrow, boat; made-up-neon: cup, house)")
    )
    #expect(none.stderr.components(separatedBy: "not ImageNet's ResNet-50").count == 2)
  }

  @Test func theFirstTryOfTheHelpIsARecipe() throws {
    let place = try Workplace()
    let help = try place.dovetail("train", "--help").stdout
    let lines = help.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let start = try #require(lines.firstIndex { $0.contains("printf") })
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", lines[start...(start + 1)].joined(separator: "\n")]
    process.currentDirectoryURL = place.folder
    try process.run()
    process.waitUntilExit()
    let run = try place.dovetail(
      "train", "try.yaml", "--device", "cpu", "--steps", "1", "--set", "image-size=8")
    #expect(run.status == 0, "\(run.stderr)")
    #expect(
      run.stdout.contains("identical-initial-weights + rotation-prediction + common-classes"))
  }
}
