import Autograd
import Networks
import Tensors
import TestSupport
import Testing

@Suite struct ArchitectureTests {
  @Test(arguments: [8, 14, 20, 32, 44, 56, 110])
  func depthsOfTheForm6nPlus2AreValid(_ depth: Int) throws {
    try Architecture(depth: depth, split: .stage2).validate()
  }

  @Test(arguments: [
    (-4, "8 and 14"), (0, "8 and 14"), (2, "8 and 14"), (9, "8 and 14"), (18, "14 and 20"),
    (55, "50 and 56"), (57, "56 and 62"),
  ])
  func otherDepthsAreRefusedWithTheNearest(_ depth: Int, _ nearest: String) throws {
    let error = try #require(throws: ArchitectureError.self) {
      try Architecture(depth: depth, split: .stage2).validate()
    }
    #expect(error.description.contains("got \(depth)"))
    #expect(error.description.hasSuffix(nearest))
  }

  /// Parameters of the usual PyTorch versions with ten classes and option-A shortcuts.
  @Test(arguments: [(20, 269_722), (56, 853_018)])
  func sizeIsThatOfHeEtAl(_ depth: Int, _ count: Int) {
    let backend = makeBackend()
    let architecture = Architecture(depth: depth, split: .stage2)
    let parameters =
      architecture.makeExtractor(on: backend, seed: 0).parameters
      + architecture.makeHead(classes: 10, on: backend, seed: 0).parameters
    #expect(parameters.reduce(0) { $0 + $1.value.count } == count)
    #expect(Set(parameters.map(\.name)).count == parameters.count)
  }

  @Test func namesAreThoseOfTheUsualPyTorchVersions() {
    let backend = makeBackend()
    let architecture = Architecture(depth: 8, split: .stage2)
    let extractor = architecture.makeExtractor(on: backend, seed: 0)
    let head = architecture.makeHead(classes: 10, on: backend, seed: 0)
    #expect((extractor.parameters + head.parameters).map(\.name) == PyTorchTests.namesInOrder)
    #expect(head.parameters.first?.name == "layer3.0.conv1.weight")
    #expect(
      head.buffers.map(\.name) == [
        "layer3.0.bn1.running_mean", "layer3.0.bn1.running_var", "layer3.0.bn2.running_mean",
        "layer3.0.bn2.running_var",
      ])
  }

  @Test(arguments: Architecture.Name.resnet.splits)
  func cutIsWhatCrossesIt(_ split: Split) throws {
    let backend = makeBackend()
    let architecture = Architecture(depth: 8, split: split)
    let context = ForwardContext(
      tape: Tape(on: backend, recording: false), statistics: .batch(updateRunning: false))
    let images = Variable(Made.images(backend, count: 2))
    let features = architecture.makeExtractor(on: backend, seed: 0)(images, context)
    let (channels, divisor) = architecture.cut
    #expect(features.shape == [2, 32 / divisor, 32 / divisor, channels])
    let head = architecture.makeHead(classes: 7, on: backend, seed: 0)
    #expect(head(features, context).shape == [2, 7])
  }

  /// Where the network is cut changes nothing of it, neither weights nor result.
  @Test func everySplitIsTheSameNetwork() throws {
    let backend = makeBackend()
    let images = Variable(Made.images(backend, count: 2))
    let networks = try Architecture.Name.resnet.splits.map { split in
      let architecture = Architecture(depth: 14, split: split)
      let extractor = architecture.makeExtractor(on: backend, seed: 5)
      let head = architecture.makeHead(classes: 10, on: backend, seed: 5)
      let context = ForwardContext(
        tape: Tape(on: backend, recording: false), statistics: .batch(updateRunning: false))
      return (
        weights: try (extractor.parameters + head.parameters).snapshot(on: backend),
        logits: try backend.download(head(extractor(images, context), context).value)
      )
    }
    #expect(networks[1].weights == networks[0].weights)
    #expect(networks[2].weights == networks[0].weights)
    #expect(networks[1].logits == networks[0].logits)
    #expect(networks[2].logits == networks[0].logits)
  }

  /// Images of another size pass: the pool at the end takes what comes.
  @Test(arguments: [16, 33])
  func anyImageSizePasses(_ size: Int) {
    let backend = makeBackend()
    let architecture = Architecture(depth: 8, split: .stage2)
    let context = ForwardContext(
      tape: Tape(on: backend, recording: false), statistics: .batch(updateRunning: false))
    let images = Variable(Made.images(backend, count: 2, size: size))
    let features = architecture.makeExtractor(on: backend, seed: 0)(images, context)
    let head = architecture.makeHead(classes: 3, on: backend, seed: 0)
    #expect(head(features, context).shape == [2, 3])
  }
}
