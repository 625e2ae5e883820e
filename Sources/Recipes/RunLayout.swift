import Foundation

/// Where a run keeps its components.
public struct RunLayout: Sendable {
  public let path: String

  public init(_ path: String) { self.path = path }

  public func extractor(_ task: String) -> String {
    "\(path)/components/\(task)\(Self.extractorSuffix)"
  }
  public func head(_ task: String) -> String { "\(path)/components/\(task).head.safetensors" }
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
