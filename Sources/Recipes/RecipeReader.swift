import Training
import Yams

extension Recipe {
  /// Reads a recipe; its form stands in the article “Recipes”. What is left out has its default.
  /// - Parameters:
  ///   - yaml: the recipe's text.
  ///   - folder: relative paths in the recipe start here.
  ///   - settings: keys and their values, as YAML, that take the place of the recipe's.
  /// - Throws: `RecipeError` with the line for an unknown key, a wrong type or a wrong value.
  public static func parse(
    yaml: String, folder: String, settings: [(key: String, value: String)] = []
  ) throws(RecipeError) -> Recipe {
    var root: Node?
    do {
      // Some editors put a byte order mark first.
      root = try compose(yaml: yaml.first == "\u{FEFF}" ? String(yaml.dropFirst()) : yaml)
    } catch {
      throw RecipeError(yaml: error)
    }
    for (key, value) in settings {
      // One stands for the other.
      if let other = ["steps": "epochs", "epochs": "steps"][key] { root?.remove(other) }
      do {
        root?[key] = try compose(yaml: value)?.withoutMarks ?? Node("")
      } catch {
        throw RecipeError("\(key): “\(value)”: \(RecipeError(yaml: error).problem)")
      }
    }
    guard let root else { throw RecipeError("is empty; expected at least tasks") }
    var reader = try MappingReader(root, "the recipe")
    var recipe = Recipe(tasks: [])
    func read(_ key: RecipeKey) throws(RecipeError) {
      try reader.read(key.name) { (node) throws(RecipeError) in
        try key.read(node, &recipe, folder)
      }
    }
    try read(RecipeKeys.imageSize)
    recipe.tasks = try reader.require("tasks").map { (node) throws(RecipeError) in
      try readTasks(node, folder: folder, imageSize: recipe.imageSize)
    }
    // What an optimizer says of itself is taken where its settings say nothing.
    try read(RecipeKeys.optimizer)
    for key in RecipeKeys.all
    where ![RecipeKeys.imageSize.name, RecipeKeys.optimizer.name].contains(key.name) {
      try read(key)
    }
    try reader.finish()
    if reader.has("steps"), recipe.epochs != nil {
      throw RecipeError("epochs: stands beside steps; give one of them")
    }
    try recipe.validate()
    return recipe
  }
}
