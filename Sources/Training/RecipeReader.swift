import Datasets
import Foundation
import Networks
import Yams

extension Recipe {
  /// Reads a recipe; see the README for its form. What is left out has its default.
  /// - Parameter folder: relative paths in the recipe start here.
  /// - Throws: `RecipeError` with the line for an unknown key, a wrong type or a wrong value.
  public static func parse(yaml: String, folder: String) throws(RecipeError) -> Recipe {
    let root: Node?
    do {
      root = try compose(yaml: yaml)
    } catch {
      throw RecipeError(yaml: error)
    }
    guard let root else { throw RecipeError("is empty; expected at least tasks") }
    var reader = try MappingReader(root, "the recipe")
    var recipe = Recipe(tasks: [])
    recipe.tasks = try reader.require("tasks").map { (node) throws(RecipeError) in
      try readTasks(node, folder: folder)
    }
    try reader.read("image-size") { (node) throws(RecipeError) in
      recipe.imageSize = try node.integer(in: 8...512)
    }
    try reader.read("architecture") { (node) throws(RecipeError) in
      recipe.architecture = try readArchitecture(node, imageSize: recipe.imageSize)
    }
    try reader.read("methods") { (node) throws(RecipeError) in
      recipe.methods = try node.list().map { (item) throws(RecipeError) in
        try item.choice(CompatibilityMethod.self)
      }
      for method in CompatibilityMethod.allCases
      where recipe.methods.filter({ $0 == method }).count > 1 {
        throw node.error("“\(method.rawValue)” stands twice")
      }
    }
    try reader.read("own-rotation-head") { (node) throws(RecipeError) in
      recipe.ownRotationHead = try node.boolean()
    }
    try reader.read("common-classes-used") { (node) throws(RecipeError) in
      recipe.commonClassesUsed = try node.integer(in: 0...1_000_000)
    }
    try reader.read("initial-weights") { (node) throws(RecipeError) in
      recipe.initialWeights = try absolute(node, folder)
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
    try reader.read("learning-rate") { (node) throws(RecipeError) in
      recipe.learningRate = try node.number(in: 0...1000)
    }
    try reader.read("momentum") { (node) throws(RecipeError) in
      recipe.momentum = try node.number(in: 0...1)
    }
    try reader.read("weight-decay") { (node) throws(RecipeError) in
      recipe.weightDecay = try node.number(in: 0...1)
    }
    try reader.read("schedule") { (node) throws(RecipeError) in
      recipe.schedule = try node.choice(Schedule.self)
    }
    try reader.read("warmup") { (node) throws(RecipeError) in
      recipe.warmup = try node.number(in: 0...1)
    }
    try reader.read("augment") { (node) throws(RecipeError) in
      recipe.augment = try node.boolean()
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
    try reader.finish()
    try recipe.validate()
    return recipe
  }

  private static func readTasks(
    _ node: ValueNode, folder: String
  ) throws(RecipeError) -> [TaskRecipe] {
    try node.list().map { (item) throws(RecipeError) in
      var reader = try MappingReader(item.node, "a task")
      let kind = try reader.require("dataset").choice(DatasetKind.self)
      var task = TaskRecipe(name: kind.rawValue, dataset: kind)
      try reader.read("name") { (node) throws(RecipeError) in
        task.name = try node.text()
        // The name becomes a file name.
        let allowed = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-_."))
        guard !task.name.isEmpty, !task.name.hasPrefix("."), task.name != "auxiliary",
          task.name.unicodeScalars.allSatisfy({ $0.isASCII && allowed.contains($0) })
        else {
          throw node.error("expected letters, digits, “-”, “_”, “.”, got “\(task.name)”")
        }
      }
      try reader.read("path") { (node) throws(RecipeError) in
        if !kind.needsPath { throw node.error("\(kind.rawValue) is drawn by code, it has no path") }
        task.path = try absolute(node, folder)
      }
      try reader.read("initial-weights") { (node) throws(RecipeError) in
        task.initialWeights = try absolute(node, folder)
      }
      try reader.read("synonyms") { (node) throws(RecipeError) in
        task.synonyms = try node.textMapping()
      }
      try reader.finish()
      return task
    }
  }

  /// Absolute, so that the effective recipe means the same wherever it is read from.
  private static func absolute(_ node: ValueNode, _ folder: String) throws(RecipeError) -> String {
    URL(
      fileURLWithPath: try node.text(),
      relativeTo: URL(fileURLWithPath: folder, isDirectory: true)
    ).standardizedFileURL.path
  }

  /// - Parameter imageSize: MobileNetV2's strides are those for such images, unless said otherwise.
  private static func readArchitecture(
    _ node: ValueNode, imageSize: Int
  ) throws(RecipeError) -> Architecture {
    var reader = try MappingReader(node.node, "architecture")
    var architecture = Architecture()
    /// What stands in the recipe, for messages.
    var given: [String: ValueNode] = [:]
    try reader.read("name") { (node) throws(RecipeError) in
      architecture = Architecture(name: try node.choice(Architecture.Name.self))
      if architecture.resolution != nil && imageSize >= 64 { architecture.resolution = .standard }
    }
    try reader.read("depth") { (node) throws(RecipeError) in
      architecture.depth = try node.integer(in: 1...1202)
      given["depth"] = node
    }
    try reader.read("width") { (node) throws(RecipeError) in
      architecture.width = try node.number(in: 0...32)
      given["width"] = node
    }
    try reader.read("split") { (node) throws(RecipeError) in
      architecture.split = try node.choice(of: architecture.name.splits)
    }
    try reader.read("adapter") { (node) throws(RecipeError) in
      architecture.adapter = try node.integer(in: 1...4096)
      given["adapter"] = node
    }
    try reader.read("resolution") { (node) throws(RecipeError) in
      architecture.resolution = try node.choice(Architecture.Resolution.self)
      given["resolution"] = node
    }
    try reader.finish()
    do {
      try architecture.validate()
    } catch {
      throw given[error.key]?.error("\(error)") ?? node.error("\(error.key): \(error)")
    }
    return architecture
  }
}
