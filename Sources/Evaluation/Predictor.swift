public import Components
public import Datasets
public import Files
import Foundation
public import Tensors

/// What a model says of images.
public struct Predictor {
  /// Below so many images the statistics of a batch say little.
  public static let smallBatch = 32
  /// Images that are held in memory at a time.
  private static let chunk = 4096

  public let model: Model

  public init(_ model: Model) { self.model = model }

  /// Whether a prediction depends on the other images.
  public var dependsOnTheBatch: Bool {
    model.extractor.header.interface.batchNorm == .batch
  }

  /// One image's.
  public struct Prediction: Sendable {
    public let path: String
    /// By output of the head.
    public let logits: [Float]

    package init(path: String, logits: [Float]) {
      self.path = path
      self.logits = logits
    }

    /// exp(z) / Σ exp(z), in double precision.
    public var probabilities: [Double] {
      let largest = Double(logits.max() ?? 0)
      let powers = logits.map { exp(Double($0) - largest) }
      let sum = powers.reduce(0, +)
      return powers.map { $0 / sum }
    }

    /// The most probable outputs, the first of equals first.
    public func best(_ count: Int) -> [(output: Int, probability: Double)] {
      let all = probabilities.enumerated().map { ($0.offset, $0.element) }
      return Array(all.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(count))
    }
  }

  /// - Throws: `SmallBatchError` for a few images under a model that normalizes by the batch.
  private func check(count: Int, allowSmallBatch: Bool) throws(SmallBatchError) {
    if dependsOnTheBatch && count < Self.smallBatch && !allowSmallBatch {
      throw SmallBatchError(count: count)
    }
  }

  /// With fixed statistics an image's logits are the same bits whatever the other images are: where
  /// the backend does not promise that, all batches have one size, filled up where images are short
  /// of it.
  /// - Parameters:
  ///   - files: pictures.
  ///   - path: the model's, for errors.
  ///   - allowSmallBatch: let the batch's statistics be those of fewer than `smallBatch` images.
  ///   - skipDamaged: what cannot be decoded is left out; else the first stops it all.
  ///   - backend: where it computes.
  /// - Returns: predictions in the order of the files, and what was wrong with those left out.
  /// - Throws: `SmallBatchError`; `DatasetError` for a damaged file; `FileError`; the
  ///   device's errors.
  public func predict(
    _ files: [String], path: String, allowSmallBatch: Bool = false, skipDamaged: Bool = false,
    on backend: any Backend
  ) throws -> (predictions: [Prediction], damaged: [DatasetError]) {
    try check(count: files.count, allowSmallBatch: allowSmallBatch)
    let network = try model.makeModel(path: path, on: backend)
    let form = network.extractor.preprocessing.form
    let outputs = network.head.classNames.count
    var predictions: [Prediction] = []
    var damaged: [DatasetError] = []
    // Chunks of nearly equal sizes, so that none is small.
    let chunks = (files.count + Self.chunk - 1) / Self.chunk
    for index in 0..<chunks {
      let part = files[index * files.count / chunks..<(index + 1) * files.count / chunks]
      var bytes: [UInt8] = []
      var intact: [String] = []
      for (file, result) in zip(part, ImageFiles.decode(Array(part), form)) {
        switch result {
        case .success(let pixels):
          bytes += pixels
          intact.append(file)
        case .failure(let error):
          guard skipDamaged else { throw error }
          damaged.append(error)
        }
      }
      guard !intact.isEmpty else { continue }
      try check(count: intact.count, allowSmallBatch: allowSmallBatch)
      let images = ImageSet(
        bytes: bytes, labels: [Int32](repeating: 0, count: intact.count), size: form.size)
      let batchSize =
        dependsOnTheBatch
        ? min(intact.count, model.extractor.header.lineage?.batchSize ?? 128) : Self.smallBatch
      let logits = try Evaluator(
        batchSize: batchSize, fillsBatches: dependsOnTheBatch || !backend.treatsImagesAlike,
        on: backend
      ).logits(network, images)
      predictions += intact.enumerated().map { position, file in
        Prediction(
          path: file, logits: Array(logits[position * outputs..<(position + 1) * outputs]))
      }
    }
    return (predictions, damaged)
  }
}

/// Too few images for statistics of their own.
public struct SmallBatchError: AdvisedError, Sendable {
  let count: Int

  public var description: String {
    "the model normalizes by the batch, and \(count) image\(count == 1 ? " is" : "s are") fewer than "
      + "\(Predictor.smallBatch): \(ErrorAdvice.moreImages)"
  }

  public var advice: ErrorAdvice? { .moreImages }
}

extension ErrorAdvice {
  public static let moreImages: ErrorAdvice =
    "give more, recalibrate the model, or allow a small batch"
}
