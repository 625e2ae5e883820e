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
  private let held: HeldImages

  /// - Parameters:
  ///   - batchSize: images a batch.
  ///   - policy: in place of the components' own; nil: theirs.
  ///   - backend: where it computes.
  public init(batchSize: Int, policy: BatchNormPolicy? = nil, on backend: any Backend) {
    self.init(batchSize: batchSize, statistics: policy?.statistics, on: backend)
  }

  /// The same with statistics that no component states.
  public init(batchSize: Int, statistics: BatchNormStatistics?, on backend: any Backend) {
    self.batchSize = batchSize
    self.statistics = statistics
    self.backend = backend
    held = HeldImages(on: backend)
  }

  public struct Outcome: Sendable, Equatable {
    public let images: Int
    /// Share whose arg max over all outputs names the image's class; in [0, 1].
    public let accuracy: Double
    /// The same with the arg max over `among` alone.
    public let accuracyAmongCommonOutputs: Double
    /// Mean over the classes that have images of each one's accuracy.
    public let averageClassAccuracy: Double
    /// Of each measured image, in the images' order: was its class named, with the arg max over all
    /// outputs?
    public let right: [Bool]

    package init(
      images: Int, accuracy: Double, accuracyAmongCommonOutputs: Double,
      averageClassAccuracy: Double, right: [Bool]
    ) {
      self.images = images
      self.accuracy = accuracy
      self.accuracyAmongCommonOutputs = accuracyAmongCommonOutputs
      self.averageClassAccuracy = averageClassAccuracy
      self.right = right
    }
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
    var right: [Bool] = []
    var rightAmong = 0
    var ofClass: [Int32: (images: Int, right: Int)] = [:]
    for (position, index) in chosen.enumerated() {
      let row = predictions[position * outputs.count..<(position + 1) * outputs.count]
      let truth = expected[Int(images.labels[index])]
      let isRight = Self.argMax(row, among: Array(outputs.indices)) == truth
      right.append(isRight)
      let label = images.labels[index]
      let known = ofClass[label] ?? (0, 0)
      ofClass[label] = (known.images + 1, known.right + (isRight ? 1 : 0))
      if Self.argMax(row, among: among) == truth { rightAmong += 1 }
    }
    return Outcome(
      images: chosen.count, accuracy: Double(right.filter(\.self).count) / Double(chosen.count),
      accuracyAmongCommonOutputs: Double(rightAmong) / Double(chosen.count),
      // In the order of the labels, so that equal counts give equal bits.
      averageClassAccuracy: ofClass.sorted { $0.key < $1.key }
        .reduce(0) { $0 + Double($1.value.right) / Double($1.value.images) }
        / Double(ofClass.count),
      right: right)
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
    try forEachBatch(of: images, count: count) { store, indices, counted in
      let x = gather(
        store, chosen.map { all in indices.map { all[$0] } } ?? indices, for: preprocessing)
      let context = ForwardContext(
        tape: Tape(on: backend, recording: false),
        statistics: statistics ?? network.batchNorm.statistics)
      let values = try backend.download(network(Variable(x), context).value)
      for position in 0..<counted {
        let to = indices[position] * outputs
        result.replaceSubrange(
          to..<to + outputs, with: values[position * outputs..<(position + 1) * outputs])
      }
    }
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
      let indices = (0..<batchSize).map { order[(start + $0) % count] }
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
