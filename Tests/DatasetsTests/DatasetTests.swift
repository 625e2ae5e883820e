import Datasets
import Foundation
import Testing

@Suite struct DatasetTests {
  // MARK: Class maps

  private let cifar = (
    classNames: ["airplane", "automobile", "frog"], synonyms: [String: String]()
  )

  @Test func synonymsGiveTheCommonClasses() throws {
    let map = try ClassMap([cifar, (["Car", "monkey", "airplane"], ["car": "automobile"])])
    #expect(map.common == ["airplane", "automobile"])
    #expect(map.names[1] == ["automobile", "monkey", "airplane"])
    #expect(map.indices(of: 1, in: map.common) == [1, -1, 0])
  }

  /// In different tasks case alone makes no two classes of one; within a task it does, and then
  /// everywhere.
  @Test func namesThatDifferInCase() throws {
    let map = try ClassMap([(["Cat", "dog"], [:]), (["cat", "Dog"], [:])])
    #expect(map.names == [["Cat", "dog"], ["Cat", "dog"]] && map.common == ["Cat", "dog"])
    let letters = try ClassMap([(["A", "B", "a", "b"], [:]), (["a", "B"], [:])])
    #expect(letters.names == [["A", "B", "a", "b"], ["a", "B"]] && letters.common == ["B", "a"])
    #expect(ClassMap.spelled(["Cat", "Bee"], as: ["cat", "ant"]) == ["cat", "Bee"])
    #expect(ClassMap.spelled(["a"], as: ["A", "a"]) == ["a"])
  }

  /// é as one scalar and as two.
  @Test func namesAreEqualInBothFormsOfUnicode() throws {
    let map = try ClassMap([(["caf\u{E9}"], [:]), (["cafe\u{301}"], [:])])
    #expect(map.common == ["caf\u{E9}"])
    #expect(map.common[0].unicodeScalars.count == 4)
  }

  @Test func synonymsMergeClasses() throws {
    let images = ImageSet(
      bytes: (0..<4).flatMap { [UInt8](repeating: UInt8($0), count: 3) }, labels: [0, 1, 2, 3],
      size: 1)
    let set = Dataset(
      name: "s", classNames: ["Car", "dog", "truck", "wolf"], train: images, test: images)
    let synonyms = ["car": "vehicle", "truck": "vehicle", "dog": "hound"]
    let merged = set.mergingClasses(synonyms)
    #expect(merged.classNames == ["vehicle", "dog", "wolf"])
    #expect(merged.train.labels == [0, 1, 0, 2] && merged.test.labels == [0, 1, 0, 2])
    #expect(merged.notes == ["4 classes merged into 3 by synonyms"])
    let left = merged.synonymsLeft(synonyms)
    #expect(left == ["dog": "hound"])
    #expect(try ClassMap([(merged.classNames, left)]).names[0] == ["vehicle", "hound", "wolf"])
    #expect(set.mergingClasses(["dog": "hound"]).notes.isEmpty)
    // Where nothing is trained, labels of one name do as well.
    let map = try ClassMap([(set.classNames, synonyms), (["cat", "dog"], [:])])
    #expect(map.names[0] == ["vehicle", "hound", "vehicle", "wolf"] && map.common == [])
    // What is no class stays an error.
    let typo = merged.synonymsLeft(["lory": "vehicle"])
    #expect(throws: ClassMapError.self) { try ClassMap([(merged.classNames, typo)]) }
  }

  @Test func commonMeansAtLeastTwoTasks() throws {
    let map = try ClassMap([(["a", "b"], [:]), (["b", "c"], [:]), (["c", "d"], [:])])
    #expect(map.common == ["b", "c"])
    #expect(map.common(0, 1) == ["b"])
    #expect(map.common(0, 2) == [])
  }

