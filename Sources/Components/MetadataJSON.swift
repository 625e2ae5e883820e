import Datasets
import Files
import Foundation
import Networks

/// Reads metadata of a file that is not trusted.
struct MetadataReader {
  let metadata: [String: String]
  let path: String

  func malformed(_ problem: String) -> FileError {
    FileError(kind: .malformed, path: path, problem: problem)
  }

  func text(_ value: some Encodable) throws(FileError) -> String {
    do { return try CanonicalJSON.text(value) } catch { throw malformed("\(error)") }
  }

  func value<Value: Decodable>(_ key: String) throws(FileError) -> Value {
    guard let value: Value = try optional(key) else {
      throw malformed("metadata “\(key)” is missing")
    }
    return value
  }

  func optional<Value: Decodable>(_ key: String) throws(FileError) -> Value? {
    guard let text = metadata[key] else { return nil }
    do {
      // Equal keys and deep nesting, which Foundation lets pass.
      _ = try StrictJSON.parse(Array(text.utf8)[...])
      return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    } catch let error as ArchitectureError {
      throw malformed("metadata “\(key)” cannot be understood: \(error)")
    } catch {
      throw malformed("metadata “\(key)” cannot be understood: \(text.prefix(200))")
    }
  }

  /// The family's bounds, before anything is made of it.
  func check(_ architecture: Architecture, of kind: ComponentKind) throws(FileError) {
    do {
      try kind == .extractor ? architecture.validateExtractor() : architecture.validate()
    } catch {
      throw malformed("architecture: \(error)")
    }
  }

  func check(_ preprocessing: Preprocessing) throws(FileError) {
    let size = preprocessing.imageSize
    guard 8...512 ~= size, size % 4 == 0 else {
      throw malformed(
        "preprocessing: expected an image size from 8 to 512, a multiple of 4, got \(size)")
    }
    if let problem = preprocessing.framing.problem(imageSize: size) {
      throw malformed("preprocessing: \(problem)")
    }
    let (mean, std) = (preprocessing.normalization.mean, preprocessing.normalization.std)
    guard mean.count == 3, std.count == 3, mean.allSatisfy(\.isFinite),
      std.allSatisfy({ $0.isFinite && $0 > 0 })
    else {
      throw malformed(
        "preprocessing: expected three finite means and three positive standard deviations, "
          + "got \(mean) and \(std)")
    }
  }
}
