import BackendCPU
import Components
import Datasets
import Files
import Foundation
import Networks
import Tensors
import Testing

/// Weight files as people bring them: other types of numbers, other names, other files altogether.
@Suite final class ImportedFormsTests {
  let backend = CPUBackend(threads: 2)
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "dovetail-forms-\(UUID().uuidString)"
  ).path

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private var path: String { "\(folder)/w.safetensors" }

  private func options(
    _ name: Architecture.Name = .resnet, classes: Int = 7
  ) -> WeightImport.Options {
    var options = WeightImport.Options(
      classNames: (0..<classes).map { "class \($0)" },
      preprocessing: Preprocessing(
        imageSize: 32, normalization: Normalization(mean: [0, 0, 0], std: [1, 1, 1])))
    options.name = name
    return options
  }

  /// All tensors of a fresh network, extractor and head.
  private func weights(
    _ architecture: Architecture, classes: Int = 7
  ) throws -> [String: SafetensorsFile.Entry] {
    let names = (0..<classes).map { "class \($0)" }
    func tensors(_ layers: Sequential) throws -> [String: SafetensorsFile.Entry] {
      try Component(
        TaskHead(architecture: architecture, classNames: names, layers: layers), on: backend
      ).tensors
    }
    return try tensors(architecture.makeExtractor(on: backend, seed: 1))
      .merging(tensors(architecture.makeHead(classes: classes, on: backend, seed: 1))) { $1 }
  }

  private func write(
    _ tensors: [String: SafetensorsFile.Entry], renamed: (String) -> String = { $0 }
  ) throws {
    let named = Dictionary(uniqueKeysWithValues: tensors.map { (renamed($0.key), $0.value) })
    try AtomicFile.write(SafetensorsFile(tensors: named, metadata: [:]).bytes, to: path)
  }

  /// A safetensors file of another type of numbers.
  private func write(
    _ tensors: [String: SafetensorsFile.Entry], as type: String, _ bytes: (Float) -> [UInt8]
  ) throws {
    var data: [UInt8] = []
    let items = tensors.sorted { $0.key < $1.key }.map { name, entry in
      let start = data.count
      for value in entry.values { data += bytes(value) }
      let shape = entry.shape.map(String.init).joined(separator: ",")
      return "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":[\(shape)],"
        + "\"data_offsets\":[\(start),\(data.count)]}"
    }
    let header = Array("{\(items.joined(separator: ","))}".utf8)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    try AtomicFile.write(length + header + data, to: path)
  }

  private static func little<Bits: FixedWidthInteger>(_ bits: Bits) -> [UInt8] {
    (0..<Bits.bitWidth / 8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
  }

  @Test func numbersOfOtherTypesAreConverted() throws {
    let architecture = Architecture(depth: 8, split: .stage2)
    let whole = try weights(architecture)
    for (type, bytes, of) in [
      ("F64", { Self.little(Double($0).bitPattern) }, { $0 }),
      (
        "BF16", { Self.little(UInt16($0.bitPattern >> 16)) },
        { Float(bitPattern: $0.bitPattern & 0xFFFF_0000) }
      ),
      ("F16", { Self.little(Self.half($0)) }, { Self.float(Self.half($0)) }),
    ] as [(String, (Float) -> [UInt8], (Float) -> Float)] {
      try write(whole, as: type, bytes)
      let source = try WeightImport(path, options())
      #expect(source.notes == ["\(whole.count) tensors of \(type) are converted to F32"])
      let (extractor, _) = try source.components(on: backend)
      let got = try Component(extractor, on: backend).tensors
      for (name, entry) in got { #expect(entry.values == whole[name]?.values.map(of), "\(type)") }
    }
    // Too large for 32 bits is not finite there.
    try write(whole, as: "F64") { Self.little((Double($0) * 1e300).bitPattern) }
    let error = #expect(throws: FileError.self) { try WeightImport(self.path, self.options()) }
    #expect(error?.kind == .malformed && error?.problem.contains("inf") == true)
    try write(whole, as: "I32") { Self.little(Int32($0)) }
    #expect(throws: FileError.self) { try WeightImport(self.path, self.options()) }
  }

  /// By truncation: whatever the rounding, reading it back is exact.
  private static func half(_ value: Float) -> UInt16 {
    let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
    let magnitude = abs(value)
    if magnitude < 0x1p-14 { return sign | UInt16(magnitude * 0x1p24) }
    return sign | UInt16(Int(magnitude.exponent) + 15) << 10
      | UInt16((magnitude.significand - 1) * 1024)
  }

  private static func float(_ half: UInt16) -> Float {
    let (sign, exponent, fraction) = (half >> 15, Int(half >> 10 & 31), Float(half & 0x3FF))
    let value =
      exponent == 0
      ? fraction * 0x1p-24
      : Float(sign: .plus, exponent: exponent - 15, significand: 1)
        * (1 + fraction / 1024)
    return sign == 0 ? value : -value
  }

  @Test(arguments: ["module.", "model.", "backbone.", "module.model.net."])
  func aCommonPrefixIsTakenOff(_ prefix: String) throws {
    try write(try weights(Architecture(depth: 8, split: .stage2))) { prefix + $0 }
    let source = try WeightImport(path, options())
    #expect(source.notes == ["the prefix “\(prefix)” of all names is taken off"])
    _ = try source.components(on: backend)
  }

  @Test(arguments: ["shortcut", "downsample"])
  func projectionShortcutsAreRecognized(_ name: String) throws {
    let architecture = Architecture(depth: 14, split: .stage2, shortcut: .projection)
    let whole = try weights(architecture)
    #expect(whole["layer2.0.shortcut.0.weight"]?.shape == [32, 16, 1, 1])
    #expect(whole["layer1.0.shortcut.0.weight"] == nil)
    try write(whole) { $0.replacingOccurrences(of: "shortcut", with: name) }
    let source = try WeightImport(path, options())
    #expect(source.architecture == architecture && source.notes == [])
    let (extractor, head) = try source.components(on: backend)
    // A component's file says which it is, and is read again.
    let file = try Component(extractor, on: backend).file
    let again = try Component(file, path: "again")
    #expect(again.header.architecture == architecture)
    _ = try again.makeExtractor(path: "again", on: backend)
    #expect(try Recombination(extractor, head).fit.mismatches.isEmpty)
  }

  @Test func timmsMobileNetIsRecognized() throws {
    let groups = [1, 2, 3, 4, 3, 3, 1]
    var places: [Int: String] = [:]
    for (group, count) in groups.enumerated() {
      for block in 0..<count {
        places[1 + groups.prefix(group).reduce(0, +) + block] = "blocks.\(group).\(block)"
      }
    }
    func timm(_ name: String) -> String {
      for (own, theirs) in [
        ("features.0.0.", "conv_stem."), ("features.0.1.", "bn1."),
        ("features.18.0.", "conv_head."),
        ("features.18.1.", "bn2."), ("classifier.1.", "classifier."),
      ] where name.hasPrefix(own) { return theirs + name.dropFirst(own.count) }
      let parts = name.split(separator: ".").map(String.init)
      guard let number = Int(parts[1]), let place = places[number] else { return name }
      let layer = parts.dropFirst(3).dropLast().joined(separator: ".")
      let theirs =
        number == 1
        ? ["0.0": "conv_dw", "0.1": "bn1", "1": "conv_pw", "2": "bn2"]
        : [
          "0.0": "conv_pw", "0.1": "bn1", "1.0": "conv_dw", "1.1": "bn2", "2": "conv_pwl",
          "3": "bn3",
        ]
      return "\(place).\(theirs[layer]!).\(parts.last!)"
    }
    let whole = try weights(Architecture(name: .mobileNetV2))
    try write(whole, renamed: timm)
    let source = try WeightImport(path, options(.mobileNetV2))
    let (extractor, _) = try source.components(on: backend)
    for (name, entry) in try Component(extractor, on: backend).tensors {
      #expect(entry == whole[name], "\(name)")
    }
  }

  @Test func whatIsNotFiniteIsNamed() throws {
    var whole = try weights(Architecture(depth: 8, split: .stage2))
    whole["layer1.0.conv1.weight"]!.values[((3 * 16 + 2) * 3 + 1) * 3 + 2] = .nan
    try write(whole)
    let error = #expect(throws: FileError.self) { try WeightImport(self.path, self.options()) }
    #expect(error?.kind == .malformed)
    #expect(
      error?.problem.hasPrefix("tensor “layer1.0.conv1.weight”: the value at [3, 2, 1, 2] is nan")
        == true, "\(error!)")
  }

  @Test func otherFilesAreNamed() throws {
    let zip: [UInt8] = [0x50, 0x4B, 3, 4, 0, 0, 0, 0, 0, 0]
    for (bytes, words) in [
      (zip + Array("archive/data.pkl and more".utf8), ["PyTorch file (zip)", "torch.load"]),
      (zip + Array("a letter".utf8), ["a zip archive"]),
      ([0x80, 2, 0x8A, 10, 1, 2, 3, 4, 5, 6], ["PyTorch file (pickle)", "safetensors"]),
      (Array("\u{89}HDF".unicodeScalars.map { UInt8($0.value) }) + zip, ["HDF5"]),
    ] as [([UInt8], [String])] {
      let error = #expect(throws: SafetensorsError.self) { try SafetensorsIndex(bytes: bytes) }
      for word in words { #expect(error?.problem.contains(word) == true, "\(word)") }
    }
  }

  @Test func imageNetsNetworksAreNamed() throws {
    for (name, words) in [
      ("layer1.0.conv3.weight", "three convolutions"), ("layer4.0.conv1.weight", "a fourth stage"),
    ] {
      var whole = try weights(Architecture(depth: 8, split: .stage2))
      whole[name] = .init(shape: [1], values: [1])
      try write(whole)
      let error = #expect(throws: FileError.self) { try WeightImport(self.path, self.options()) }
      #expect(error?.problem.contains(words) == true)
    }
  }
}
