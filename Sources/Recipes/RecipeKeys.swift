import Datasets
import Foundation
import Networks
import Optimizers
import Training

/// All keys of a recipe but `tasks`, in the order in which they are written.
enum RecipeKeys {
  static let all: [RecipeKey] = [imageSize] + framing + networks + losses + start + course + rest

  static let imageSize = RecipeKey.integer(
    "image-size", \.imageSize, in: 8...512, .always,
    "height and width of the images, pixels; a multiple of what the extractor divides it by, at least 4"
  )

  private static let framing: [RecipeKey] = [
    RecipeKey(
      name: "resize", values: "0 to \(Framing.longestShorterSide)", standard: "0",
      meaning:
        "the shorter side that pictures are resized to before their middle is taken, as torchvision "
        + "and timm do at test; 0: the middle square at its area mean"
    ) { (node, recipe, _) throws(RecipeError) in
      let side = try node.integer(in: 0...Framing.longestShorterSide)
      recipe.framing =
        side == 0 ? .square : .crop(shorterSide: side, filter: recipe.framing.filter ?? .bilinear)
    } write: {
      guard case .crop(let side, _) = $0.framing else { return nil }
      return "\(side)"
    },
    RecipeKey(
      name: "resize-filter",
      values: ResizeFilter.allCases.map(\.rawValue).joined(separator: ", "),
      standard: ResizeFilter.bilinear.rawValue, meaning: "of resize, antialiased as Pillow's"
    ) { (node, recipe, _) throws(RecipeError) in
      guard case .crop(let side, _) = recipe.framing else {
        throw node.error("is for resize, which is 0; leave it out")
      }
      recipe.framing = .crop(shorterSide: side, filter: try node.choice(ResizeFilter.self))
    } write: {
      $0.framing.filter?.rawValue
    },
  ]

  private static let networks: [RecipeKey] = [
    RecipeKey(
      name: "architecture", values: "a mapping, see Architectures",
      standard: "{name: resnet, depth: 8, split: stage2}", meaning: "of extractors and heads"
    ) { (node, recipe, _) throws(RecipeError) in
      recipe.architecture = try Recipe.readArchitecture(node, imageSize: recipe.imageSize)
    } write: {
      $0.architecture.yaml
    },
    .key(
      "methods", \.methods, .always,
      values: "a list of " + CompatibilityMethod.all.map(\.rawValue).joined(separator: ", ")
        + "; iiw, rp, dcc for short",
      "ways to make the networks compatible; [] trains them independently"
    ) { (node) throws(RecipeError) in
      let methods = try node.list().map { (item) throws(RecipeError) in
        if let method = CompatibilityMethod(named: try item.text()) { return method }
        return try item.choice(of: CompatibilityMethod.all)
      }
      for method in methods where methods.filter({ $0 == method }).count > 1 {
        throw node.error("“\(method.rawValue)” stands twice")
      }
      return methods
    } text: {
      "[\($0.map(\.rawValue).joined(separator: ", "))]"
    },
    .boolean(
      "own-rotation-head", \.ownRotationHead, .always,
      "a rotation head each, not shared: the paper's upper bound"),
  ]

  private static let losses: [RecipeKey] = [
    .choice(
      "objective", \.objective, .unlessStandard,
      "all but target look at no labels; self-supervised: pre-training and adaptation; entropy and "
        + "information-maximization: adaptation of a task's given extractor and head by their own "
        + "predictions (TENT: batch norm's scales and shifts; SHOT: the extractor)"),
    .boolean(
      "shared-head", \.sharedHead, .unlessStandard,
      "one target head for all tasks, which have the same classes then (Sec. 5.2)"),
    .choice(
      "rotations", \.rotations, .unlessStandard,
      "of the copies of an image for a self-supervised task: all (Eq. 1), or a random one, in less "
        + "than half the time"),
    .number(
      "self-supervised-weight", \.selfSupervisedWeight, in: 0.001...1000, .unlessStandard,
      "of the self-supervised losses beside the target's (Eq. 1: 1)"),
    RecipeKey(
      name: "self-supervised-head", values: "a mapping, see Architectures",
      standard: "the target head's shape",
      meaning:
        "the shared self-supervised heads are that architecture's, for as many channels as the "
        + "extractors give"
    ) { (node, recipe, _) throws(RecipeError) in
      recipe.selfSupervisedHead = try Recipe.readArchitecture(node, imageSize: recipe.imageSize)
    } write: {
      $0.selfSupervisedHead?.yaml
    },
    .choice(
      "shared-heads", \.sharedHeads, .unlessStandard,
      "whether the heads that tasks share learn; fixed: they stay as the seed draws them; "
        + "fixed-simplex: the common-classes head's last layer is a regular simplex and stays so"),
    .integer(
      "common-classes-used", \.commonClassesUsed, in: 0...1_000_000, .unlessStandard,
      "how many common classes the shared head sees, drawn from the seed; 0: all"),
  ]

