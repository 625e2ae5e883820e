import Dovetail
import Foundation

/// What to do next, ready to paste: on stderr, and only where a person reads it.
enum NextStep {
  static func say(_ words: String, _ commands: [String]) {
    guard isatty(2) != 0 else { return }
    Console.log(([words] + commands.map { "  \($0)" }).joined(separator: "\n"))
  }

  /// `dovetail …`, with its words quoted where a shell would take them for something else.
  static func command(_ words: [String]) -> String {
    ([Invocation.name] + words.map(Invocation.quoted)).joined(separator: " ")
  }

  // MARK: After each command

  static func afterTraining(_ directory: String, quiet: Bool) {
    guard !quiet, let (recipe, _) = try? RunDirectory(directory).read(),
      recipe.objective == .target, recipe.tasks.count > 1
    else { return }
    let run = RunDirectory(directory)
    let (first, second) = (recipe.tasks[0].name, recipe.tasks[1].name)
    say(
      "Next, \(first)'s extractor under \(second)'s head:",
      [
        command([
          "recombine", run.extractor(first), run.head(second), "--output",
          "\(first)-\(second).safetensors",
        ])
      ])
  }

  static func afterRecombination(_ model: Model, _ path: String, extractor: String) {
    guard model.extractor.header.interface.batchNorm == .batch else {
      return afterRecalibration(path)
    }
    let known = data(of: extractor)
    say(
      "Next, statistics of the images that it is to be used on"
        + (known == nil ? " (photographs: your folder of them):" : ":"),
      [
        command(
          ["recalibrate", path, "--data"] + (known ?? ["images=photographs"])
            + ["--output", renamed(path, "fixed.safetensors")])
      ])
  }

  static func afterRecalibration(_ path: String) {
    say(
      "Next, what it says of pictures (photographs: your folder of them):",
      [command(["predict", path, "photographs"])])
  }

  static func afterPrediction(_ path: String) {
    say(
      "Next, a file for other programs:",
      [command(["export", path, "--onnx", renamed(path, "onnx")])])
  }

  /// `ab.safetensors`, `ab.fixed.safetensors`.
  private static func renamed(_ path: String, _ suffix: String) -> String {
    let ending = ".safetensors"
    return (path.hasSuffix(ending) ? String(path.dropLast(ending.count)) : path) + ".\(suffix)"
  }

  /// KIND=PATH of what a component was trained on, where the run that it belongs to says so.
  private static func data(of component: String) -> [String]? {
    let file = URL(fileURLWithPath: component)
    let run = RunDirectory(
      file.deletingLastPathComponent().deletingLastPathComponent().path)
    guard let (recipe, _) = try? run.read(),
      let task = recipe.tasks.first(where: {
        URL(fileURLWithPath: run.extractor($0.name)).lastPathComponent == file.lastPathComponent
      })
    else { return nil }
    let choice = task.path.map { "\(task.dataset.rawValue)=\($0)" } ?? task.dataset.rawValue
    return [choice] + (task.test.map { ["--test", "\($0)"] } ?? [])
  }
}
