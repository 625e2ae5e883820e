package import Tensors

/// Which images make up step t of a task, its t-th minibatch, and what is done to each: a function
/// of (seed, task, t) alone, so that a run can be taken up anywhere.
package struct BatchSampler {
  let count: Int
  let batch: Int
  let imageSize: Int
  let augment: Bool
  let seed: UInt64
  let task: UInt32
  private var epoch: UInt32?
  private var order: [Int] = []

  package init(
    count: Int, batch: Int, imageSize: Int, augment: Bool, seed: UInt64, task: Int
  ) {
    (self.count, self.batch, self.imageSize) = (count, batch, imageSize)
    (self.augment, self.seed, self.task) = (augment, seed, UInt32(task))
  }

  /// Epochs follow each other without a gap: a minibatch may take the end of one and the start of
  /// the next.
  package mutating func transforms(step: Int) -> [ImageTransform] {
    var random = RandomStream(seed: seed, .augmentation, stream: task, step: UInt32(step))
    let pad = max(1, imageSize / 8)
    return (0..<batch).map { position in
      let at = step * batch + position
      let index = Int32(image(at / count, at % count))
      guard augment else { return ImageTransform(index: index) }
      return ImageTransform(
        index: index, dy: Int8(random.below(2 * pad + 1) - pad),
        dx: Int8(random.below(2 * pad + 1) - pad), flip: random.below(2) == 1)
    }
  }

  private mutating func image(_ epoch: Int, _ position: Int) -> Int {
    if self.epoch != UInt32(truncatingIfNeeded: epoch) {
      var random = RandomStream(
        seed: seed, .dataOrder, stream: task, step: UInt32(truncatingIfNeeded: epoch))
      order = random.permutation(count)
      self.epoch = UInt32(truncatingIfNeeded: epoch)
    }
    return order[position]
  }
}