  private static let start: [RecipeKey] = [
    RecipeKey(
      name: "initial-weights",
      values: "a run's directory, a folder of components (of an import), an extractor's file",
      standard: "fresh weights",
      meaning: "all networks start from these components; a task may have its own"
    ) { (node, recipe, folder) throws(RecipeError) in
      recipe.initialWeights = try Recipe.absolute(node, folder)
    } write: {
      $0.initialWeights.map(Recipe.quoted)
    },
    RecipeKey(
      name: "auxiliary-heads", values: "a list of files", standard: "[]",
      meaning: "they take the place of fresh ones of their kind"
    ) { (node, recipe, folder) throws(RecipeError) in
      recipe.auxiliaryHeads = try node.list().map { (item) throws(RecipeError) in
        try Recipe.absolute(item, folder)
      }
    } write: {
      $0.auxiliaryHeads.isEmpty
        ? nil : "[\($0.auxiliaryHeads.map(Recipe.quoted).joined(separator: ", "))]"
    },
    .key(
      "frozen", \.frozen, .unlessStandard,
      values: "a list of " + NetworkPart.allCases.map(\.rawValue).joined(separator: ", "),
      "what is left as it was given"
    ) { (node) throws(RecipeError) in
      Set(try node.list().map { (item) throws(RecipeError) in try item.choice(NetworkPart.self) })
    } text: { frozen in
      "[\(NetworkPart.allCases.filter(frozen.contains).map(\.rawValue).joined(separator: ", "))]"
    },
  ]

  static let optimizer =
    RecipeKey(
      name: "optimizer", values: "a name, or a mapping of name and options: " + optimizers,
      standard: "sgd", meaning: "adamw's weight decay is decoupled"
    ) { (node, recipe, _) throws(RecipeError) in
      recipe.optimizer = try node.optimizer()
      recipe.learningRate = recipe.optimizer.kind!.learningRate
      recipe.weightDecay = recipe.optimizer.kind!.weightDecay
    } write: {
      isPlain($0.optimizer) ? nil : $0.optimizer.yaml
    }

  private static let course: [RecipeKey] = [
    .choice(
      "scheme", \.scheme, .always,
      "joint: a minibatch of each task in turn; incremental: one task after the other, the shared heads "
        + "frozen after the first"),
    .key(
      "steps", \.steps, .always, values: "0 to 100000000", "minibatches of each task"
    ) { (node) throws(RecipeError) in
      try node.integer(in: 0...100_000_000)
    } text: {
      "\($0)"
    }.written(where: { $0.epochs == nil }),
    RecipeKey(
      name: "epochs", values: "0.001 to 1000000.0", standard: "as steps say",
      meaning:
        "in place of steps: passes over the training images of the task that has most, in whole "
        + "minibatches, rounded up; a run's recipe has the steps"
    ) { (node, recipe, _) throws(RecipeError) in
      recipe.epochs = try node.number(in: 0.001...1_000_000)
    } write: {
      $0.epochs.map { "\($0)" }
    },
    .integer("batch", \.batchSize, in: 2...65_536, .always, "images of a minibatch"),
    .number(
      "learning-rate", \.learningRate, in: 0...1000, .always,
      "of sgd 0.1, of adamw 0.001 where nothing is said"),
    RecipeKey(
      name: "momentum", values: "0.0 to 1.0", standard: "0.9", meaning: "of sgd"
    ) { (node, recipe, _) throws(RecipeError) in
      guard recipe.optimizer.name == SGD.name else {
        throw node.error(
          "is \(SGD.name)'s, the optimizer is \(recipe.optimizer.name); leave it out")
      }
      recipe.settings.momentum = try node.number(in: 0...1)
    } write: {
      isPlain($0.optimizer) ? "\($0.settings.momentum)" : nil
    },
    optimizer,
    .number(
      "weight-decay", \.weightDecay, in: 0...1, .always,
      "of sgd 0.0001, of adamw 0.01 where nothing is said"),
    .choice(
      "schedule", \.schedule, .always,
      "of the learning rate: half a cosine; ÷ 10 at one half and at three quarters; constant"),
    .number(
      "warmup", \.warmup, in: 0...1, .always,
      "fraction of the minibatches over which the learning rate rises"),
    .key(
      "augment", \.augment, .always,
      values: "true ([crop, flip]), false, or a list of "
        + Augmentations.all.map { step in
          step.value.map { "{\(step.name): \($0.standard)}" } ?? step.name
        }.joined(separator: ", "),
      "what is done to training images, each anew in every minibatch"
    ) { (node) throws(RecipeError) in
      try node.augmentation()
    } text: {
      $0.yaml
    },
    RecipeKey(
      name: "seed", values: "0 to \(Int.max)", standard: "0", meaning: "of all random draws"
    ) { (node, recipe, _) throws(RecipeError) in
      recipe.seed = UInt64(try node.integer(in: 0...Int.max))
    } write: {
      "\($0.seed)"
    },
    .number(
      "validation", \.validation, in: 0...0.9, .always,
      "fraction of each training set that is held out for choices"),
    .integer(
      "evaluate-every", \.evaluateEvery, in: 0...100_000_000, .always,
      "accuracies are also measured every so many steps; 0: at the end alone"),
    .boolean(
      "decay-norms-and-biases", \.decaysNormsAndBiases, .unlessStandard,
      "whether batch norm's scales and shifts, and biases, decay like all other weights"),
    .number(
      "label-smoothing", \.labelSmoothing, in: 0...0.99, .unlessStandard, "of the target loss"),
    .number(
      "average-weights", \.averageWeights, in: 0...0.999_999, .unlessStandard,
      "d of a moving average of the weights, d·average + (1 − d)·weight after each step, which is what "
        + "is measured and stored; such as 0.999; 0: none"),
  ]

