import ArgumentParser
import Dovetail
import Foundation

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train networks as a recipe says, recombine them, print how well that works.",
    discussion: """
      A recipe is a YAML file. Only tasks must be given; paths start at its folder:

        tasks:
          - {name: cifar10, dataset: cifar10, path: cifar-10-batches-bin}
          - {name: pets, dataset: folder, path: pets}
        image-size: 32
        architecture: {name: resnet, depth: 8, split: stage2}
        methods:               # iiw, rp, dcc for short; [] trains independently
          - identical-initial-weights
          - rotation-prediction
          - common-classes
        scheme: joint          # or incremental: tasks in their order
        steps: 500             # minibatches of each task; or epochs: 20
        batch: 64
        learning-rate: 0.1
        seed: 0
        validation: 0          # fraction of the training images held out

      Data sets: cifar10, cifar100 and stl10 (the binary versions), folder (train/<class>/* and \
      test/<class>/* or val/; or <class>/* with test: 0.2, which holds a fifth of each class out), \
      made-up-ink and made-up-neon (drawn by code, no path). Classes are common where their names \
      are equal; where they are not, give the task synonyms: {car: automobile}; several classes may \
      have one synonym.

      Pictures are \(Picture.words)

      A first try that needs no data:

        printf '%s\\n' 'tasks: [{dataset: made-up-ink}, {dataset: made-up-neon}]' \\
          'methods: [iiw, rp, dcc]' 'steps: 120' 'batch: 64' > try.yaml
        dovetail train try.yaml --output runs/try
        dovetail evaluate runs/try

      In about a minute its networks recombine at two to three times chance (10 %). Without \
      methods, or with methods: [], the same networks are independent and recombine at chance.
      """)

  @Argument(help: "The recipe, a YAML file.") var recipe: String
  @OptionGroup var training: TrainingOptions

  func run() throws {
    try ExitStatus.reporting { try training.run(try training.read(recipe)) }
  }
}
