import Analysis
import BackendCPU
import Certification
import Components
import Datasets
import Evaluation
import Files
import Foundation
import Networks
import Recipes
import Tensors
import TestSupport
import Testing
import Training

/// One training of two compatible networks on synthetic images serves all tests.
enum Trained {
  static let size = 16

  static func run(
    _ methods: [CompatibilityMethod], steps: Int = 20, seed: UInt64, on backend: any Backend
  ) throws -> Trainer {
    var recipe = Recipe(tasks: [
      TaskRecipe(name: "ink", dataset: .syntheticInk),
      TaskRecipe(name: "neon", dataset: .syntheticNeon),
    ])
    recipe.imageSize = size
    recipe.methods = methods
    recipe.steps = steps
    recipe.batchSize = 32
    recipe.seed = seed
    let datasets = [SyntheticDomain.ink, .neon].map { $0.dataset(size: size) }
    let trainer = try Trainer(recipe, datasets: datasets, on: backend)
    try trainer.run()
    try trainer.stamp()
    return trainer
  }
}

@Suite(.serialized) final class CertificateTests {
  let backend = CPUBackend(threads: 2)
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "dovetail-certificates-\(UUID().uuidString)"
  ).path
  let data: LabeledImages

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    data = try LabeledImages(SyntheticDomain.ink.dataset(size: Trained.size))
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// Components of a training, through their files.
  func load(_ trainer: Trainer) throws -> [(extractor: Component, head: Component)] {
    try trainer.networks.map { network in
      let path = "\(folder)/\(network.name)"
      try ComponentFile.save(network.extractor, to: "\(path).e", on: backend)
      try ComponentFile.save(network.head, to: "\(path).h", on: backend)
      return (
        try ComponentFile.read("\(path).e"), try ComponentFile.read("\(path).h")
      )
    }
  }

  private func recombination(_ extractor: Component, _ head: Component) throws -> Recombination {
    try Recombination(
      extractor.makeExtractor(path: "e", on: backend), head.makeHead(path: "h", on: backend))
  }

  @Test func compatibleNetworksAreCertifiedAndUnrelatedOnesAreNot() throws {
    let trainer = try Trained.run(
      [.identicalInitialWeights, .commonClasses], steps: 250, seed: 0, on: backend)
    let parts = try load(trainer)
    let certifier = Certifier(on: backend)
    let across = try certifier.certify(
      parts[0].extractor, parts[1].head, on: data, own: parts[0].head)
    #expect(across.verdict == .compatible, "\(across.reason), \(across.accuracy)")
    #expect(across.batchSize == 32 && across.device == "cpu" && across.chance == 0.1)
    #expect(
      Set(across.featureSpace.shared.map(\.kind)) == [.initialWeights, .commonClassesHead])
    let upper = try #require(across.upperBound)
    // The evaluator's own figures, measured another way.
    let evaluator = Evaluator(batchSize: 32, on: backend)
    let names = data.labelNames
    let recombined = try evaluator.evaluate(
      try recombination(parts[0].extractor, parts[1].head), on: data.images,
      labelNames: names, classes: parts[1].head.header.classNames)
    #expect(recombined?.accuracy == across.accuracy && recombined?.images == across.images)
    let own = try evaluator.evaluate(
      try recombination(parts[0].extractor, parts[0].head), on: data.images,
      labelNames: names, classes: parts[1].head.header.classNames)
    #expect(own?.accuracy == upper.accuracy)

    // With itself it is perfect.
    let same = try certifier.certify(
      parts[0].extractor, parts[0].head, on: data, own: parts[0].head)
    #expect(same.verdict == .perfectlyCompatible, "\(same.reason)")
    #expect(same.upperBound?.onlyOwn == 0 && same.upperBound?.onlyRecombined == 0)

    let unrelated = try load(try Trained.run([], seed: 3, on: backend))
    #expect(throws: MisfitError.self) {
      try certifier.certify(unrelated[0].extractor, unrelated[1].head, on: self.data)
    }
    let chance = try certifier.certify(
      unrelated[0].extractor, unrelated[1].head, on: data, own: unrelated[0].head,
      allowDifferentSpace: true)
    #expect(chance.verdict == .incompatible, "\(chance.reason), \(chance.accuracy)")
    #expect(chance.featureSpace.differentSpaceAllowed)
    try verification(across, chance, certifier, parts)
    try power(across, certifier, parts, unrelated)
    try fewClasses(same.confusion, certifier, parts, unrelated)
  }

  /// Two classes can be named by ten outputs in 90 ways: that the true one is the best would be no
  /// accident in 89 of 90, so the order of the channels decides.
  func fewClasses(
    _ all: Confusion, _ certifier: Certifier, _ parts: [(extractor: Component, head: Component)],
    _ unrelated: [(extractor: Component, head: Component)]
  ) throws {
    let ink = SyntheticDomain.ink.dataset(size: Trained.size)
    // Those that it knows best.
    let best = all.classes.indices.sorted {
      all.counts[$0][$0] * all.counts[$1].reduce(0, +)
        > all.counts[$1][$1] * all.counts[$0].reduce(0, +)
    }
    let two = try LabeledImages(ink.restricted(to: best.prefix(2).map { all.classes[$0] }))
    let own = try certifier.certify(
      parts[0].extractor, parts[0].head, on: two, own: parts[0].head)
    #expect(own.relabeling.count == 90 && own.relabeling.below == 89)
    #expect(own.verdict.isCompatible && own.isConsistent, "\(own.reason)")
    #expect(
      own.reason.hasPrefix(
        "the accuracy exceeds that of 89 of all 90 namings of the classes, 89 are needed, with so "
          + "few namings all but the true one; none of 199 random orders of the channels does as "
          + "well"))
    let foreign = try certifier.certify(
      unrelated[0].extractor, unrelated[1].head, on: two, allowDifferentSpace: true)
    #expect(foreign.verdict == .incompatible && foreign.isConsistent, "\(foreign.reason)")
    // Of one class nothing can be told.
    let one = try LabeledImages(ink.restricted(to: [ink.classNames[0]]))
    let alone = try certifier.certify(parts[0].extractor, parts[0].head, on: one)
    #expect(alone.relabeling.count == 10 && alone.isConsistent)
    // As the second format had it: relabelings are drawn, and 99 % of them cannot be exceeded.
    var second = own
    second.format = "dovetail-certificate-2"
    second.relabeling.count = 10_000
    second.relabeling.needed = 0.99
    second.relabeling.below = own.confusion.relabelingsBelow(count: 10_000, seed: 0)
    second.shuffling = nil
    second.verdict = .incompatible
    second.reason =
      "the accuracy exceeds that of \(String(format: "%.2f", Double(second.relabeling.below) / 100)) "
      + "% of 10000 random relabellings, 99.00 % are needed"
    #expect(second.relabeling.below < 9_900 && second.isConsistent)
    #expect(second.differences(from: own) == [])
  }

  /// Over all images and classes it is the certificate's own measurement; with three outputs what is
  /// better than chance is compatible, too; unrelated networks are not certified however many images
  /// there are.
  func power(
    _ certificate: Certificate, _ certifier: Certifier,
    _ parts: [(extractor: Component, head: Component)],
    _ unrelated: [(extractor: Component, head: Component)]
  ) throws {
    let (all, classes) = (certificate.images, certificate.confusion.classes.count)
    func power(
      _ parts: (Component, Component), images: [Int], classes: [Int], allow: Bool = false
    ) throws -> CertificatePower {
      try certifier.power(
        parts.0, parts.1, on: data, images: images, classes: classes, draws: 3,
        allowDifferentSpace: allow)
    }
    let pair = (parts[0].extractor, parts[1].head)
    let first = try power(pair, images: [30, all], classes: [3, classes])
    #expect(first.accuracy == certificate.accuracy && first.images == all)
    try #require(
      first.points.map { [$0.classes, $0.images] } == [[3, 30], [classes, 30], [classes, all]])
    #expect(first.points[0].betterThanChance == first.points[0].compatible)
    let whole = first.points[2]
    #expect(abs(whole.accuracy - certificate.accuracy) < 1e-12)
    #expect(whole.betterThanChance == 1 && whole.compatible == 1)
    let again = try power(pair, images: [30, all], classes: [3, classes])
    #expect(first == again)

    let none = try power(
      (unrelated[0].extractor, unrelated[1].head), images: [100, all], classes: [3, classes],
      allow: true)
    #expect(none.points.count == 3 && none.points.allSatisfy { $0.compatible == 0 })
  }

  func verification(
    _ certificate: Certificate, _ other: Certificate, _ certifier: Certifier,
    _ parts: [(extractor: Component, head: Component)]
  ) throws {
    let again = try certifier.certify(
      parts[0].extractor, parts[1].head, on: data, own: parts[0].head)
    #expect(certificate.differences(from: again) == [])
    #expect(try certificate.json == again.json)
    let read = try Certificate(json: certificate.json, path: "c")
    #expect(read == certificate && read.isConsistent)
    #expect(certificate.differences(from: other).contains { $0.hasPrefix("extractor") })

    // What was changed by hand shows: figures at once, counts when measured again.
    func forged(_ change: (inout Certificate) -> Void) -> Certificate {
      var forged = certificate
      change(&forged)
      return forged
    }
    for forged in [
      forged { $0.accuracy += 0.01 }, forged { $0.verdict = .perfectlyCompatible },
      forged { $0.interval.low += 0.01 }, forged { $0.relabeling.below -= 1 },
      forged { $0.upperBound?.difference.low = 0 }, forged { $0.upperBound?.onlyOwn = -1 },
      forged { $0.images += 1 }, forged { $0.images = -1 },
      forged { $0.upperBound?.onlyOwn = .max },
      forged { $0.upperBound?.onlyRecombined = .min }, forged { $0.shuffling?.images = -1 },
      forged { $0.shuffling?.right = .max }, forged { $0.shuffling?.rightShuffled[3] += 400 },
      forged { $0.confusion = Confusion(classes: ["x"], outputs: [], counts: [[1]]) },
      forged { $0.confusion = Confusion(classes: [], outputs: [], counts: []) },
      forged { $0.chance = 0.05 }, forged { $0.format = "x" },
    ] {
      #expect(!forged.isConsistent)
      #expect(!forged.differences(from: again).isEmpty)
    }
    // As the rule has it where a shuffled order does as well; version 0.1 called that incompatible.
    let weak = forged {
      $0.shuffling!.rightShuffled = [$0.shuffling!.right]
      $0.verdict = .betterThanChance
      $0.reason =
        $0.reason.prefix { $0 != ";" }
        + "; but the head does as well with the extractor's channels in a random order: what it "
        + "recognises has no need of compatible features"
    }
    #expect(weak.isConsistent && !weak.verdict.isCompatible)
    var first = weak
    (first.format, first.verdict) = ("dovetail-certificate-1", .incompatible)
    #expect(first.isConsistent && first.differences(from: weak) == [])
    first.verdict = .betterThanChance
    #expect(!first.isConsistent)
    try mutations(certificate)
    let counts = forged {
      var counts = $0.confusion.counts
      counts[0][0] += 1
      counts[0][1] -= 1
      $0.confusion = Confusion(
        classes: $0.confusion.classes, outputs: $0.confusion.outputs, counts: counts)
    }
    #expect(!counts.differences(from: again).isEmpty)
    let otherData = try LabeledImages(SyntheticDomain.neon.dataset(size: Trained.size))
    let elsewhere = try certifier.certify(
      parts[0].extractor, parts[1].head, on: otherData, own: parts[0].head)
    #expect(certificate.differences(from: elsewhere).contains { $0.hasPrefix("data") })
  }

  /// Ten thousand damaged certificates: each reads or is refused with an error of ours, none traps;
  /// and none that differs in what was counted or concluded passes for consistent.
  private func mutations(_ certificate: Certificate) throws {
    var read = 0
    for mutation in Mutations(of: try certificate.json, count: 10_000) {
      do {
        let damaged = try Certificate(json: mutation, path: "c")
        read += 1
        guard damaged.isConsistent, damaged.confusion == certificate.confusion else { continue }
        #expect(damaged.verdict == certificate.verdict)
        #expect(damaged.accuracy == certificate.accuracy)
        #expect(damaged.interval == certificate.interval)
      } catch {
        #expect(error.problem.contains("is no certificate") || error.problem.contains("format"))
      }
    }
    #expect(read > 0 && read < 10_000)
  }

  @Test func dataWithoutAClassOfTheHeadIsRefused() throws {
    let parts = try load(try Trained.run([.identicalInitialWeights], seed: 1, on: backend))
    let images = ImageSet(
      bytes: [UInt8](repeating: 7, count: 3 * 256), labels: [0], size: Trained.size)
    let foreign = try LabeledImages(
      Dataset(name: "foreign", classNames: ["fox"], train: images, test: images))
    let error = #expect(throws: NoCommonClassError.self) {
      try Certifier(on: backend).certify(parts[0].extractor, parts[0].head, on: foreign)
    }
    #expect(error?.description.contains("its classes are fox") == true)
  }

  @Test func aMatrixHoldsEveryPairOrSaysWhyNot() throws {
    let parts = try load(try Trained.run([.identicalInitialWeights], seed: 1, on: backend))
    let head = try parts[0].head.makeHead(path: "h", on: backend)
    let foreign = TaskHead(
      architecture: head.architecture, classNames: head.classNames, layers: head.layers)
    let matrix = try CompatibilityMatrix(
      extractors: [("a", parts[0].extractor), ("b", parts[1].extractor)],
      heads: [("h", parts[0].head), ("foreign", try Component(foreign, on: backend))],
      data: {
        #expect($0 == PictureForm(size: Trained.size))
        return [data]
      }, certifier: Certifier(on: backend))
    #expect(
      matrix.cells.map { "\($0.extractor)\($0.head)" } == ["ah", "aforeign", "bh", "bforeign"])
    #expect(matrix.cells.map { $0.certificate != nil } == [true, false, true, false])
    #expect(matrix.cells[1].mismatches.map(\.subject) == [.featureSpace])
    let accuracies = CompatibilityMatrix.ranked(matrix.cells).map { $0.certificate!.accuracy }
    #expect(accuracies.count == 2 && accuracies[0] >= accuracies[1])
  }
}
