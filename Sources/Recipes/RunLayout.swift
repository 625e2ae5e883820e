import Foundation

/// Where a run keeps its components.
public struct RunLayout: Sendable {
  /// The run's directory.
  public let path: String

  public init(_ path: String) { self.path = path }

  /// A task's extractor.
  public func extractor(_ task: String) -> String {
    "\(path)/components/\(task)\(Self.extractorSuffix)"
  }
  /// A task's head.
  public func head(_ task: String) -> String { "\(path)/components/\(task).head.safetensors" }
  /// A head that tasks share, by its kind.
  public func auxiliary(_ name: String) -> String {
    "\(path)/components/auxiliary/\(name).safetensors"
  }

  /// Files of all extractors.
  var extractors: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/components")) ?? []
    return names.filter { $0.hasSuffix(Self.extractorSuffix) }.map { "\(path)/components/\($0)" }
  }

  private static let extractorSuffix = ".extractor.safetensors"
}
