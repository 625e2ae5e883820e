import ArgumentParser
import Dovetail
import Foundation

/// What every command that follows a recipe has in common.
struct TrainingOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Directory for components and results.", valueName: "dir"))
  var output: String?
  @OptionGroup var device: DeviceOption
  @Option(help: "Overrides the recipe's seed.") var seed: Int?
  @Option(help: "Overrides the recipe's steps.") var steps: Int?
  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp(
      "Overrides a key of the recipe: --set learning-rate=0.3 --set 'frozen: [heads]'.",
      valueName: "key=value"))
  var settings: [String] = []
  @OptionGroup var checkpoints: CheckpointOptions
  @OptionGroup var json: JSONOption
  @OptionGroup var log: LogOptions

  func validate() throws {
    if let seed, seed < 0 { throw ValidationError("--seed: expected 0 or more, got \(seed)") }
    _ = try parsedSettings()
    if let steps, steps < 0 { throw ValidationError("--steps: expected 0 or more, got \(steps)") }
  }

  /// The recipe as the options have it, and the data where they had to be read for that: how many
  /// steps epochs are only they can tell, and a run that is there has steps.
  func settled(_ recipe: Recipe) throws -> (recipe: Recipe, datasets: [Dataset]?) {
    var recipe = recipe
    if let seed { recipe.seed = UInt64(seed) }
    if let steps {
      recipe.steps = steps
      recipe.epochs = nil
    }
    guard recipe.epochs != nil else { return (recipe, nil) }
    let datasets = try load(recipe)
    return (recipe.withSteps(for: datasets), datasets)
  }

  func load(_ recipe: Recipe) throws -> [Dataset] {
    try Waiting.note("reading the images", quiet: log.quiet) { try recipe.loadDatasets() }
  }

  /// Trains, and prints what came out.
  func run(_ recipe: Recipe, title: String = "training") throws {
    let (recipe, early) = try settled(recipe)
    let directory = output.map { RunDirectory($0) }
    if checkpoints.resume && directory == nil {
      throw ValidationError("--resume: give the --output of the run that is to go on")
    }
    /// Again once it is ours: until then another process may have trained in it.
    func check(_ directory: RunDirectory?) throws {
      try directory?.check(
        for: recipe, resumes: checkpoints.resume, overwrites: checkpoints.overwrite)
    }
    try check(directory)
    try json.check()
    if checkpoints.resume, let directory, directory.isFinished {
      directory.clearAway()
      try show(try directory.read().results)
      return
    }
    let claimed = try directory?.claimed { Console.log("dovetail: \($0)") }
    defer { claimed?.release() }
    try check(claimed)
    let backend = checkpoints.watched(try device.open())
    if directory == nil && !log.quiet {
      Console.log("dovetail: without --output the components are not kept")
    }
    log.remark(recipe)
    let datasets = try early ?? load(recipe)
    try log.describe(recipe, datasets)
    try log.sayCommonClasses(recipe, datasets)
    KernelWarmUp.run(recipe, datasets, on: backend)
    let line = ProgressLine(title, log)
    let results = try Run.train(
      recipe, datasets: datasets, directory: claimed, on: backend,
      startTime: Console.secondsSince1970(),
      control: checkpoints.control(hasDirectory: directory != nil), progress: line.show)
    claimed?.release()
    try show(results)
  }

  private func show(_ results: RunResults) throws {
    try json.write(results)
    if !json.takesStdout {
      Console.print(ResultTable.text(results))
      if let output { Console.print("Components: \(output)/components") }
    }
    if let output { NextStep.afterTraining(output, quiet: log.quiet) }
  }

  /// KEY=VALUE or KEY: VALUE.
  private func parsedSettings() throws -> [(key: String, value: String)] {
    try settings.map { text in
      guard let end = text.firstIndex(where: { $0 == "=" || $0 == ":" }), end > text.startIndex
      else { throw ValidationError("--set \(text): expected KEY=VALUE") }
      return (String(text[..<end]), String(text[text.index(after: end)...]))
    }
  }

  func read(_ path: String) throws -> Recipe {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw InputMissing(
        description: "\(path): there is no such recipe, or it cannot be read; "
          + "dovetail train --help shows how to write one")
    }
    let folder = URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent().path
    let settings = try parsedSettings()
    do throws(RecipeError) {
      return try Recipe.parse(
        yaml: String(decoding: data, as: UTF8.self), folder: folder, settings: settings)
    } catch {
      throw RecipeFileError(path: path, error: error)
    }
  }
}

/// A recipe error with the file that it is in.
struct RecipeFileError: Error, CustomStringConvertible {
  let path: String
  let error: RecipeError

  var description: String {
    "\(path)\(error.line.map { ", line \($0)" } ?? ""): \(error.problem)"
  }
}
