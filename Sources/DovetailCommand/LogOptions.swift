import ArgumentParser
import Dovetail

/// How much a training says on stderr.
struct LogOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "No progress: only the device, errors and the results.")
  var quiet = false
  @Flag(
    name: .shortAndLong,
    help: "Also say what is trained on what, and every loss that is read.")
  var verbose = false

  func validate() throws {
    if quiet && verbose { throw ValidationError("--quiet and --verbose: give one of them") }
  }

  /// With `--verbose`: the recipe with every default, and what was loaded.
  func describe(_ recipe: Recipe, _ datasets: [Dataset]) throws {
    guard verbose else { return }
    Console.log("Recipe, defaults included:")
    for line in recipe.yaml.split(separator: "\n") { Console.log("  \(line)") }
    for (task, data) in zip(recipe.tasks, datasets) {
      let notes = data.notes.map { ", \($0)" }.joined()
      Console.log(
        "Task \(task.name): \(data.name), \(data.trainCount) training and \(data.test.count) "
          + "test images, \(data.classNames.count) classes\(notes)")
    }
    let common = try recipe.classMap(datasets).common
    Console.log("Common classes (\(common.count)): \(common.joined(separator: ", "))")
  }
}
