import Components
import Tensors
import Testing

@Suite struct FitTests {
  static let gives = Interface(channels: 32, activation: .relu, spatialSize: 8, batchNorm: .batch)
  static let takes = Interface(channels: 32, activation: .relu, spatialSize: nil, batchNorm: .batch)
  static let one = Anchor(.rotationHead, String(repeating: "1", count: 64))
  static let two = Anchor(.sharedHead, String(repeating: "2", count: 64))
  static let three = Anchor(.initialWeights, String(repeating: "3", count: 64))

  func fit(
    _ space: [Anchor] = [one], _ headSpace: [Anchor] = [one],
    _ change: (inout Interface) -> Void = { _ in }
  ) -> Fit {
    var head = Self.takes
    change(&head)
    return Fit(
      extractor: Self.gives, in: FeatureSpace(space), head: head, in: FeatureSpace(headSpace))
  }

  @Test func componentsFitWhoseSpacesIntersect() throws {
    let fit = fit([Self.one, Self.two], [Self.three, Self.two])
    #expect(fit.mismatches.isEmpty && fit.sharedAnchors == [Self.two])
    try fit.require()
    // An anchor is its kind and its digest.
    #expect(!self.fit([Self.one], [Anchor(.sharedHead, Self.one.digest)]).mismatches.isEmpty)
  }

  @Test func whatDiffersIsSaidWithBothSides() {
    func says(_ text: String, _ change: @escaping (inout Interface) -> Void) {
      let error = #expect(throws: MisfitError.self) {
        try fit([Self.one], [Self.one], change).require()
      }
      #expect(error?.description == "extractor and head do not fit: \(text)")
    }
    says("channels: the extractor gives 32, the head takes 64") { $0.channels = 64 }
    says("activation: the extractor gives relu, the head takes none") { $0.activation = .none }
    says("spatial size: the extractor gives 8, the head takes 4") { $0.spatialSize = 4 }
    says("batch-norm policy: the extractor gives batch, the head takes running") {
      $0.batchNorm = .running
    }
    says(
      "channels: the extractor gives 32, the head takes 16; "
        + "spatial size: the extractor gives 8, the head takes 16"
    ) { ($0.channels, $0.spatialSize) = (16, 16) }
    #expect(fit([Self.one], [Self.one]) { $0.spatialSize = 8 }.mismatches.isEmpty)
  }

  @Test func anotherSpaceIsAllowedOnRequestAlone() throws {
    let other = fit([Self.one, Self.two], [Self.three])
    let error = #expect(throws: MisfitError.self) { try other.require() }
    #expect(
      error?.description.contains(
        "the extractor's: rotation-head 111111111111, shared-head 222222222222; "
          + "the head's: initial-weights 333333333333") == true)
    try other.require(allowDifferentSpace: true)
    // What crosses the cut has to agree all the same.
    #expect(throws: MisfitError.self) {
      try fit([Self.one], [Self.two]) { $0.channels = 64 }.require(allowDifferentSpace: true)
    }
  }

  @Test func anUnknownSpaceFitsNothing() {
    for (a, b) in [([], []), ([Self.one], []), ([], [Self.one])] {
      let error = #expect(throws: MisfitError.self) { try fit(a, b).require() }
      #expect(error?.description.contains("none stated") == true)
    }
  }

  @Test func spacesAreInheritedThroughWhatIsFrozen() {
    let (one, two, three) = (Self.one, Self.two, Self.three)
    let source = FeatureSpace([one, two])
    // Adaptation through the frozen rotation head: the source's class head still fits.
    #expect(FeatureSpace.ofExtractor(startedFrom: source, frozen: [one]) == source)
    // Incremental training from fresh weights against the frozen head of another run.
    #expect(
      FeatureSpace.ofExtractor(startedFrom: nil, frozen: [one], trained: [three])
        == FeatureSpace([one, three]))
    // Fine-tuning with nothing frozen, or against a head of another space: anew.
    #expect(
      FeatureSpace.ofExtractor(startedFrom: source, trained: [three]) == FeatureSpace([three]))
    #expect(
      FeatureSpace.ofExtractor(startedFrom: source, frozen: [three]) == FeatureSpace([three]))
    #expect(FeatureSpace.ofHead(onFrozen: source) == source)
    #expect(
      FeatureSpace.ofHead(onFrozen: source, grownFrom: FeatureSpace([three]))
        == FeatureSpace([one, two, three]))
  }
}
