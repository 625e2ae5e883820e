import BackendCPU
import ComponentLibrary
import Components
import Datasets
import Files
import Foundation
import Networks
import Tensors
import Testing

@Suite final class LibraryTests {
  let backend = CPUBackend(threads: 1)
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "dovetail-library-\(UUID().uuidString)"
  ).path
  static let architecture = Architecture(depth: 8, split: .stage2)

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  var library: ComponentLibrary { ComponentLibrary("\(folder)/library") }

  func anchor(_ digit: Int) -> Anchor {
    Anchor(.rotationHead, String(repeating: "\(digit)", count: 64))
  }

  /// An extractor's file, another one for each seed.
  @discardableResult
  func extractor(_ seed: UInt64, space: [Anchor] = [], parents: [String] = []) throws -> String {
    var lineage = Lineage(origin: .adaptation)
    lineage.task = "task \(seed)"
    lineage.parents = parents.map { .init(role: "extractor", digest: $0) }
    let extractor = FeatureExtractor(
      architecture: Self.architecture,
      preprocessing: Preprocessing(
        imageSize: 8, normalization: Normalization(mean: [0, 0, 0], std: [1, 1, 1])),
      layers: Self.architecture.makeExtractor(on: backend, seed: seed),
      stamp: ComponentStamp(featureSpace: FeatureSpace(space), lineage: lineage))
    let path = "\(folder)/e\(seed)"
    try ComponentFile.save(extractor, to: path, on: backend)
    return path
  }

  func head(_ seed: UInt64, _ classNames: [String], space: [Anchor]) throws -> String {
    let head = TaskHead(
      architecture: Self.architecture, classNames: classNames,
      layers: Self.architecture.makeHead(classes: classNames.count, on: backend, seed: seed),
      stamp: ComponentStamp(featureSpace: FeatureSpace(space)))
    let path = "\(folder)/h\(seed)"
    try ComponentFile.save(head, to: path, on: backend)
    return path
  }

  @Test func whatIsAddedIsThereOnceUnderItsDigest() throws {
    let file = try extractor(1)
    let (digest, isNew) = try library.add(file)
    #expect(isNew)
    #expect(try library.add(file) == (digest, false))
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
    #expect(digest == Digest.hex(bytes))
    #expect(
      try FileManager.default.subpathsOfDirectory(atPath: library.path).sorted()
        == [digest, "\(digest)/component.safetensors"])
    let contents = try library.contents()
    #expect(contents.entries.map(\.digest) == [digest] && contents.problems.isEmpty)
    #expect(contents.entries[0].component?.lineage?.task == "task 1")
    // By its own digest or by that of its weights.
    #expect(try library.find(String(digest.prefix(8))).digest == digest)
    #expect(
      try library.find(String(ComponentFile.read(file).header.digest.prefix(8))).digest == digest)
    try library.remove(String(digest.prefix(8)))
    #expect(try FileManager.default.contentsOfDirectory(atPath: library.path) == [])
  }

  @Test func damageIsFound() throws {
    let good = try library.add(try extractor(1)).digest
    let bad = try library.add(try extractor(2)).digest
    let file = URL(fileURLWithPath: "\(library.path)/\(bad)/component.safetensors")
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: file)
    let contents = try library.contents()
    #expect(contents.entries.map(\.digest) == [good])
    #expect(contents.problems.map(\.path) == [file.path])
    #expect(contents.problems[0].problem.contains("is damaged"))
    let error = #expect(throws: FileError.self) { try library.add("\(folder)/e2") }
    #expect(error?.problem.contains("is there already, and damaged") == true)
    try library.remove(String(bad.prefix(9)))
    #expect(try library.contents().problems.isEmpty && library.add("\(folder)/e2").isNew)
    try bytes.write(to: file)
    // A second file, and a folder that is none of it.
    try Data().write(to: URL(fileURLWithPath: "\(library.path)/\(good)/more"))
    try FileManager.default.createDirectory(
      atPath: "\(library.path)/mine", withIntermediateDirectories: true)
    #expect(try library.contents().problems.count == 3)
  }

  @Test func whatIsNoComponentIsNotAdded() throws {
    try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(folder)/x"))
    try Data("GIF89a".utf8).write(to: URL(fileURLWithPath: "\(folder)/y"))
    for name in ["x", "y"] {
      let error = #expect(throws: FileError.self) { try library.add("\(folder)/\(name)") }
      #expect(error?.kind == .malformed)
    }
    let missing = #expect(throws: FileError.self) { try library.add("\(folder)/z") }
    #expect(missing?.kind == .missing)
    #expect(!FileManager.default.fileExists(atPath: library.path))
  }

  @Test func linksAreRefusedEverywhere() throws {
    let files = FileManager.default
    let digest = try library.add(try extractor(1)).digest
    let outside = "\(folder)/outside"
    try files.createDirectory(atPath: outside, withIntermediateDirectories: true)
    // The file that is added.
    try files.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: "\(folder)/e1")
    let added = #expect(throws: FileError.self) { try library.add("\(folder)/link") }
    #expect(added?.problem.contains("symbolic link") == true)
    // An entry's folder, with a good entry behind the link.
    let entry = "\(library.path)/\(digest)"
    try files.moveItem(atPath: entry, toPath: "\(outside)/entry")
    try files.createSymbolicLink(atPath: entry, withDestinationPath: "\(outside)/entry")
    var contents = try library.contents()
    #expect(contents.entries.isEmpty && contents.problems.count == 1)
    #expect(contents.problems.first?.problem.contains("symbolic link") == true)
    // Only the link is removed, not what it points to.
    try library.remove(digest)
    #expect(files.fileExists(atPath: "\(outside)/entry/component.safetensors"))
    // The file in it.
    try files.createDirectory(atPath: entry, withIntermediateDirectories: true)
    try files.createSymbolicLink(
      atPath: "\(entry)/component.safetensors",
      withDestinationPath: "\(outside)/entry/component.safetensors")
    contents = try library.contents()
    #expect(contents.entries.isEmpty)
    #expect(contents.problems.first?.problem.contains("symbolic link") == true)
  }

  @Test func searchGoesByInterfaceSpaceAndLabels() throws {
    let one = try library.add(try extractor(1, space: [anchor(1)])).digest
    let two = try library.add(try extractor(2, space: [anchor(2)])).digest
    let file = try head(3, ["cat", "dog"], space: [anchor(1), anchor(3)])
    let three = try library.add(file).digest
    func found(_ change: (inout ComponentQuery) -> Void) throws -> [String] {
      var query = ComponentQuery()
      change(&query)
      return try library.search(query).map(\.digest)
    }
    #expect(try found { _ in } == [one, two, three].sorted())
    #expect(try found { $0.kind = .head } == [three])
    #expect(try found { $0.channels = 64 } == [])
    #expect(try found { $0.channels = 32 } == [one, two, three].sorted())
    #expect(try found { $0.activation = Activation.none } == [])
    #expect(try found { $0.batchNorm = .running } == [])
    #expect(try found { $0.anchor = "111" } == [one, three].sorted())
    #expect(try found { $0.labels = ["Cat"] } == [three])
    #expect(try found { $0.labels = ["cat", "fox"] } == [])
    let header = try ComponentFile.read(file).header
    #expect(try found { $0.fits = header } == [one])
    let other = try ComponentFile.read("\(folder)/e2").header
    #expect(try found { $0.fits = other } == [])
  }

  @Test func lineageIsATree() throws {
    let first = try ComponentFile.read(try extractor(1)).header.digest
    let second = try ComponentFile.read(
      try extractor(2, parents: [first, String(repeating: "f", count: 64)])
    ).header.digest
    try library.add("\(folder)/e1")
    try library.add("\(folder)/e2")
    let text = try library.lineage(of: try library.find(second))
    #expect(
      text == """
        extractor of task 2 \(second.prefix(12))
        ├─ from extractor \(first.prefix(12))
        └─ from extractor ffffffffffff (not here)
        """)
    #expect(
      try library.lineage(of: try library.find(first))
        .contains("to extractor of task 2 \(second.prefix(12))"))
  }
}
