import Datasets
import Foundation
import Networks
import Tensors

extension Recipe {
  static func readTasks(
    _ node: ValueNode, folder: String, imageSize: Int
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
      try reader.read("test") { (node) throws(RecipeError) in
        guard kind == .folder else {
          throw node.error("is for dataset: folder, \(kind.rawValue) has test images of its own")
        }
        task.test = try node.number(in: 0.001...0.999)
      }
      try reader.read("corruption") { (node) throws(RecipeError) in
        let text = try node.text()
        guard let corruption = Corruption(text) else {
          throw node.error("\(Corruption.expected), got “\(text)”")
        }
        task.corruption = corruption
      }
      try reader.read("classes") { (node) throws(RecipeError) in
        task.classes = try node.list().map { (item) throws(RecipeError) in try item.text() }
      }
      try reader.read("architecture") { (node) throws(RecipeError) in
        task.architecture = try readArchitecture(node, imageSize: imageSize)
      }
      try reader.read("extractor") { (node) throws(RecipeError) in
        task.extractor = try absolute(node, folder)
      }
      try reader.read("head") { (node) throws(RecipeError) in
        task.head = try absolute(node, folder)
      }
      try reader.read("old-head") { (node) throws(RecipeError) in
        task.oldHead = try absolute(node, folder)
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
  static func absolute(_ node: ValueNode, _ folder: String) throws(RecipeError) -> String {
    URL(
      fileURLWithPath: try node.text(),
      relativeTo: URL(fileURLWithPath: folder, isDirectory: true)
    ).standardizedFileURL.path
  }

  /// - Parameter imageSize: a network's strides are those for such images, where its family has a
  ///   choice and nothing else is said.
  static func readArchitecture(
    _ node: ValueNode, imageSize: Int
  ) throws(RecipeError) -> Architecture {
    var reader = try MappingReader(node.node, "architecture")
    var architecture = Architecture(imageSize: imageSize)
    /// What stands in the recipe, for messages.
    var given: [String: ValueNode] = [:]
    try reader.read("name") { (node) throws(RecipeError) in
      architecture = Architecture(
        name: try node.choice(of: NetworkFamilies.names), imageSize: imageSize)
    }
    try reader.read("depth") { (node) throws(RecipeError) in
      architecture.depth = try node.integer(in: 1...Int(Int32.max))
      given["depth"] = node
    }
    try reader.read("width") { (node) throws(RecipeError) in
      architecture.width = try node.number(in: 0...1_000_000)
      given["width"] = node
    }
    try reader.read("split") { (node) throws(RecipeError) in
      architecture.split = try node.choice(of: architecture.name.splits)
    }
    try reader.read("adapter") { (node) throws(RecipeError) in
      architecture.adapter = try node.integer(in: 1...Architecture.mostAdapterChannels)
      given["adapter"] = node
    }
    try reader.read("affine-adapter") { (node) throws(RecipeError) in
      architecture.affineAdapter = try readAffineAdapter(node)
      given["affine-adapter"] = node
    }
    try reader.read("resolution") { (node) throws(RecipeError) in
      architecture.resolution = try node.choice(Architecture.Resolution.self)
      given["resolution"] = node
    }
    try reader.read("shortcut") { (node) throws(RecipeError) in
      architecture.shortcut = try node.choice(Architecture.Shortcut.self)
      given["shortcut"] = node
    }
    try reader.finish()
    do {
      try architecture.validate()
    } catch {
      throw given[error.key]?.error("\(error)") ?? node.error("\(error.key): \(error)")
    }
    return architecture
  }

  private static func readAffineAdapter(
    _ node: ValueNode
  ) throws(RecipeError) -> Architecture.AffineAdapter {
    var reader = try MappingReader(node.node, "affine-adapter")
    let channels = try reader.require("channels")
      .integer(in: 1...Architecture.mostAdapterChannels)
    let activation = try reader.require("activation").choice(Activation.self)
    try reader.finish()
    return Architecture.AffineAdapter(channels: channels, activation: activation)
  }
}
