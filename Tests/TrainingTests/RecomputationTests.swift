import BackendCPU
import Components
import Foundation
import Networks
import Recipes
import Runs
import Tensors
import TestSupport
import Testing
import Training

/// `recompute: blocks` changes what a training keeps, and no bit of what it makes.
@Suite struct RecomputationTests {
  enum Kind: CaseIterable {
    case joint, mobileNet, incremental, ownHeads, frozenHeads, adamW

    var recipe: Recipe {
      Tiny.recipe {
        $0.methods = CompatibilityMethod.paper
        switch self {
        case .joint: $0.architecture = Architecture(depth: 14, split: .stage2)
        case .mobileNet:
          $0.architecture = Architecture(
            name: .mobileNetV2, width: 0.25, split: .block(11), adapter: 16)
        case .incremental: $0.scheme = .incremental
        case .ownHeads:
          $0.methods = [.commonClasses]
          $0.ownRotationHead = true
          $0.architecture = Architecture(name: .wideResNet, depth: 10, width: 1, split: .stage1)
        case .frozenHeads: $0.frozen = [.heads, .auxiliaryHeads]
        case .adamW:
          $0.optimizer = OptimizerChoice("adamw", [:])
          $0.learningRate = 0.003
          $0.averageWeights = 0.5
        }
      }
    }
  }

  /// Weights, momenta and running statistics of everything, and the last losses.
  private func trained(
    _ recipe: Recipe, on backend: any Backend
  ) throws -> (state: [[String: [Float]]], losses: [[Float]]) {
    let trainer = try Tiny.trainer(recipe, on: backend)
    var losses: [[Float]] = []
    try trainer.run(progress: { progress in
      for each in progress.losses {
        losses.append([each.target ?? -1] + each.auxiliary.sorted { $0.key < $1.key }.map(\.value))
      }
    })
    return (try Tiny.state(trainer, on: backend), losses)
  }

  @Test(arguments: Kind.allCases) func aTrainingEndsInTheSameBits(_ kind: Kind) throws {
    try expectSame(kind.recipe, .cpu)
  }

  @Test(
    .enabled(if: TestedBackend.hasOpenCL, "no OpenCL device"),
    arguments: [TestedBackend.openCLVector, .openCLPortable])
  func onOpenCLToo(_ tested: TestedBackend) throws { try expectSame(Kind.joint.recipe, tested) }

  private func expectSame(_ recipe: Recipe, _ tested: TestedBackend) throws {
    let kept = try trained(recipe, on: tested.make())
    var recomputing = recipe
    recomputing.recompute = .blocks
    let found = try trained(recomputing, on: tested.make())
    #expect(kept.losses.count >= 2 && found.losses == kept.losses)
    #expect(found.state.count == kept.state.count)
    for (index, part) in kept.state.enumerated() {
      for (name, values) in part {
        #expect(found.state[index][name] == values, "part \(index): \(name)")
      }
    }
  }

  @Test func theKeyIsReadAndWritten() throws {
    func parse(_ keys: String) throws -> Recipe {
      try Recipe.parse(yaml: "tasks: [{dataset: made-up-ink}]\n\(keys)", folder: "/")
    }
    let recipe = try parse("recompute: blocks")
    #expect(recipe.recompute == .blocks && recipe.yaml.contains("\nrecompute: blocks\n"))
    #expect(try Recipe.parse(yaml: recipe.yaml, folder: "/") == recipe)
    for standard in [try parse(""), try parse("recompute: none")] {
      #expect(standard.recompute == .none && !standard.yaml.contains("recompute"))
    }
    for (keys, fragment) in [
      ("recompute: block", "got “block”; did you mean “blocks”?"),
      ("recompute: true", "recompute: expected one of none, blocks"),
      ("recomputes: blocks", "did you mean “recompute”?"),
    ] {
      let error = #expect(throws: RecipeError.self) { try parse(keys) }
      #expect(error?.problem.contains(fragment) == true, "\(String(describing: error))")
    }
  }

  /// Equal trainings have equal components, whatever memory they took.
  @Test func componentsDoNotTellOfIt() throws {
    func lineage(_ recompute: Recomputed) throws -> Lineage {
      let trainer = try Tiny.trainer(Tiny.recipe { $0.recompute = recompute })
      try trainer.stamp()
      return try #require(trainer.networks[0].extractor.stamp.lineage)
    }
    let kept = try lineage(.none)
    #expect(kept.recipe?.contains("steps: 3") == true)
    #expect(try lineage(.blocks).recipe == kept.recipe)
  }

  /// A machine with less memory may go on with a run, and ends in the bits of an uninterrupted one.
  @Test func aRunGoesOnWithAnotherValue() throws {
    let root = try Tiny.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: root) }
    func run(_ name: String, _ recompute: Recomputed, stopAfter: Int? = nil) throws {
      var rounds = 0
      let control = RunControl(
        resumes: true,
        shouldStop: {
          rounds += 1
          return rounds == stopAfter
        })
      do {
        _ = try Run.train(
          Tiny.recipe {
            $0.methods = CompatibilityMethod.paper
            $0.recompute = recompute
          }, datasets: Tiny.two, directory: RunDirectory("\(root)/\(name)"),
          on: CPUBackend(threads: 2), clock: TurnedClock(), control: control)
      } catch is RunInterrupted {}
    }
    try run("whole", .none)
    try run("stopped", .none, stopAfter: 1)
    #expect(RunDirectory("\(root)/stopped").isInterrupted)
    try run("stopped", .blocks, stopAfter: 1)
    #expect(RunDirectory("\(root)/stopped").isInterrupted)
    try run("stopped", .none)
    for name in ["a.extractor", "a.head", "b.extractor", "b.head"] {
      let files = ["whole", "stopped"].map {
        FileManager.default.contents(atPath: "\(root)/\($0)/components/\(name).safetensors")
      }
      #expect(files[0] != nil && files[0] == files[1], "\(name)")
    }
  }
}
