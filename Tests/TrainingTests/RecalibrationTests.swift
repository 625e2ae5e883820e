import Autograd
import BackendCPU
import Components
import Datasets
import Evaluation
import Foundation
import Networks
import Tensors
import Testing
import Training

@Suite struct RecalibrationTests {
  let backend = CPUBackend(threads: 2)

  private func network() throws -> (Recombination, ImageSet) {
    let trainer = try Tiny.trainer(Tiny.recipe(tasks: 1), [Tiny.two[0]], on: backend)
    try trainer.run()
    let network = trainer.networks[0]
    return (try Recombination(network.extractor, network.head), network.dataset.train)
  }

  /// In double precision, with loops of its own: the first two batch norms of a network see what
  /// the convolutions before them give for all batches; the second's inputs depend on how the
  /// images were dealt into batches. Statistics pool exactly, whatever the batches' sizes.
  @Test(arguments: [20, 7, 3]) func statisticsAreThoseOfAllBatchesTogether(_ batchSize: Int) throws
  {
    let (network, images) = try network()
    let layers = network.extractor.layers.layers
    let stem = try #require(layers[0] as? Convolution)
    let norm = try #require(layers[1] as? BatchNorm)
    let block = try #require(layers[2] as? ResidualBlock)
    var seen = (first: [Double](), second: [Double]())
    var random = RandomStream(seed: 0, .evaluationOrder)
    let order = random.permutation(images.count)
    let batches = (images.count + batchSize - 1) / batchSize
    for index in 0..<batches {
      let chosen = order[index * images.count / batches..<(index + 1) * images.count / batches]
      let normalization = network.extractor.preprocessing.normalization
      let pixels = chosen.flatMap { image -> [Float] in
        let size = Tiny.size * Tiny.size * 3
        return images.bytes[image * size..<(image + 1) * size].enumerated().map {
          (Float($1) / 255 - normalization.mean[$0 % 3]) / normalization.std[$0 % 3]
        }
      }
      let x = Variable(
        backend.makeTensor([chosen.count, Tiny.size, Tiny.size, 3], pixels))
      let context = ForwardContext(
        tape: Tape(on: backend, recording: false), statistics: .batch(updateRunning: false))
      let first = try backend.download(stem(x, context).value).map(Double.init)
      seen.first += first
      let gamma = try backend.download(norm.gamma.value).map(Double.init)
      let beta = try backend.download(norm.beta.value).map(Double.init)
      let (mean, variance) = moments(first, channels: gamma.count)
      let active = first.enumerated().map { index, value in
        let c = index % gamma.count
        let unit = (value - mean[c]) / (variance[c] + Double(BatchNorm.epsilon)).squareRoot()
        return Float(max(0, gamma[c] * unit + beta[c]))
      }
      let hidden = Variable(
        backend.makeTensor([chosen.count, Tiny.size, Tiny.size, gamma.count], active))
      seen.second += try backend.download(block.conv1(hidden, context).value).map(Double.init)
    }
    try Recalibration.recalibrate(network, on: images, batchSize: batchSize, backend: backend)
    for (norm, values) in [(norm, seen.first), (block.bn1, seen.second)] {
      let found = try [norm.runningMean, norm.runningVariance].map {
        try backend.download($0.value)
      }
      let (mean, variance) = moments(values, channels: found[0].count)
      for c in mean.indices {
        let spread = variance[c].squareRoot()
        #expect(abs(Double(found[0][c]) - mean[c]) <= 1e-4 * max(spread, 0.01))
        #expect(abs(Double(found[1][c]) - variance[c]) <= 1e-4 * max(variance[c], 1e-4))
      }
    }
  }

  /// Mean and biased variance of each channel.
  private func moments(
    _ values: [Double], channels: Int
  ) -> (mean: [Double], variance: [Double]) {
    let all = (0..<channels).map { channel in
      let own = stride(from: channel, to: values.count, by: channels).map { values[$0] }
      let mean = own.reduce(0, +) / Double(own.count)
      return (mean, own.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(own.count))
    }
    return (all.map(\.0), all.map(\.1))
  }

