import BackendCPU
import Components
import Datasets
import Files
import Foundation
import Networks
import Tensors
import Testing

/// Weights with torchvision's names of ImageNet's ResNets, adapters, and timm's configurations.
@Suite final class ImageNetImportTests {
  let backend = CPUBackend(threads: 2)
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "dovetail-imagenet-\(UUID().uuidString)"
  ).path

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private var path: String { "\(folder)/w.safetensors" }

  private func options(size: Int = 224) -> WeightImport.Options {
    var options = WeightImport.Options(
      classNames: ["cat", "dog", "ship"],
      preprocessing: Preprocessing(
        imageSize: size, normalization: Normalization(mean: [0, 0, 0], std: [1, 1, 1]),
        framing: .crop(shorterSide: size * 8 / 7, filter: .bilinear)))
    options.name = .imageNetResNet
    return options
  }

  /// All tensors of a fresh network, running statistics of its own.
  private func weights(
    _ depth: Int, _ resolution: Architecture.Resolution = .standard
  ) throws -> [String: SafetensorsFile.Entry] {
    let architecture = Architecture(
      name: .imageNetResNet, depth: depth, resolution: resolution)
    func tensors(_ layers: Sequential) throws -> [String: SafetensorsFile.Entry] {
      try Component(
        TaskHead(architecture: architecture, classNames: ["a", "b", "c"], layers: layers),
        on: backend
      ).tensors
    }
    var all = try tensors(architecture.makeExtractor(on: backend, seed: 1))
      .merging(tensors(architecture.makeHead(classes: 3, on: backend, seed: 1))) { $1 }
    for (name, entry) in all where entry.shape.count == 1 {
      all[name]!.values = entry.values.indices.map { 0.5 + Float($0 % 7) / 8 }
    }
    return all
  }

  private func write(_ tensors: [String: SafetensorsFile.Entry]) throws {
    try AtomicFile.write(SafetensorsFile(tensors: tensors, metadata: [:]).bytes, to: path)
  }

  /// SHA-256 over the lines “name shape” of torchvision 0.28's state dictionaries, sorted, without
  /// `num_batches_tracked`: `Tools/make-import-fixtures.py --names`.
  static let torchvisions = [
    18: "c033d6c201cb8cd96f6fbdbc51e834c0895033257ddd84d4f54c34a9a1415c52",
    34: "dadde30a78d6cb6928f3a5e85c205b6317672df790dbb8377a0f12c36d3dee42",
    50: "041082ef61c6aa3954773fc3a8b0d406fcb10a49b04af38bf4c9962dae88d39e",
    101: "7c3cfefc8b3b16bf5be44c604f6ecfa73fe496458ad3da37352ff473d0ddf0c4",
  ]

  @Test(arguments: [18, 34, 50, 101]) func namesAndShapesAreTorchvisions(_ depth: Int) throws {
    let architecture = Architecture(name: .imageNetResNet, depth: depth, resolution: .standard)
    let extractor = architecture.makeExtractor(on: backend, seed: 0)
    let head = architecture.makeHead(classes: 10, on: backend, seed: 0)
    let lines = try [extractor, head].flatMap { layers in
      try Component(
        TaskHead(
          architecture: architecture, classNames: (0..<10).map { "\($0)" }, layers: layers),
        on: backend
      ).tensors.map { "\($0.key) \($0.value.shape)" }
    }.sorted()
    #expect(Digest.hex(Array(lines.joined(separator: "\n").utf8)) == Self.torchvisions[depth])
  }

  /// In and out again: the same tensors, bit for bit, at any cut.
  @Test(arguments: [(18, 1), (18, 4), (50, 3)])
  func whatIsImportedIsWhatTheFileHolds(_ depth: Int, _ stage: Int) throws {
    let whole = try weights(depth)
    var file = whole
    file["bn1.num_batches_tracked"] = .init(shape: [], values: [3])
    try write(file)
    var options = options()
    options.split = .stage(stage)
    let source = try WeightImport(path, options)
    #expect(
      source.architecture
        == Architecture(
          name: .imageNetResNet, depth: depth, split: .stage(stage), resolution: .standard))
    let (extractor, head) = try source.components(on: backend)
    let parts = try [
      Component(extractor, on: backend).tensors, Component(head, on: backend).tensors,
    ]
    #expect(parts[0].count + parts[1].count == whole.count)
    let joined = parts[0].merging(parts[1]) { $1 }
    let (again, before) = (
      try SafetensorsFile(tensors: joined, metadata: [:]).bytes,
      try SafetensorsFile(tensors: whole, metadata: [:]).bytes
    )
    #expect(again == before)
    #expect(extractor.preprocessing == options.preprocessing)
    // And through its own file.
    let place = "\(folder)/e.safetensors"
    try ComponentFile.save(extractor, to: place, on: backend)
    let read = try ComponentFile.read(place)
    #expect(read.tensors == parts[0] && read.header.preprocessing == options.preprocessing)
  }

  /// A 3×3 stem is that for small images, whatever the size of the images.
  @Test func theStemTellsTheResolution() throws {
    try write(try weights(18, .small))
    #expect(try WeightImport(path, options(size: 224)).architecture.resolution == .small)
    try write(try weights(18, .standard))
    #expect(try WeightImport(path, options(size: 64)).architecture.resolution == .standard)
  }

  @Test func otherNetworksAreRefused() throws {
    func refuses(
      _ message: String, _ options: WeightImport.Options? = nil,
      _ change: (inout [String: SafetensorsFile.Entry]) -> Void = { _ in }
    ) throws {
      var tensors = try weights(18)
      change(&tensors)
      try write(tensors)
      let error = #expect(throws: FileError.self) {
        _ = try WeightImport(self.path, options ?? self.options()).components(on: self.backend)
      }
      #expect(error?.problem.contains(message) == true, "\(error!)")
    }
    let one = SafetensorsFile.Entry(shape: [1], values: [1])
    var depth = options()
    depth.depth = 50
    try refuses("those of an imagenet-resnet of depth 18, depth 50 was asked for", depth)
    var classes = options()
    classes.classNames = ["cat", "dog"]
    try refuses("it has [3] outputs, 2 class names were given", classes)
    try refuses("a name of MobileNets") { $0["features.0.0.weight"] = one }
    try refuses("architecture resnet") { $0["linear.weight"] = one }
    try refuses("a stem of three convolutions") { $0["conv1.0.weight"] = one }
    try refuses("squeeze and excitation") { $0["layer1.0.se.fc1.weight"] = one }
    try refuses("tensor “layer4.1.bn2.running_var” is missing") {
      $0["layer4.1.bn2.running_var"] = nil
    }
    var size = options()
    size.preprocessing.imageSize = 72
    try refuses("an image size of 72 is no multiple of 16", size)
    var resnet = options()
    resnet.name = .resnet
    try refuses("a fourth stage, as ImageNet's ResNets have (architecture imagenet-resnet)", resnet)
  }

  @Test func anAdapterComesOnTop() throws {
    try write(try weights(18))
    let (extractor, head) = try WeightImport(path, options()).components(on: backend)
    let adapted = try extractor.adapted(to: 64, seed: 3, on: backend)
    #expect(adapted.architecture.cut == (64, 16))
    #expect(adapted.architecture.isAdapted(extractor.architecture))
    #expect(adapted.preprocessing == extractor.preprocessing)
    var tensors = try Component(adapted, on: backend).tensors
    for name in ["0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var"] {
      #expect(tensors.removeValue(forKey: "adapter.\(name)") != nil)
    }
    #expect(tensors == (try Component(extractor, on: backend).tensors))
    // What it means is not known yet: nothing fits.
    #expect(adapted.stamp.featureSpace.isUnknown && adapted.stamp.lineage?.origin == .adapter)
    #expect(throws: RecombinationError.self) { try Recombination(adapted, head) }
    #expect(
      throws: ArchitectureError("adapter", "the extractor has one to 64 channels")
    ) { try adapted.adapted(to: 32, seed: 0, on: self.backend) }
    let again = try extractor.adapted(to: 64, seed: 3, on: backend)
    #expect(try Component(again, on: backend).header == Component(adapted, on: backend).header)
  }

  @Test func timmsConfigurationsAreRead() throws {
    func read(_ text: String) throws -> Preprocessing {
      try AtomicFile.write(Array(text.utf8), to: "\(folder)/config.json")
      return try TimmConfig.preprocessing("\(folder)/config.json")
    }
    let nested = try read(
      """
      {"architecture": "resnet18", "num_classes": 1000, "pretrained_cfg": {"tag": "a1_in1k",
      "input_size": [3, 224, 224], "interpolation": "bicubic", "crop_pct": 0.95,
      "crop_mode": "center", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}}
      """)
    #expect(
      nested.form == PictureForm(size: 224, framing: .crop(shorterSide: 235, filter: .bicubic)))
    #expect(nested.normalization.mean == [0.485, 0.456, 0.406])
    let flat = try read(#"{"input_size": [3, 160, 160], "interpolation": "bilinear"}"#)
    #expect(
      flat.form == PictureForm(size: 160, framing: .crop(shorterSide: 182, filter: .bilinear)))
    for (text, problem) in [
      ("[]", "no configuration of timm's"), ("{}", "input_size: expected [3, size, size]"),
      (#"{"input_size": [3, 224, 200]}"#, "input_size"),
      (#"{"input_size": [3, 224, 224], "interpolation": "nearest"}"#, "bilinear or bicubic"),
      (#"{"input_size": [3, 224, 224], "crop_mode": "squash"}"#, "crop_mode: expected center"),
      (#"{"input_size": [3, 224, 224], "crop_pct": 0}"#, "crop_pct"),
    ] {
      let error = #expect(throws: FileError.self) { try read(text) }
      #expect(error?.problem.contains(problem) == true, "\(error!)")
    }
  }

  /// Extractors of earlier versions say nothing of a framing, and those of the middle square still do.
  @Test func preprocessingIsWrittenAsItWas() throws {
    let plain = Preprocessing(
      imageSize: 32, normalization: Normalization(mean: [0.5, 0.5, 0.5], std: [1, 1, 1]))
    let text = String(decoding: try JSONEncoder().encode(plain), as: UTF8.self)
    #expect(!text.contains("framing") && text.contains("normalisation"))
    #expect(try JSONDecoder().decode(Preprocessing.self, from: Data(text.utf8)) == plain)
    var cropped = plain
    cropped.framing = .crop(shorterSide: 36, filter: .bicubic)
    let data = try JSONEncoder().encode(cropped)
    #expect(try JSONDecoder().decode(Preprocessing.self, from: data) == cropped)
  }
}