  @Test func synonymsThatDoNotFitAreRefused() {
    let unknown = #expect(throws: ClassMapError.self) {
      try ClassMap([cifar, (["car"], ["lorry": "truck"])])
    }
    #expect("\(unknown!)".contains("no class “lorry”"))
    let twice = #expect(throws: ClassMapError.self) {
      try ClassMap([(["polar bear", "polar  bear"], [:])])
    }
    #expect("\(twice!)".contains("would both be “polar bear”"))
  }

  // MARK: Image sets

  @Test func normalizationIsMeanAndDeviation() {
    // Red 0 and 255, green constant, blue 0, 0, 255, 255 …
    let bytes: [UInt8] = [0, 51, 0, 255, 51, 0, 0, 51, 255, 255, 51, 255]
    let n = ImageSet(bytes: bytes, labels: [0], size: 2).normalization
    #expect(n.mean == [0.5, 0.2, 0.5])
    #expect(n.std == [0.5, 1e-3, 0.5])
  }

  @Test func splitsAreDisjointWholeAndRepeatable() {
    let set = ImageSet(
      bytes: (0..<100).flatMap { [UInt8($0), 0, 0] }, labels: (0..<100).map { Int32($0) }, size: 1)
    let (rest, heldOut) = set.split(fraction: 0.2, seed: 4, stream: 0)
    #expect(heldOut.count == 20)
    #expect((rest.labels + heldOut.labels).sorted() == set.labels)
    #expect(heldOut.labels == set.split(fraction: 0.2, seed: 4, stream: 0).heldOut.labels)
    #expect(heldOut.labels != set.split(fraction: 0.2, seed: 5, stream: 0).heldOut.labels)
    #expect(
      zip(rest.labels, stride(from: 0, to: rest.bytes.count, by: 3)).allSatisfy {
        Int32(rest.bytes[$1]) == $0
      })
  }

  // MARK: Synthetic domains

  @Test func syntheticDomainsShareNineClassesAndDifferInStyle() throws {
    let ink = try Dataset.load(.syntheticInk, path: nil, imageSize: 16)
    let neon = try Dataset.load(.syntheticNeon, path: nil, imageSize: 16)
    let map = try ClassMap([(ink.classNames, [:]), (neon.classNames, [:])])
    #expect(ink.classNames.count == 10 && neon.classNames.count == 10)
    #expect(map.common.count == 9)
    #expect(ink.train.count == 2000 && ink.test.count == 1000)
    for label in 0..<10 {
      #expect(ink.test.labels.filter { $0 == label }.count == 100)
    }
    // Bright paper against dark ground.
    #expect(ink.train.normalization.mean[0] > 0.6)
    #expect(neon.train.normalization.mean[0] < 0.5)
    #expect(ink.digest != neon.digest)
  }

  @Test func syntheticImagesAreTheSameEachTime() throws {
    let first = try Dataset.load(.syntheticInk, path: nil, imageSize: 8)
    #expect(first.digest == (try Dataset.load(.syntheticInk, path: nil, imageSize: 8)).digest)
    #expect(first.digest.count == 64)
  }

  // MARK: Real images

  private static let real = ProcessInfo.processInfo.environment["DOVETAIL_TEST_DATA"]

  @Test(.enabled(if: real != nil, "DOVETAIL_TEST_DATA names no folder of real images"))
  func realCIFAR10Loads() throws {
    let set = try Dataset.load(
      .cifar10, path: "\(Self.real!)/cifar-10-batches-bin", imageSize: 32)
    #expect(set.train.count % 10_000 == 0 && set.train.count > 0)
    #expect(set.test.count == 10_000)
    for label in 0..<10 { #expect(set.test.labels.filter { $0 == label }.count == 1000) }
    // The published mean of the whole training set is 0.491, 0.482, 0.447.
    for (got, expected) in zip(set.train.normalization.mean, [Float(0.491), 0.482, 0.447]) {
      #expect(abs(got - expected) < 0.01)
    }
  }

  @Test(.enabled(if: real != nil, "DOVETAIL_TEST_DATA names no folder of real images"))
  func realJPEGFoldersLoad() throws {
    let set = try Dataset.load(.folder, path: "\(Self.real!)/tin10", imageSize: 32)
    #expect(set.classNames.count == 10)
    #expect(set.train.count > 0 && set.test.count > 0)
    #expect(Set(set.train.labels).count == 10)
    #expect(set.notes == [])
  }
}
