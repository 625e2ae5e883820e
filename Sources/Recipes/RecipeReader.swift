import Datasets
import Foundation
import Networks
import Optimizers
import Training
import Yams

extension Recipe {
  /// Reads a recipe; see the README for its form. What is left out has its default.
  /// - Parameters:
  ///   - folder: relative paths in the recipe start here.
  ///   - settings: keys and their values, as YAML, that take the place of the recipe's.
  /// - Throws: `RecipeError` with the line for an unknown key, a wrong type or a wrong value.
  public static func parse(
    yaml: String, folder: String, settings: [(key: String, value: String)] = []
  ) throws(RecipeError) -> Recipe {
    var root: Node?
    do {
      root = try compose(yaml: yaml)
    } catch {
      throw RecipeError(yaml: error)
    }
    for (key, value) in settings {
      do {
        root?[key] = try compose(yaml: value)?.withoutMarks ?? Node("")
      } catch {
        throw RecipeError("\(key): “\(value)”: \(RecipeError(yaml: error).problem)")
      }
    }
    guard let root else { throw RecipeError("is empty; expected at least tasks") }
    var reader = try MappingReader(root, "the recipe")
    var recipe = Recipe(tasks: [])
    try reader.read("image-size") { (node) throws(RecipeError) in
      recipe.imageSize = try node.integer(in: 8...512)
    }
    recipe.tasks = try reader.require("tasks").map { (node) throws(RecipeError) in
      try readTasks(node, folder: folder, imageSize: recipe.imageSize)
    }
    try reader.read("architecture") { (node) throws(RecipeError) in
      recipe.architecture = try readArchitecture(node, imageSize: recipe.imageSize)
    }
    try reader.read("methods") { (node) throws(RecipeError) in
      recipe.methods = try node.list().map { (item) throws(RecipeError) in
        try item.choice(of: CompatibilityMethod.all)
      }
      for method in recipe.methods
      where recipe.methods.filter({ $0 == method }).count > 1 {
        throw node.error("“\(method.rawValue)” stands twice")
      }
    }
    try reader.read("objective") { (node) throws(RecipeError) in
      recipe.objective = try node.choice(Objective.self)
    }
    try reader.read("shared-head") { (node) throws(RecipeError) in
      recipe.sharedHead = try node.boolean()
    }
    try reader.read("own-rotation-head") { (node) throws(RecipeError) in
      recipe.ownRotationHead = try node.boolean()
    }
    try reader.read("rotations") { (node) throws(RecipeError) in
      recipe.rotations = try node.choice(Copies.self)
    }
    try reader.read("self-supervised-weight") { (node) throws(RecipeError) in
      recipe.selfSupervisedWeight = try node.number(in: 0.001...1000)
    }
    try reader.read("self-supervised-head") { (node) throws(RecipeError) in
      recipe.selfSupervisedHead = try readArchitecture(node, imageSize: recipe.imageSize)
    }
    try reader.read("common-classes-used") { (node) throws(RecipeError) in
      recipe.commonClassesUsed = try node.integer(in: 0...1_000_000)
    }
    try reader.read("initial-weights") { (node) throws(RecipeError) in
      recipe.initialWeights = try absolute(node, folder)
    }
    try reader.read("auxiliary-heads") { (node) throws(RecipeError) in
      recipe.auxiliaryHeads = try node.list().map { (item) throws(RecipeError) in
        try absolute(item, folder)
      }
    }
    try reader.read("frozen") { (node) throws(RecipeError) in
      recipe.frozen = Set(
        try node.list().map { (item) throws(RecipeError) in try item.choice(NetworkPart.self) })
    }
    try reader.read("scheme") { (node) throws(RecipeError) in
      recipe.scheme = try node.choice(Scheme.self)
    }
    try reader.read("steps") { (node) throws(RecipeError) in
      recipe.steps = try node.integer(in: 0...100_000_000)
    }
    try reader.read("batch") { (node) throws(RecipeError) in
      recipe.batch = try node.integer(in: 2...65_536)
    }
    try reader.read("optimizer") { (node) throws(RecipeError) in
      recipe.optimizer = try node.optimizer()
      recipe.learningRate = recipe.optimizer.kind!.learningRate
      recipe.weightDecay = recipe.optimizer.kind!.weightDecay
    }
    try reader.read("learning-rate") { (node) throws(RecipeError) in
      recipe.learningRate = try node.number(in: 0...1000)
    }
    try reader.read("momentum") { (node) throws(RecipeError) in
      guard recipe.optimizer.name == SGD.name else {
        throw node.error("is \(SGD.name)'s, the optimizer is \(recipe.optimizer.name); leave it out")
      }
      recipe.momentum = try node.number(in: 0...1)
    }
    try reader.read("weight-decay") { (node) throws(RecipeError) in
      recipe.weightDecay = try node.number(in: 0...1)
    }
    try reader.read("decay-norms-and-biases") { (node) throws(RecipeError) in
      recipe.decaysNormsAndBiases = try node.boolean()
    }
    try reader.read("label-smoothing") { (node) throws(RecipeError) in
      recipe.labelSmoothing = try node.number(in: 0...0.99)
    }
    try reader.read("schedule") { (node) throws(RecipeError) in
      recipe.schedule = try node.choice(Schedule.self)
    }
    try reader.read("warmup") { (node) throws(RecipeError) in
      recipe.warmup = try node.number(in: 0...1)
    }
    try reader.read("image-memory") { (node) throws(RecipeError) in
      recipe.imageMemory = try node.integer(in: 0...100_000_000)
    }
    try reader.read("damaged-images") { (node) throws(RecipeError) in
      recipe.damagedImages = try node.choice(DamagedImages.self)
    }
    try reader.read("augment") { (node) throws(RecipeError) in
      recipe.augment = try node.augmentation()
    }
    try reader.read("seed") { (node) throws(RecipeError) in
      recipe.seed = UInt64(try node.integer(in: 0...Int.max))
    }
    try reader.read("validation") { (node) throws(RecipeError) in
      recipe.validation = try node.number(in: 0...0.9)
    }
    try reader.read("evaluate-every") { (node) throws(RecipeError) in
      recipe.evaluateEvery = try node.integer(in: 0...100_000_000)
    }
    try reader.read("evaluate-at") { (node) throws(RecipeError) in
      recipe.evaluateAt = try node.list().map { (item) throws(RecipeError) in
        try item.integer(in: 0...100_000_000)
      }
    }
    try reader.finish()
    try recipe.validate()
    return recipe
  }
}
