import Components
import Networks
import Recipes
import Training

extension Experiment {
  /// Fig. 4: one classifier for extractors of different architectures.
  static let fig4 = Experiment(
    name: "fig4", title: "One classifier for many architectures (Fig. 4)",
    summary: """
      Three extractors trained with one shared head on the first five classes; the head grown to all \
      ten and trained on the wide extractor, frozen; then attached to the two others, untouched. \
      Accuracy on all test images.
      """,
    deviations: [
      "The upper bounds are trained without a rotation head.",
      "The wide ResNet is cut after stage 2, batch norm follows the 1×1 convolution (ours).",
    ],
    rows: networks.indices.map { index in
      Row(
        networks[index].name, paper: networks[index].recombined, [grown],
        .crossings([crossing(index, grown)]),
        group: index == reference ? "the reference itself" : nil)
    } + [
      Row("perfect on five classes, none of the others", paper: 0.5, [], .constant(0.5))
        .in("lower bound")
    ]
      + networks.indices.map {
        Row(
          "\(networks[$0].name) on five classes, none of the others", [together], .halfOwnTask($0),
          group: "lower bound")
      }
      + networks.map {
        Row(
          $0.name, paper: $0.changed, [alone($0, withHead: true)], .ownTaskOnAllClasses,
          group: "upper bound, changed architectures",
          note: "the paper has 92.7 to 92.8 % for the three")
      }
      + networks.map {
        Row(
          $0.name, paper: $0.bound, [alone($0, withHead: false)], .ownTaskOnAllClasses,
          group: "upper bound, individual networks")
      }
      + networks.indices.map { index in
        Row(
          networks[index].name, [grownWithExtractor],
          .crossings([crossing(index, grownWithExtractor)]),
          group: "the reference extractor trained too")
      })

  private struct Network: Sendable {
    let name: String
    let architecture: @Sendable (Scale) -> Architecture
    /// The paper's numbers.
    var recombined: Double?
    var bound: Double?
    var changed: Double?
  }

  private static let networks = [
    Network(name: "ResNet", architecture: { $0.resnet }, recombined: 0.917, bound: 0.946),
    Network(name: "MobileNetV2", architecture: { $0.mobileNet }, recombined: 0.916, bound: 0.933),
    Network(name: "Wide ResNet", architecture: \.wideVariant),
  ]
  /// The Wide ResNet.
  private static let reference = 2
  /// Channels that cross the cut.
  private static let channels = 64

  private static func withAdapter(_ architecture: Architecture) -> Architecture {
    var architecture = architecture
    architecture.adapter = channels
    return architecture
  }

  private static let together = PlannedTraining(
    "three extractors, one head", roles: [.cifar10, .cifar10, .cifar10]
  ) { recipe, setting in
    recipe.train(withAdapter(setting.scale.mobileNet))
    recipe.sharedHead = true
    recipe.steps = setting.scale.sharedHeadSteps
    for index in recipe.tasks.indices {
      recipe.tasks[index].name = networks[index].name.lowercased().replacing(" ", with: "-")
      recipe.tasks[index].architecture = withAdapter(networks[index].architecture(setting.scale))
      recipe.tasks[index].classes = Array(setting.classNames(.cifar10).prefix(5))
    }
  }

  /// The head for all classes, trained on the reference extractor.
  private static let grown = growing("head grown to all classes") {
    $0.frozen = [.extractors]
  }

  private static let grownWithExtractor = growing("head and reference extractor") { _ in }

  private static func growing(
    _ name: String, _ change: @escaping @Sendable (inout Recipe) -> Void
  ) -> PlannedTraining {
    PlannedTraining(name, roles: [.cifar10], needs: [together]) { recipe, setting in
      recipe.train(withAdapter(setting.scale.mobileNet))
      recipe.tasks[0].architecture = withAdapter(networks[reference].architecture(setting.scale))
      recipe.tasks[0].extractor = setting.extractor(together, task: reference)
      recipe.tasks[0].head = setting.head(together, task: reference)
      recipe.steps = setting.scale.sharedHeadSteps
      change(&recipe)
    }
  }

  private static func crossing(_ index: Int, _ head: PlannedTraining) -> Crossing {
    Crossing(extractor: together, extractorTask: index, head: head, role: .cifar10)
  }

  /// One network by itself, with the shared head's architecture or its own.
  private static func alone(_ network: Network, withHead: Bool) -> PlannedTraining {
    PlannedTraining("\(network.name) alone\(withHead ? ", changed" : "")", roles: [.cifar10]) {
      recipe, setting in
      let own = network.architecture(setting.scale)
      recipe.train(withHead ? withAdapter(setting.scale.mobileNet) : own)
      if withHead { recipe.tasks[0].architecture = withAdapter(own) }
      recipe.steps = setting.scale.sharedHeadSteps
    }
  }
}
