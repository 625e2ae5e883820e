import ArgumentParser
import Dovetail
import Foundation

/// Data of one's own in place of the paper's, and sizes other than the scale's.
struct OwnGridOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Two data sets of your own in place of the paper's; the report then names them alone.",
      valueName: "name=kind:path"),
    transform: TaskData.read)
  var tasks: [TaskData] = []
  @Option(
    help: ArgumentHelp(
      "Of image folders without a test part: this share of each class is held out as one.",
      valueName: "0.2"))
  var test: Double?
  @Option(help: "Minibatches of each task (default: the scale's).") var steps: Int?
  @Option(
    help: ArgumentHelp(
      "Which network: resnet-20, wide-resnet-16, mobilenet-v2, or as in a recipe (default: the "
        + "scale's).", valueName: "network"))
  var architecture: String?
  @Option(help: "Height and width of the images (default: 32).") var imageSize: Int?
  @Option(help: "Images a minibatch (default: the scale's).") var batch: Int?

  func validate() throws {
    guard tasks.isEmpty || tasks.count == 2 else {
      throw ValidationError("--tasks: expected two, got \(tasks.count)")
    }
    if tasks.count == 2, tasks[0].task == tasks[1].task {
      throw ValidationError("--tasks: “\(tasks[0].task)” stands twice; give each its own name")
    }
    if let task = tasks.first(where: { $0.data.kind == .images }) {
      throw ValidationError(
        "--tasks \(task.task)=images:…: classes are needed; give a folder of them")
    }
    if let test, !(test > 0 && test < 1) {
      throw ValidationError("--test: expected a share between 0 and 1, got \(test)")
    }
    if let steps, steps < 1 { throw ValidationError("--steps: expected 1 or more, got \(steps)") }
    if let batch, !(2...65_536 ~= batch) {
      throw ValidationError("--batch: expected 2 to 65536, got \(batch)")
    }
    if let imageSize, !(4...1024 ~= imageSize) {
      throw ValidationError("--image-size: expected 4 to 1024, got \(imageSize)")
    }
  }

  /// - Throws: `RecipeError` where there is no such network.
  func changes() throws -> GridChanges {
    GridChanges(
      steps: steps, architecture: try network(), imageSize: imageSize, batchSize: batch)
  }

  /// A recipe's own reader knows what there is, and what to say where there is not.
  private func network() throws -> Architecture? {
    guard let architecture else { return nil }
    var settings = [(key: "architecture", value: mapping(architecture))]
    // Strides are those for such images.
    if let imageSize { settings.append((key: "image-size", value: "\(imageSize)")) }
    return try Recipe.parse(
      yaml: "tasks: [{dataset: made-up-ink}]", folder: ".", settings: settings
    ).architecture
  }

  /// `resnet-20` as `{name: resnet, depth: 20}`.
  private func mapping(_ text: String) -> String {
    guard !text.contains("{"), !text.contains(":") else { return text }
    let names = NetworkFamilies.names.map(\.rawValue)
    if names.contains(text) { return "{name: \(text)}" }
    let parts = text.split(separator: "-")
    guard let depth = parts.last.flatMap({ Int($0) }), parts.count > 1 else {
      return "{name: \(text)}"
    }
    return "{name: \(parts.dropLast().joined(separator: "-")), depth: \(depth)}"
  }
}

extension Reproduction {
  func experiments() throws -> [Experiment] {
    try names.map { name in
      guard let found = Experiment.all.first(where: { $0.name == name }) else {
        throw ValidationError(
          "there is no experiment “\(name)”: there are "
            + Experiment.all.map(\.name).joined(separator: ", "))
      }
      return found
    }
  }

  func sources() throws -> [DataSource] {
    guard own.tasks.isEmpty || data.isEmpty else {
      throw ValidationError("--tasks and --data: give one of them")
    }
    let given = try own.tasks.isEmpty ? data.map(role) : []
    let sources =
      given.map { source($0.role, $0.data, name: nil) }
      + zip([DataRole.cifar10, .stl10], own.tasks).map { source($0, $1.data, name: $1.task) }
    guard own.test == nil || sources.contains(where: { $0.kind == .folder }) else {
      throw ValidationError("--test is for image folders; other kinds have their test parts")
    }
    return sources
  }

  private func source(_ role: DataRole, _ data: DataChoice, name: String?) -> DataSource {
    DataSource(
      role: role, kind: data.kind,
      path: data.path.map { URL(fileURLWithPath: $0).standardizedFileURL.path }, name: name,
      test: data.kind == .folder ? own.test : nil)
  }

  private func role(_ text: String) throws -> (role: DataRole, data: DataChoice) {
    let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, let role = DataRole(rawValue: parts[0]),
      let data = try? DataChoice.read(parts[1], separator: ":")
    else {
      throw ValidationError(
        "--data \(text): expected ROLE=KIND:PATH with a role of "
          + DataRole.allCases.map(\.rawValue).joined(separator: ", ") + " and a kind of "
          + DatasetKind.allCases.map(\.rawValue).joined(separator: ", ")
          + " (the synthetic ones without a path)")
    }
    return (role, data)
  }

  func renamings() throws -> [String: String] {
    var all: [String: String] = [:]
    for text in synonyms {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw ValidationError("--synonyms \(text): expected its name=the common name")
      }
      all[parts[0]] = parts[1]
    }
    return all
  }

  func part() throws -> (index: Int, count: Int) {
    guard let shard else { return (0, 1) }
    let parts = shard.split(separator: "/").compactMap { Int($0) }
    guard parts.count == 2, parts[1] >= 1, 1...parts[1] ~= parts[0] else {
      throw ValidationError("--shard \(shard): expected I/N with I from 1 to N")
    }
    return (parts[0] - 1, parts[1])
  }
}
