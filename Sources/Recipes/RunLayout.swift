import Foundation

/// Where a run keeps its components, or where they stand in a folder of their own.
public struct RunLayout: Sendable {
  /// The run's directory, or a folder of components.
  public let path: String
  /// Whether the components have a folder of their own within, as a run's have.
  let isRun: Bool

  /// A run's.
  public init(_ path: String) { (self.path, isRun) = (path, true) }

  /// What is there: a run's where it has a folder for components.
  init(found path: String) {
    self.path = path
    isRun = FileManager.default.fileExists(atPath: "\(path)/components")
  }

  private var folder: String { isRun ? "\(path)/components" : path }

  /// A task's extractor.
  public func extractor(_ task: String) -> String { "\(folder)/\(task)\(Self.extractorSuffix)" }
  /// A task's head.
  public func head(_ task: String) -> String { "\(folder)/\(task)\(Self.headSuffix)" }
  /// A head that tasks share, by its kind.
  public func auxiliary(_ name: String) -> String {
    "\(folder)/auxiliary/\(name).safetensors"
  }

  /// Files of all extractors.
  var extractors: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(Self.extractorSuffix) }.sorted().map { "\(folder)/\($0)" }
  }

  /// The head that was made with an extractor, by its file's name.
  static func head(beside extractor: String) -> String {
    extractor.dropLast(extractorSuffix.count) + headSuffix
  }

  private static let extractorSuffix = ".extractor.safetensors"
  private static let headSuffix = ".head.safetensors"
}
