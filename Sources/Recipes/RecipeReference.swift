extension Recipe {
  /// Keys of which an interrupted run may go on with another value: it changes no bit.
  package static let keysThatChangeNoBit = ["recompute"]
}

extension Recipe {
  /// The keys beside `tasks` as a table in Markdown: docs/recipe-keys.md.
  public static var reference: String {
    func table(_ rows: [[String]]) -> String {
      (["| key | values | where nothing is said | what it is |", "|---|---|---|---|"]
        + rows.map { "| `\($0[0])` | \($0.dropFirst().joined(separator: " | ")) |" })
        .joined(separator: "\n")
    }
    let first = ["tasks", "a list of mappings, see below", "must be given", "in their order"]
    return """
      # Keys of a recipe
      Made by `dovetail recipe-keys`, from the table that reads and writes recipes.

      \(table([first] + RecipeKeys.all.map { [$0.name, $0.values, $0.standard, $0.meaning] }))

      ## Keys of a task
      \(table(RecipeKeys.ofTasks))

      ## Keys of an architecture
      \(table(RecipeKeys.ofArchitectures))

      A mapping may take over another's keys by YAML's merge key, `<<: *other`; its own win.

      """
  }
}
