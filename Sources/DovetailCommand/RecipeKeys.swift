import ArgumentParser
import Dovetail

struct RecipeKeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recipe-keys",
    abstract: "Print the keys of a recipe as a table in Markdown.")

  func run() { Console.write(Array(Recipe.reference.utf8)) }
}