  /// With all images in one batch it predicts as by the batch's statistics: all layers are right.
  @Test func oneBatchPredictsAsItsOwnStatistics() throws {
    let (network, images) = try network()
    let evaluator = Evaluator(batchSize: images.count, on: backend)
    let expected = try evaluator.logits(network, images)
    try Recalibration.recalibrate(
      network, on: images, batchSize: images.count, backend: backend)
    let found = try evaluator.logits(network, images)
    for (a, b) in zip(expected, found) { #expect(abs(a - b) <= 1e-4 * max(1, abs(a))) }
  }

  /// A device's error half-way must not leave half a network; nor may fixed statistics be asked of
  /// a single image.
  @Test func tooFewImagesChangeNothing() throws {
    let (network, images) = try network()
    let before = try Tiny.state(network.extractor.layers, on: backend)
    #expect(throws: DatasetError.self) {
      try Recalibration.recalibrate(network, on: images.subset([0]), batchSize: 8, backend: backend)
    }
    #expect(try Tiny.state(network.extractor.layers, on: backend) == before)
    #expect(network.batchNorm == .batch)
  }

  /// Neither order nor company counts.
  @Test func aPredictionDependsOnItsImageAlone() throws {
    let (network, images) = try network()
    let outputs = network.head.classNames.count
    func alone(_ index: Int) throws -> [Float] {
      try Evaluator(batchSize: 2, on: backend).logits(network, images.subset([index]))
    }
    let before = try Evaluator(batchSize: 20, on: backend).logits(network, images)
    #expect(try alone(3) != Array(before[3 * outputs..<4 * outputs]))
    try Recalibration.recalibrate(network, on: images, batchSize: 8, backend: backend)
    let all = try Evaluator(batchSize: 20, on: backend).logits(network, images)
    for index in [0, 3, 19] {
      for (a, b) in zip(try alone(index), all[index * outputs..<(index + 1) * outputs]) {
        #expect(abs(a - b) <= 1e-5 * max(1, abs(b)))
      }
    }
  }

  @Test func aModelSaysWhatItWasRecalibratedOn() throws {
    let (network, images) = try network()
    let digests = ["a", "d"].map { String(repeating: $0, count: 64) }
    network.extractor.stamp.featureSpace = FeatureSpace([Anchor(.sharedHead, digests[0])])
    network.head.stamp.featureSpace = network.extractor.stamp.featureSpace
    let model = try Model(network, on: backend)
    func recalibrated() throws -> Model {
      try model.recalibrated(
        on: images, named: "tiny", digest: digests[1], batchSize: 8, path: "m", backend: backend)
    }
    let new = try recalibrated()
    #expect(new.lineage.origin == .recalibration)
    #expect(new.lineage.data == [.init(name: "tiny", digest: digests[1])])
    #expect(new.lineage.parents == [.init(role: "model", digest: model.digest)])
    #expect(
      new.head.header.lineage?.parents?.first?.digest == model.head.header.digest)
    #expect(new.extractor.header.interface.batchNorm == .recalibrated)
    #expect(new.featureSpace == model.featureSpace)
    let read = try Model(SafetensorsFile(bytes: new.file.bytes), path: "m")
    #expect(read.digest == new.digest && read.digest != model.digest)
    #expect(try read.makeModel(path: "m", on: backend).batchNorm == .recalibrated)
    #expect(try recalibrated().file.bytes == new.file.bytes)
  }

  /// What is baked in of a batch is what blending at test would have taken of it.
  @Test(arguments: [0, 16]) func blendedStatisticsAreBakedIn(_ sourceImages: Int) throws {
    let (network, images) = try network()
    let few = images.subset(Array(0..<8))
    // The order of measuring is another: with all images in a batch it makes no difference.
    let expected = try Evaluator(
      batchSize: 8, statistics: .blended(sourceImages: sourceImages), on: backend
    ).logits(network, few)
    let before = try Evaluator(batchSize: 8, policy: .running, on: backend).logits(network, few)
    let weights = try network.extractor.layers.parameters.snapshot(on: backend)
    try Recalibration.blend(network, on: few, sourceImages: sourceImages, backend: backend)
    let found = try Evaluator(batchSize: 8, on: backend).logits(network, few)
    let largest = expected.map(abs).max()!
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-4 * largest })
    #expect(!zip(before, expected).allSatisfy { abs($0 - $1) <= 1e-3 * largest })
    #expect(network.batchNorm == .recalibrated)
    #expect(try network.extractor.layers.parameters.snapshot(on: backend) == weights)
    #expect(throws: DatasetError.self) {
      try Recalibration.blend(
        network, on: images.subset([0]), sourceImages: 16, backend: backend)
    }
  }
}
