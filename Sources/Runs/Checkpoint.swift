package import Components
package import Files
import Foundation
import Tensors
import Training

/// Everything that a training is between two rounds. Which images a minibatch takes, and what is
/// done to them, is a function of seed, task and step, so no state of a random generator belongs to
/// it.
package struct Checkpoint {
  static let format = "dovetail-checkpoint-1"

  /// What is kept beside the tensors.
  struct State: Codable, Equatable {
    var position: TrainingPosition
    var images: Int
    var curve: [RunResults.CurvePoint]
    /// Seconds of training so far.
    var seconds: Double
    /// Length of `metrics.jsonl`: what was written later is written again.
    var metricsBytes: Int
    /// The effective recipe.
    var recipe: String
    /// Of `seconds`, for streamed images.
    var secondsWaiting: Double
    /// Damaged files in whose place others were taken.
    var skippedImages: [String]
    /// With `keep: best`.
    var best: BestWeights?
    /// Of the convolutions' products, where it is not float32.
    var precision: String?
  }

  var state: State
  /// Values, momentum and running statistics, by part and name.
  package var tensors: [String: SafetensorsFile.Entry]

  // MARK: The file

  var bytes: [UInt8] {
    get throws {
      SafetensorsFile(
        tensors: tensors,
        metadata: [
          "format": Self.format, "digest": Digest.weights(tensors),
          "state": try CanonicalJSON.text(state),
        ]
      ).bytes
    }
  }

  init(state: State, tensors: [String: SafetensorsFile.Entry]) {
    self.state = state
    self.tensors = tensors
  }

  /// - Parameter limit: bytes; a larger file is not read.
  /// - Throws: `FileError` for whatever is not as it was written.
  init(path: String, limit: Int) throws(FileError) {
    try self.init(bytes: try PlainFile.read(path, limit: limit), path: path)
  }

  package init(bytes: [UInt8], path: String) throws(FileError) {
    func malformed(_ problem: String) -> FileError {
      FileError(kind: .malformed, path: path, problem: problem)
    }
    let file: SafetensorsFile
    do { file = try SafetensorsFile(bytes: bytes) } catch { throw malformed("\(error)") }
    guard file.metadata["format"] == Self.format else {
      throw malformed(
        "expected format \(Self.format), got \(file.metadata["format"] ?? "none")")
    }
    guard file.metadata["digest"] == Digest.weights(file.tensors) else {
      throw malformed("its tensors are not those that it was written with")
    }
    guard
      let state = try? JSONDecoder().decode(
        State.self, from: Data((file.metadata["state"] ?? "").utf8)),
      state.position.phase >= 0, state.position.round >= 0, state.metricsBytes >= 0
    else { throw malformed("its state cannot be understood") }
    self.state = state
    tensors = file.tensors
  }
}
