import Autograd
import BackendCPU
import Components
import Datasets
import Files
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

@Suite final class ImportTests {
  let backend = CPUBackend(threads: 2)
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "dovetail-import-\(UUID().uuidString)"
  ).path

  struct Fixture: Decodable {
    let batch: Int, size: Int, classes: Int
    let logits: [Double]
  }

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  // MARK: As Tools/make-import-fixtures.py makes them

  /// Uniform in [-1, 1): a 32-bit integer hash of (index, stream).
  static func noise(_ count: Int, _ stream: Int) -> [Double] {
    HashNoise.values(count, stream: stream)
  }

  /// PyTorch's names and shapes of a ResNet-8.
  static func shapes(classes: Int) -> [String: [Int]] {
    var shapes = [
      "conv1.weight": [16, 3, 3, 3], "linear.weight": [classes, 64], "linear.bias": [classes],
    ]
    func norm(_ name: String, _ channels: Int) {
      for part in ["weight", "bias", "running_mean", "running_var"] {
        shapes["\(name).\(part)"] = [channels]
      }
    }
    norm("bn1", 16)
    for (stage, outputs) in [(1, 16), (2, 32), (3, 64)] {
      let inputs = stage == 1 ? 16 : outputs / 2
      shapes["layer\(stage).0.conv1.weight"] = [outputs, inputs, 3, 3]
      shapes["layer\(stage).0.conv2.weight"] = [outputs, outputs, 3, 3]
      norm("layer\(stage).0.bn1", outputs)
      norm("layer\(stage).0.bn2", outputs)
    }
    return shapes
  }

  static func weights(classes: Int) -> [String: SafetensorsFile.Entry] {
    var tensors: [String: SafetensorsFile.Entry] = [:]
    for (stream, (name, shape)) in shapes(classes: classes).sorted(by: { $0.key < $1.key })
      .enumerated()
    {
      let noise = noise(shape.reduce(1, *), stream)
      let values: [Float]
      if shape.count > 1 {
        let bound = (6 / Double(shape.dropFirst().reduce(1, *))).squareRoot()
        values = noise.map { Float(bound * $0) }
      } else if name.hasSuffix("running_var") {
        values = noise.map { Float(1 + 0.5 * $0) }
      } else if name.hasSuffix("weight") {
        values = noise.map { Float(1 + 0.2 * $0) }
      } else {
        values = noise.map { Float(0.1 * $0) }
      }
      tensors[name] = .init(shape: shape, values: values)
    }
    return tensors
  }

  func write(
    _ tensors: [String: SafetensorsFile.Entry], renamed: (String) -> String = { $0 }
  ) throws -> String {
    let path = "\(folder)/weights.safetensors"
    let named = Dictionary(uniqueKeysWithValues: tensors.map { (renamed($0.key), $0.value) })
    try AtomicFile.write(SafetensorsFile(tensors: named, metadata: [:]).bytes, to: path)
    return path
  }

  func options(classes: Int = 7, size: Int = 16) -> WeightImport.Options {
    WeightImport.Options(
      classNames: (0..<classes).map { "class \($0)" },
      preprocessing: Preprocessing(
        imageSize: size, normalization: Normalization(mean: [0, 0, 0], std: [1, 1, 1])))
  }

  /// - Parameter images: `[N, 3, H, W]`, as PyTorch has them.
  func logits(
    _ extractor: FeatureExtractor, _ head: TaskHead, _ images: [Float], count: Int, size: Int
  ) throws -> [Float] {
    let area = size * size
    let nhwc = (0..<count * area * 3).map { index in
      let (n, pixel, c) = (index / (area * 3), index / 3 % area, index % 3)
      return images[(n * 3 + c) * area + pixel]
    }
    let network = try Recombination(extractor, head)
    let context = ForwardContext(
      tape: Tape(on: backend, recording: false), statistics: network.batchNorm.statistics)
    let x = Variable(backend.makeTensor([count, size, size, 3], nhwc))
    return try backend.download(network(x, context).value)
  }

  // MARK: Tests

  @Test(arguments: [Split.stage1, .stage2, .stage3])
  func aResNet8GivesPyTorchsLogits(_ split: Split) throws {
    let url = try #require(
      Bundle.module.url(
        forResource: "import-resnet8", withExtension: "json", subdirectory: "Fixtures"))
    let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
    // As DataParallel names them, the last layer as torchvision does.
    let path = try write(Self.weights(classes: fixture.classes)) {
      "module." + $0.replacingOccurrences(of: "linear", with: "fc")
    }
    var options = options(classes: fixture.classes, size: fixture.size)
    options.split = split
    let source = try WeightImport(path, options)
    #expect(source.architecture == Architecture(depth: 8, split: split))
    let (extractor, head) = try source.components(on: backend)
    let images = Self.noise(fixture.batch * 3 * fixture.size * fixture.size, 500)
    let got = try logits(
      extractor, head, images.map { Float(1.5 * $0) }, count: fixture.batch, size: fixture.size)
    #expect(got.count == fixture.logits.count)
    let worst = zip(got, fixture.logits).map { abs(Double($0) - $1) }.max()!
    #expect(worst < 1e-4, "\(worst)")
    #expect(fixture.logits.map(abs).max()! > 0.5)
  }

  @Test func bothHalvesShareTheFilesDigest() throws {
    let path = try write(Self.weights(classes: 7))
    let (extractor, head) = try WeightImport(path, options()).components(on: backend)
    let digest = Digest.hex([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    let model = try Recombination(extractor, head)
    #expect(model.fit.mismatches.isEmpty)
    #expect(model.fit.sharedAnchors == [Anchor(.sourceFile, digest)])
    #expect(extractor.interface.batchNorm == .running)
    #expect(extractor.stamp.lineage?.origin == .importing)
    #expect(extractor.stamp.lineage?.parents?.map(\.digest) == [digest])
  }

  @Test func nothingIsGuessedOrLeftOut() throws {
    let good = Self.weights(classes: 7)
    func refuses(
      _ message: String, _ options: WeightImport.Options? = nil,
      _ change: (inout [String: SafetensorsFile.Entry]) -> Void
    ) throws {
      var tensors = good
      change(&tensors)
      let path = try write(tensors)
      let error = #expect(throws: FileError.self) {
        _ = try WeightImport(path, options ?? self.options()).components(on: self.backend)
      }
      #expect(error?.problem.contains(message) == true, "\(error!)")
    }
    let one = SafetensorsFile.Entry(shape: [1], values: [1])
    try refuses("tensor “bn1.running_mean” is missing") { $0["bn1.running_mean"] = nil }
    try refuses("tensor “extra” is none of this architecture's") { $0["extra"] = one }
    try refuses("“layer2.0.shortcut.0.weight”: expected shape [32, 16, 1, 1], got [1]") {
      $0["layer2.0.shortcut.0.weight"] = one
    }
    try refuses("it has [7] outputs, 8 class names were given", options(classes: 8)) { _ in }
    try refuses("expected shape [16, 3, 3, 3], got [1]") { $0["conv1.weight"] = one }
    try refuses("tensor “linear.bias” is missing") { $0["linear.bias"] = nil }
    // Weights of a network of another family are told by its name.
    var asked = options()
    (asked.name, asked.preprocessing.imageSize) = (.mobileNetV2, 32)
    try refuses("its weights are those of resnet-8, mobilenet-v2 was asked for", asked) { _ in }
    // A prefix that only some names have is none.
    try refuses("tensor “module.bn1.bias” is none of this architecture's") {
      $0["module.bn1.bias"] = $0["bn1.bias"]
      $0["bn1.bias"] = nil
    }
  }

  /// The file that `Tools/make-import-fixtures.py --network` wrote with PyTorch and safetensors.
  static let made = ProcessInfo.processInfo.environment["DOVETAIL_PYTORCH_NETWORK"]

  @Test(.enabled(if: made != nil, "DOVETAIL_PYTORCH_NETWORK names no folder (Tools/test --all)"))
  func aNetworkThatPyTorchSavedGivesItsLogits() throws {
    let folder = try #require(Self.made)
    let expected = try SafetensorsFile(
      bytes: [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/case.safetensors"))))
    let images = try #require(expected.tensors["images"])
    let logits = try #require(expected.tensors["logits"])
    var options = options(classes: logits.shape[1], size: images.shape[2])
    if let name = expected.metadata["architecture"] { options.name = .init(rawValue: name) }
    let source = try WeightImport("\(folder)/weights.safetensors", options)
    let (extractor, head) = try source.components(on: backend)
    let got = try self.logits(
      extractor, head, images.values, count: images.shape[0], size: images.shape[2])
    let worst = zip(got, logits.values).map { abs($0 - $1) }.max()!
    print("\(source.architecture): logits within \(worst) of PyTorch's")
    #expect(worst < 1e-4 && logits.values.map(abs).max()! > 0.1)
  }
}