  private static let rest: [RecipeKey] = [
    RecipeKey(
      name: "keep", values: KeptWeights.allCases.map(\.rawValue).joined(separator: ", "),
      standard: KeptWeights.last.rawValue,
      meaning:
        "which weights become components; best: those measured (evaluate-every) under which the "
        + "held-out images (validation) were named best, in the mean over tasks"
    ) { (node, recipe, _) throws(RecipeError) in
      recipe.keep = try node.choice(KeptWeights.self)
    } write: {
      $0.keep == .last ? nil : $0.keep.rawValue
    },
    RecipeKey(
      name: "image-memory", values: "0 to 100000000", standard: "2048",
      meaning: "MiB of a task's images that are held; a larger image folder is streamed"
    ) { (node, recipe, _) throws(RecipeError) in
      recipe.imageMemory = try node.integer(in: 0...100_000_000)
    } write: {
      $0.imageMemory == 2048 ? nil : "\($0.imageMemory)"
    },
    RecipeKey(
      name: "damaged-images",
      values: DamagedImages.allCases.map(\.rawValue).joined(separator: ", "), standard: "fail",
      meaning: "skip: the next intact file takes the place"
    ) { (node, recipe, _) throws(RecipeError) in
      recipe.damagedImages = try node.choice(DamagedImages.self)
    } write: {
      $0.damagedImages == .fail ? nil : $0.damagedImages.rawValue
    },
    .choice(
      "recompute", \.recompute, .unlessStandard,
      "what the backward pass makes again in place of keeping it, with the same bits; blocks: what is "
        + "inside the networks' blocks, less memory for about one more forward pass; an interrupted run "
        + "may go on with another value"),
    .key(
      "evaluate-at", \.evaluateAt, .unlessStandard, values: "a list of steps, ascending",
      "and after these many; 0 is before the first"
    ) { (node) throws(RecipeError) in
      try node.list().map { (item) throws(RecipeError) in try item.integer(in: 0...100_000_000) }
    } text: {
      "[\($0.map(String.init).joined(separator: ", "))]"
    },
  ]

  /// SGD with momentum alone is said as it was when there was nothing else.
  private static func isPlain(_ optimizer: OptimizerChoice) -> Bool {
    optimizer.name == SGD.name && optimizer.options.keys.allSatisfy { $0 == "momentum" }
  }

  private static var optimizers: String {
    Optimizers.all.map { kind in
      let options = kind.options.map { option in
        "\(option.name): " + (option.isSwitch ? "\(option.standard == 1)" : "\(option.standard)")
      }
      return "{\((["name: \(kind.name)"] + options).joined(separator: ", "))}"
    }.joined(separator: ", ")
  }
}
