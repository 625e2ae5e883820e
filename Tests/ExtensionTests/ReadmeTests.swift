import Datasets
import Dovetail
import Foundation
import Testing

/// The README's Swift, run as it is printed there, on small files in the data sets' forms.
@Suite(.serialized) struct ReadmeTests {
  /// The block between the markers below, and the README's.
  @Test func theReadmePrintsWhatIsTested() throws {
    let file = URL(fileURLWithPath: #filePath)
    func lines(_ text: Substring) -> [Substring] {
      text.split(separator: "\n", omittingEmptySubsequences: false)
    }
    let source = try String(contentsOf: file, encoding: .utf8)
    let start = try #require(source.range(of: "// README starts\n"))
    let end = try #require(source.range(of: "    // README ends\n"))
    let tested = lines(source[start.upperBound..<end.lowerBound]).map { $0.drop { $0 == " " } }
    let readme = try String(
      contentsOf: file.deletingLastPathComponent().appendingPathComponent("../../README.md"),
      encoding: .utf8)
    let block = try #require(readme.range(of: "```swift\nimport Dovetail\n\n"))
    let rest = readme[block.upperBound...]
    let printed = rest[..<(try #require(rest.range(of: "```"))).lowerBound]
    // But for the number of steps.
    let shortened = lines(printed).map { line in
      line.replacing("steps: 500, batchSize: 64", with: "steps: 2, batchSize: 8").drop { $0 == " " }
    }
    #expect(Array(shortened.joined(separator: "\n")) == Array(tested.joined(separator: "\n")))
  }

  @Test func itRuns() throws {
    let files = FileManager.default
    let before = files.currentDirectoryPath
    let folder = files.temporaryDirectory.appendingPathComponent("dovetail-readme-\(UUID())").path
    try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer {
      _ = files.changeCurrentDirectoryPath(before)
      try? files.removeItem(atPath: folder)
    }
    #expect(files.changeCurrentDirectoryPath(folder))
    try Self.writeData()
    // README starts
    let cifar = try Dataset.load(.cifar10, path: "data/cifar-10-batches-bin", imageSize: 32)
    let tin = try Dataset.load(.folder, path: "data/tin10", imageSize: 32)

    let training = CompatibleTraining(
      tasks: [.init("cifar10", cifar), .init("tin10", tin, synonyms: ["car": "automobile"])],
      methods: .all, steps: 2, batchSize: 8)
    let networks = try training.train(on: .best) { print("\($0.step)/\($0.steps)") }

    let model = try networks["cifar10"].extractor.joined(to: networks["tin10"].head)
    try model.write(to: "cifar10-tin10.safetensors")
    print(try model.certificate(on: cifar, own: networks["cifar10"].head))
    // README ends

    let read = try Model(contentsOf: "cifar10-tin10.safetensors")
    #expect(read.digest == model.digest)
    #expect(read.head.header.classNames == ["automobile", "cat", "ship"])
    #expect(
      Set(model.featureSpace.anchors.map(\.kind)) == [
        .rotationHead, .commonClassesHead, .initialWeights,
      ])
    #expect(networks.auxiliaryHeads.count == 2)
    #expect(throws: UnknownTaskError.self) { try networks["cifar"] }
    #expect(throws: KindError.self) {
      try networks["tin10"].head.joined(to: networks["cifar10"].head)
    }
  }

  /// What is wrong with data or settings is thrown, not trapped.
  @Test func wrongSettingsAreThrown() throws {
    let ink = try Dataset.load(.syntheticInk, path: nil, imageSize: 32)
    let one = CompatibleTraining(tasks: [.init("ink", ink)], methods: .all)
    #expect(throws: SettingsError.self) { try one.train(on: .cpu()) }
    var two = CompatibleTraining(tasks: [.init("a", ink), .init("b", ink)], methods: [])
    two.settings.imageSize = 64
    #expect(throws: SettingsError.self) { try two.train(on: .cpu()) }
    two.settings.imageSize = 32
    var same = two
    same.tasks[1].name = "a"
    #expect(throws: SettingsError.self) { try same.train(on: .cpu()) }
    two.settings.architecture.depth = 9
    #expect(throws: SettingsError.self) { try two.train(on: .cpu()) }
    #expect(throws: SettingsError.self) {
      try CompatibleTraining(tasks: [], methods: []).train(on: .cpu())
    }
  }

  /// A precision that cannot be had is refused: nothing slower or less exact takes its place.
  @Test func precisionThatCannotBeHadIsThrown() throws {
    let ink = try Dataset.load(.syntheticInk, path: nil, imageSize: 32)
    let one = CompatibleTraining(tasks: [.init("ink", ink)], methods: [], steps: 1, batchSize: 4)
    let error = #expect(throws: PrecisionError.self) {
      try one.train(on: .cpu(), precision: .tf32)
    }
    #expect(error?.description.contains("the CPU backend has no tensor cores") == true)
    // On a machine whose best device has tensor cores nothing is to be refused.
    let hasTensorCores = try OpenCLBackend.devices().contains { $0.tensorCoreObjection == nil }
    if !hasTensorCores {
      #expect(throws: PrecisionError.self) { try Device.best.open(precision: .tf32) }
    }
  }

  /// Forty images of CIFAR-10's ten classes, and a folder with three of them.
  private static func writeData() throws {
    let files = FileManager.default
    try files.createDirectory(
      atPath: "data/cifar-10-batches-bin", withIntermediateDirectories: true)
    func records(_ count: Int) -> Data {
      var bytes: [UInt8] = []
      for n in 0..<count {
        bytes.append(UInt8(n % 10))
        for i in 0..<3072 { bytes.append(UInt8(truncatingIfNeeded: n * 31 + i * 7)) }
      }
      return Data(bytes)
    }
    for (name, count) in [("data_batch_1", 40), ("test_batch", 20)] {
      try records(count).write(to: URL(fileURLWithPath: "data/cifar-10-batches-bin/\(name).bin"))
    }
    for part in ["train", "test"] {
      for (index, name) in ["car", "cat", "ship"].enumerated() {
        try files.createDirectory(
          atPath: "data/tin10/\(part)/\(name)", withIntermediateDirectories: true)
        for n in 0..<4 {
          let pixels = (0..<3072).map { i in UInt8(truncatingIfNeeded: i * (index + 2) + n * 40) }
          let bytes = try JPEG.encode(pixels, width: 32, height: 32, components: 3, quality: 95)
          try Data(bytes).write(to: URL(fileURLWithPath: "data/tin10/\(part)/\(name)/\(n).JPEG"))
        }
      }
    }
  }
}
