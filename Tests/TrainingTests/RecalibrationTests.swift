import Autograd
import BackendCPU
import Components
import Datasets
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

  /// The first batch norm sees what does not depend on batches: the mean is that of all images, by
  /// a loop in double precision over the first convolution's outputs.
  @Test(arguments: [20, 7, 3]) func theFirstLayersStatisticsAreThoseOfAllImages(
    _ batch: Int
  ) throws {
    let (network, images) = try network()
    let store = backend.makeImageStore(
      bytes: images.bytes, count: images.count, height: Tiny.size, width: Tiny.size)
    let normalisation = network.extractor.preprocessing.normalisation
    let x = backend.makeTensor([images.count, Tiny.size, Tiny.size, 3])
    backend.gatherImages(
      store, transforms: (0..<images.count).map { ImageTransform(index: Int32($0)) },
      mean: normalisation.mean, std: normalisation.std, into: x)
    let context = ForwardContext(
      tape: Tape(on: backend, recording: false), statistics: .running)
    let y = network.extractor.layers.layers[0](Variable(x), context).value
    let values = try backend.download(y).map(Double.init)
    let channels = y.shape[3]
    let count = Double(values.count / channels)
    try Recalibration.recalibrate(network, on: images, batch: batch, backend: backend)
    let buffers = network.extractor.layers.buffers
    let mean = try backend.download(buffers[0].value)
    let variance = try backend.download(buffers[1].value)
    // Batches of 3 images hold 192 values a channel: unbiased within them, hence up to 1/191.
    let tolerance = batch == 20 ? 1e-4 : 1.5 / 191
    for channel in 0..<channels {
      let own = stride(from: channel, to: values.count, by: channels).map { values[$0] }
      let expected = own.reduce(0, +) / count
      let spread = own.reduce(0) { $0 + ($1 - expected) * ($1 - expected) } / (count - 1)
      #expect(abs(Double(mean[channel]) - expected) <= 1e-4 * max(1, spread.squareRoot()))
      #expect(abs(Double(variance[channel]) / spread - 1) <= tolerance)
    }
  }

  /// With all images in one batch it is what batch statistics give, but for M/(M − 1).
  @Test func oneBatchPredictsAsItsOwnStatistics() throws {
    let (network, images) = try network()
    let evaluator = Evaluator(batch: images.count, on: backend)
    let expected = try evaluator.logits(network, images)
    try Recalibration.recalibrate(
      network, on: images, batch: images.count, backend: backend)
    let found = try evaluator.logits(network, images)
    let largest = expected.map(abs).max() ?? 1
    for (a, b) in zip(expected, found) { #expect(abs(a - b) <= 0.05 * largest) }
  }

  /// Neither order nor company counts.
  @Test func aPredictionDependsOnItsImageAlone() throws {
    let (network, images) = try network()
    let outputs = network.head.classNames.count
    func alone(_ index: Int) throws -> [Float] {
      try Evaluator(batch: 2, on: backend).logits(network, images.subset([index]))
    }
    let before = try Evaluator(batch: 20, on: backend).logits(network, images)
    #expect(try alone(3) != Array(before[3 * outputs..<4 * outputs]))
    try Recalibration.recalibrate(network, on: images, batch: 8, backend: backend)
    let all = try Evaluator(batch: 20, on: backend).logits(network, images)
    for index in [0, 3, 19] {
      for (a, b) in zip(try alone(index), all[index * outputs..<(index + 1) * outputs]) {
        #expect(abs(a - b) <= 1e-5 * max(1, abs(b)))
      }
    }
  }

  @Test func aModelSaysWhatItWasRecalibratedOn() throws {
    let (network, images) = try network()
    network.extractor.stamp.featureSpace = FeatureSpace([
      Anchor(.sharedHead, String(repeating: "a", count: 64))
    ])
    network.head.stamp.featureSpace = network.extractor.stamp.featureSpace
    let model = try ModelRecord(network, on: backend)
    let new = try model.recalibrated(
      on: images, named: "tiny", digest: String(repeating: "d", count: 64), batch: 8, path: "m",
      backend: backend)
    #expect(
      new.lineage.origin == .recalibration
        && new.lineage.data?.first?.digest == String(repeating: "d", count: 64))
    #expect(new.lineage.parents?.first?.digest == model.digest)
    #expect(new.extractor.header.interface.batchNorm == .recalibrated)
    let read = try ModelRecord(SafetensorsFile(bytes: new.file.bytes), path: "m")
    #expect(read.digest == new.digest && read.digest != model.digest)
    #expect(try read.makeModel(path: "m", on: backend).batchNorm == .recalibrated)
    #expect(throws: DatasetError.self) {
      try model.recalibrated(
        on: images.subset([0]), named: "t", digest: String(repeating: "d", count: 64), batch: 8,
        path: "m", backend: backend)
    }
  }
}
