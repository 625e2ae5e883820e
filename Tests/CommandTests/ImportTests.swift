import BackendCPU
import Components
import Foundation
import Networks
import Testing

@Suite struct ImportTests {
  /// A ResNet-14's weights as another program would have written them.
  private func weights(in place: Workplace) throws {
    let backend = CPUBackend(threads: 1)
    let architecture = Architecture(depth: 14, split: .stage1)
    var tensors: [String: SafetensorsFile.Entry] = [:]
    for layers in [
      architecture.makeExtractor(on: backend, seed: 1),
      architecture.makeHead(classes: 3, on: backend, seed: 1),
    ] {
      let record = try Component(
        TaskHead(architecture: architecture, classNames: ["a", "b", "c"], layers: layers),
        on: backend)
      tensors.merge(record.tensors) { first, _ in first }
    }
    try place.write(
      "w.safetensors", SafetensorsFile(tensors: tensors, metadata: ["format": "pt"]).bytes)
  }

  @Test func weightsBecomeTwoComponentsThatFit() throws {
    let place = try Workplace()
    try weights(in: place)
    let shown = try place.dovetail("inspect", "w.safetensors")
    #expect(shown.status == 0 && shown.stdout.contains("of another program"))
    #expect(shown.stdout.contains("layer2.1.bn2.running_var"))

    let run = try place.dovetail(
      "import", "w.safetensors", "--architecture", "resnet", "--split", "stage2", "--classes",
      "Cat,dog,ship", "--mean", "0.5,0.5,0.5", "--std", "0.2,0.2,0.2", "--output", "parts")
    #expect(run.status == 0, "\(run.stderr)")
    #expect(run.stdout.contains("resnet-14, cut after stage2, 3 classes"))
    #expect(
      place.files(below: "parts") == ["w.extractor.safetensors", "w.head.safetensors"])
    let head = try place.dovetail("inspect", "parts/w.head.safetensors", "--json", "-").json
    let component = try #require(head["component"] as? [String: Any])
    #expect(component["kind"] as? String == "head")
    let part = try #require((component["parts"] as? [[String: Any]])?.first)
    #expect(part["classNames"] as? [String] == ["Cat", "dog", "ship"])
    let joined = try place.dovetail(
      "recombine", "parts/w.extractor.safetensors", "parts/w.head.safetensors", "--output", "m")
    #expect(joined.status == 0 && joined.stdout.contains("source-file"), "\(joined.stderr)")

    // Equal imports are equal files.
    _ = try place.dovetail(
      "import", "w.safetensors", "--architecture", "resnet", "--depth", "14", "--split", "stage2",
      "--classes", "cat,dog,ship", "--mean", "0.5,0.5,0.5", "--std", "0.2,0.2,0.2", "--output",
      "again")
    #expect(
      try place.read("again/w.extractor.safetensors")
        == place.read("parts/w.extractor.safetensors"))
  }

  @Test func whatCannotBeImportedLeavesNothing() throws {
    let place = try Workplace()
    try weights(in: place)
    try place.write("text", "no weights")
    for (file, arguments, status, message) in [
      ("w.safetensors", ["--classes", "a,b"], 65, "2 class names were given"),
      ("w.safetensors", ["--classes", "a,b,c", "--depth", "20"], 65, "resnet of depth 14"),
      ("w.safetensors", ["--classes", "a,b,c", "--resize", "16"], 64, "less than the image's 32"),
      (
        "w.safetensors", ["--classes", "a,b,c", "--config", "text"], 65, "no configuration of timm"
      ),
      ("w.safetensors", ["--classes", "a,b,c", "--config", "nothing"], 66, "no such file"),
      ("w.safetensors", ["--classes", "a,b,c", "--adapter", "0"], 64, "expected 1 to 4096"),
      ("w.safetensors", ["--classes", "a,b,c", "--split", "block2"], 78, "stage1 to stage3"),
      ("w.safetensors", ["--classes", "a,b,b"], 64, "both be"),
      ("text", ["--classes", "a"], 65, "not a valid safetensors file"),
      ("nothing", ["--classes", "a"], 66, "no such file"),
    ] as [(String, [String], Int32, String)] {
      let run = try place.dovetail(
        ["import", file, "--architecture", "resnet", "--output", "parts"] + arguments)
      #expect(run.status == status && run.stderr.contains(message), "\(run.stderr)")
      #expect(!place.exists("parts"))
    }
    #expect(try place.dovetail("inspect", "text").status == 65)
    #expect(try place.dovetail("inspect", "nothing").status == 66)
  }
}
