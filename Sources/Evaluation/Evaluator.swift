import Autograd
public import Components
public import Datasets
public import Networks
public import Tensors

/// Measures networks by the paper's rules: batch statistics in extractor and head (unless the
/// components state another policy); batches made of the images that are measured alone, shuffled
/// with a fixed seed, of the training batch size; the last, short one is filled from the start of
/// the order, and the extra predictions do not count.
public struct Evaluator {
  public let batchSize: Int
  /// What batch norm normalizes by, in place of what the components say; nil: as they say.
  public let statistics: BatchNormStatistics?
  let backend: any Backend
  /// Whether the last batch is as large as the others, which batch statistics need.
  private let fillsBatches: Bool
  private let held: HeldImages
  /// Batches that are enqueued before the first is read.
  private static let mostInFlight = 8

  /// - Parameters:
  ///   - batchSize: images of a batch.
  ///   - policy: in place of the components' own; nil: theirs.
  ///   - backend: where it computes.
  public init(batchSize: Int, policy: BatchNormPolicy? = nil, on backend: any Backend) {
    self.init(
      batchSize: batchSize, statistics: policy?.statistics, fillsBatches: true, on: backend)
  }

  /// The same with statistics that no component states.
  public init(batchSize: Int, statistics: BatchNormStatistics?, on backend: any Backend) {
    self.init(batchSize: batchSize, statistics: statistics, fillsBatches: true, on: backend)
  }

  init(
    batchSize: Int, statistics: BatchNormStatistics? = nil, fillsBatches: Bool,
    on backend: any Backend
  ) {
    self.fillsBatches = fillsBatches
    self.batchSize = batchSize
    self.statistics = statistics
    self.backend = backend
    held = HeldImages(on: backend)
  }

  /// - Parameters:
  ///   - network: an extractor under a head.
  ///   - images: the images and their labels.
  ///   - labelNames: canonical class name of each label of `images`.
  ///   - classes: only images of these classes are measured; all of them where nil.
  /// - Returns: nil where no image is of these classes.
  public func evaluate(
    _ network: Recombination, on images: ImageSet, labelNames: [String], classes: [String]? = nil
  ) throws -> Outcome? {
    try evaluate(
      outputs: network.head.classNames, on: images, labelNames: labelNames, classes: classes
    ) { try logits(network, images, among: $0) }
  }

  /// The same of logits that somebody else makes.
  /// - Parameters:
  ///   - outputs: class names of the head.
  ///   - images: the images and their labels.
  ///   - labelNames: canonical class name of each label of `images`.
  ///   - classes: only images of these classes are measured; all of them where nil.
  ///   - logits: `[chosen, outputs]` of the chosen images.
  package func evaluate(
    outputs: [String], on images: ImageSet, labelNames: [String], classes: [String]?,
    logits: (_ chosen: [Int]) throws -> [Float]
  ) throws -> Outcome? {
    let wanted = classes.map(Set.init)
    let chosen = images.labels.indices.filter {
      wanted?.contains(labelNames[Int(images.labels[$0])]) ?? true
    }
    guard !chosen.isEmpty else { return nil }
    // Output of each label by name; −1 where the head does not know the class.
    let expected = labelNames.map { outputs.firstIndex(of: $0) ?? -1 }
    let among = outputs.indices.filter { wanted?.contains(outputs[$0]) ?? true }
    let predictions = try logits(chosen)
    var tally = Tally()
    for (position, index) in chosen.enumerated() {
      let row = predictions[position * outputs.count..<(position + 1) * outputs.count]
      let label = images.labels[index]
      tally.add(row, truth: expected[Int(label)], label: label, among: among)
    }
    return tally.outcome(labelNames: labelNames)
  }

  /// The output that each image gets: arg max over all of them, the first of the largest.
  public func predictions(_ network: Recombination, _ images: ImageSet) throws -> [Int] {
    let outputs = Array(network.head.classNames.indices)
    let values = try logits(network, images)
    return (0..<images.count).map { image in
      let row = values[image * outputs.count..<(image + 1) * outputs.count]
      return Self.argMax(row, among: outputs) ?? 0
    }
  }

