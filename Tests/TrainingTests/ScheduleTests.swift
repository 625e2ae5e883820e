import Autograd
import Components
import Datasets
import Foundation
import Networks
import Recipes
import Tensors
import Testing
import Training

@Suite struct ScheduleTests {
  func rates(_ total: Int, _ change: (inout Recipe) -> Void) -> [Float] {
    let rate = LearningRate(Tiny.recipe(tasks: 2, change).settings, total: total)
    return (0..<total).map(rate.at)
  }

  @Test func theCosineFallsFromTheFullRate() {
    let rates = rates(4) {
      $0.learningRate = 2
      $0.warmup = 0
    }
    let expected: [Double] = (0..<4).map { 1 + cos(.pi * Double($0) / 4) }
    #expect(zip(rates, expected).allSatisfy { abs(Double($0) - $1) < 1e-6 })
  }

  @Test func stepsDivideByTenAtHalfAndAtThreeQuarters() {
    #expect(
      rates(8) {
        $0.learningRate = 1
        $0.warmup = 0
        $0.schedule = .steps
      }
        == [1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01])
  }

  @Test func warmUpRisesInAStraightLine() {
    let rates = rates(20) {
      $0.learningRate = 1
      $0.warmup = 0.2
    }
    #expect(Array(rates.prefix(5)) == [0.25, 0.5, 0.75, 1, 1])
    #expect(rates[5] < 1)
  }
}

@Suite struct BatchSamplerTests {
  func sampler(
    count: Int, batchSize: Int, augment: Bool = false, seed: UInt64 = 1, task: Int = 0
  ) -> BatchSampler {
    BatchSampler(
      count: count, batchSize: batchSize, imageSize: 32,
      augmentation: augment ? [RandomCrop(), RandomFlip()] : [], seed: seed, task: task)
  }

  @Test func everyEpochHasEveryImageOnceAndRunsIntoTheNext() {
    var sampler = sampler(count: 10, batchSize: 4)
    let indices = (0..<5).flatMap { sampler.transforms(step: $0).map { Int($0.index) } }
    #expect(indices.prefix(10).sorted() == Array(0..<10))
    #expect(indices.suffix(10).sorted() == Array(0..<10))
    #expect(indices.prefix(10) != indices.suffix(10))
  }

  @Test func aSetSmallerThanTheBatchWorks() {
    var sampler = sampler(count: 1, batchSize: 3)
    #expect(sampler.transforms(step: 5).map(\.index) == [0, 0, 0])
  }

  @Test func aStepDependsOnSeedTaskAndItsNumberAlone() {
    var first = sampler(count: 10, batchSize: 4, augment: true)
    let inOrder = (0..<6).map { first.transforms(step: $0) }
    var again = sampler(count: 10, batchSize: 4, augment: true)
    for step in (0..<6).reversed() { #expect(again.transforms(step: step) == inOrder[step]) }
    var otherTask = sampler(count: 10, batchSize: 4, augment: true, task: 1)
    var otherSeed = sampler(count: 10, batchSize: 4, augment: true, seed: 2)
    #expect(otherTask.transforms(step: 0) != inOrder[0])
    #expect(otherSeed.transforms(step: 0) != inOrder[0])
  }

  @Test func augmentationCropsByUpToFourPixelsAndFlips() {
    var sampler = sampler(count: 500, batchSize: 500, augment: true)
    let transforms = sampler.transforms(step: 0)
    #expect(Set(transforms.map(\.dy)) == Set(-4...4))
    #expect(Set(transforms.map(\.dx)) == Set(-4...4))
    #expect((200...300).contains(transforms.filter(\.flip).count))
    #expect(transforms.allSatisfy { $0.quarterTurns == 0 })
  }
}
