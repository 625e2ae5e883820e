import Autograd
import BackendCPU
import Components
import Datasets
import Networks
import Tensors
import Testing

@Suite struct RecombinationTests {
  let backend = CPUBackend(threads: 2)

  func network(
    seed: UInt64, split: Split = .stage2
  ) -> (extractor: FeatureExtractor, head: TaskHead) {
    let architecture = Architecture(depth: 8, split: split)
    return (
      FeatureExtractor(
        architecture: architecture,
        preprocessing: Preprocessing(
          imageSize: 8, normalization: Normalization(mean: [0, 0, 0], std: [1, 1, 1])),
        layers: architecture.makeExtractor(on: backend, seed: seed)),
      TaskHead(
        architecture: architecture, classNames: ["a", "b", "c"],
        layers: architecture.makeHead(classes: 3, on: backend, seed: seed))
    )
  }

  func logits(_ body: (Variable, ForwardContext) -> Variable) throws -> [Float] {
    var random = RandomStream(seed: 3, .syntheticImages)
    let shape: Shape = [4, 8, 8, 3]
    let x = backend.makeTensor(shape, (0..<shape.count).map { _ in random.uniform() - 0.5 })
    let context = ForwardContext(
      tape: Tape(on: backend, recording: false), statistics: .batch(updateRunning: false))
    return try backend.download(body(Variable(x), context).value)
  }

  @Test func aNetworkRecombinedWithItselfIsBitEqual() throws {
    let network = network(seed: 1)
    let whole = try logits { network.head.layers(network.extractor.layers($0, $1), $1) }
    let recombined = try Recombination(network.extractor, network.head)
    #expect(try logits { recombined($0, $1) } == whole)
    #expect(whole.count == 12)
  }

  @Test func anExtractorFeedsAForeignHead() throws {
    let a = network(seed: 1)
    let b = network(seed: 2)
    let foreign = try Recombination(a.extractor, b.head)
    let own = try Recombination(a.extractor, a.head)
    #expect(try logits { foreign($0, $1) } != logits { own($0, $1) })
  }

  @Test func componentsOfDifferentCutsAreRefused() {
    let a = network(seed: 1, split: .stage1)
    let b = network(seed: 1, split: .stage3)
    let error = #expect(throws: RecombinationError.self) {
      try Recombination(a.extractor, b.head)
    }
    #expect(error?.extractorChannels == 16 && error?.headChannels == 64)
    #expect(
      error?.description == "the extractor gives 16 channels, the head takes 64: "
        + "recombine components that were cut at the same stage")
  }
}
