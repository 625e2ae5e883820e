package import Tensors

/// Which images make up step t of a task, its t-th minibatch, and what is done to each: a function
/// of (seed, task, t) alone, so that a run can be taken up anywhere.
package struct BatchSampler {
  let count: Int
  let batchSize: Int
  let imageSize: Int
  let augmentation: [any AugmentationStep]
  let seed: UInt64
  let task: UInt32
  private var epoch: UInt32?
  private var order: [Int] = []

  package init(
    count: Int, batchSize: Int, imageSize: Int, augmentation: [any AugmentationStep], seed: UInt64,
    task: Int
  ) {
    (self.count, self.batchSize, self.imageSize) = (count, batchSize, imageSize)
    (self.augmentation, self.seed, self.task) = (augmentation, seed, UInt32(task))
  }

  /// Epochs follow each other without a gap: a minibatch may take the end of one and the start of
  /// the next.
  package mutating func transforms(step: Int) -> [ImageTransform] {
    // Crop and flip draw in turn from one stream, as they did when there was nothing else.
    var shared = RandomStream(seed: seed, .augmentation, stream: task, step: UInt32(step))
    var own = augmentation.map { random($0, step) }
    return (0..<batchSize).map { position in
      let at = step * batchSize + position
      var transform = ImageTransform(index: Int32(image(at / count, at % count)))
      for (index, each) in augmentation.enumerated() {
        if each is RandomCrop || each is RandomFlip {
          each.change(&transform, imageSize: imageSize, random: &shared)
        } else {
          each.change(&transform, imageSize: imageSize, random: &own[index])
        }
      }
      return transform
    }
  }

  /// What steps do to a batch that `gatherImages` has made.
  func finish(_ x: Tensor, positions: [Int], step: Int, on backend: any Backend) {
    for each in augmentation {
      var random = random(each, step)
      each.change(x, positions: positions, random: &random, on: backend)
    }
  }

  private func random(_ augmentation: any AugmentationStep, _ step: Int) -> RandomStream {
    RandomStream(
      seed: seed, .augmentationSteps, stream: task &+ augmentation.name.stableHash,
      step: UInt32(step))
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