  /// Logits `[images, outputs]`, in the images' order; batch norm as the network states it.
  /// - Parameters:
  ///   - network: an extractor under a head.
  ///   - images: the images; labels are not looked at.
  ///   - chosen: the images that are measured, as if there were no others; nil: all.
  public func logits(
    _ network: Recombination, _ images: ImageSet, among chosen: [Int]? = nil
  ) throws -> [Float] {
    let preprocessing = network.extractor.preprocessing
    let outputs = network.head.classNames.count
    let size = preprocessing.imageSize
    precondition(images.size == size, "images of \(images.size), the extractor takes \(size)")
    let count = chosen?.count ?? images.count
    var result = [Float](repeating: 0, count: count * outputs)
    // Batches that the device works on or has done, not yet read: reading waits for all of them.
    var inFlight: [(logits: Tensor, indices: ArraySlice<Int>)] = []
    func read() throws {
      for (logits, indices) in inFlight {
        let values = try backend.download(logits)
        for (position, index) in indices.enumerated() {
          result.replaceSubrange(
            index * outputs..<(index + 1) * outputs,
            with: values[position * outputs..<(position + 1) * outputs])
        }
      }
      inFlight = []
    }
    try forEachBatch(of: images, count: count) { store, indices, counted in
      let x = gather(
        store, chosen.map { all in indices.map { all[$0] } } ?? indices, for: preprocessing)
      let context = ForwardContext(
        tape: Tape(on: backend, recording: false),
        statistics: statistics ?? network.batchNorm.statistics)
      inFlight.append((network(Variable(x), context).value, indices[..<counted]))
      backend.flush()
      if inFlight.count == Self.mostInFlight { try read() }
    }
    try read()
    return result
  }

  /// Share of the copies of all images, label by label, that a self-supervised head names rightly.
  package func accuracy(
    of auxiliary: AuxiliaryHead, on extractor: FeatureExtractor, _ images: ImageSet
  ) throws -> Double {
    guard let task = auxiliary.kind.auxiliaryTask else {
      preconditionFailure("a head of kind \(auxiliary.kind.rawValue) is no self-supervised task's")
    }
    let normalization = extractor.preprocessing.normalization
    let outputs = task.labelNames.indices
    var right = 0
    try forEachBatch(of: images) { store, indices, counted in
      let copies = task.copies(of: indices.map { ImageTransform(index: Int32($0)) })
      let x = backend.makeTensor([copies.count, store.height, store.width, 3])
      backend.gatherImages(
        store, transforms: copies, mean: normalization.mean, std: normalization.std, into: x)
      let context = ForwardContext(
        tape: Tape(on: backend, recording: false), statistics: .batch(updateRunning: false))
      let values = try backend.download(
        auxiliary.head(extractor(Variable(x), context), context).value)
      for (position, label) in task.labels(count: indices.count).enumerated()
      where position % indices.count < counted {
        let row = values[position * outputs.count..<(position + 1) * outputs.count]
        if Self.argMax(row, among: Array(outputs)) == Int(label) { right += 1 }
      }
    }
    return Double(right) / Double(images.count * outputs.count)
  }

  /// Batches of the images in the order of measuring; `counted` is how many of a batch count, the
  /// rest being there to fill it.
  /// - Parameters:
  ///   - images: the images.
  ///   - count: how many images are measured; nil: all.
  ///   - body: what is done with a batch.
  package func forEachBatch(
    of images: ImageSet, count: Int? = nil,
    _ body: (_ store: ImageStore, _ indices: [Int], _ counted: Int) throws -> Void
  ) throws {
    let count = count ?? images.count
    var random = RandomStream(seed: 0, .evaluationOrder)
    let order = random.permutation(count)
    let store = held.store(of: images)
    for start in stride(from: 0, to: count, by: batchSize) {
      let here = fillsBatches ? batchSize : min(batchSize, count - start)
      let indices = (0..<here).map { order[(start + $0) % count] }
      try body(store, indices, min(batchSize, count - start))
    }
  }

  /// Images as an extractor takes them: `[batch, size, size, 3]`.
  package func gather(
    _ store: ImageStore, _ indices: [Int], for preprocessing: Preprocessing
  ) -> Tensor {
    let x = backend.makeTensor([indices.count, store.height, store.width, 3])
    backend.gatherImages(
      store, transforms: indices.map { ImageTransform(index: Int32($0)) },
      mean: preprocessing.normalization.mean, std: preprocessing.normalization.std, into: x)
    return x
  }

  /// The first of the largest.
  static func argMax(_ row: ArraySlice<Float>, among: [Int]) -> Int? {
    var best: Int?
    for index in among
    where best == nil || row[row.startIndex + index] > row[row.startIndex + best!] {
      best = index
    }
    return best
  }
}
