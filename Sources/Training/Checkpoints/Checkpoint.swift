package import Components
package import Files
import Foundation
import Networks
import Optimizers
import Tensors

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

extension Trainer {
  /// All that is trained, by the name that it has in a checkpoint, in the order of the forward
  /// pass.
  static func parts(
    _ networks: [TaskNetwork], _ auxiliaryHeads: [AuxiliaryHead], sharedHead: Bool
  ) -> [(name: String, layers: Sequential)] {
    var all: [(String, Sequential)] = []
    for network in networks {
      all.append(("\(network.name).extractor", network.extractor.layers))
      if !sharedHead || network.index == 0 {
        all.append(("\(network.name).head", network.head.layers))
      }
      if let own = network.ownRotationHead {
        all.append(("\(network.name).rotation", own.head.layers))
      }
    }
    return all + auxiliaryHeads.map { ("auxiliary.\($0.kind.rawValue)", $0.head.layers) }
  }

  private var parts: [(name: String, layers: Sequential)] {
    Self.parts(networks, auxiliaryHeads, sharedHead: recipe.sharedHead)
  }

  /// What the optimizer keeps of a parameter, by the names that it has in a checkpoint.
  private func optimizerTensors(
    of parameter: Parameter, _ name: String
  ) -> [(name: String, tensor: Tensor)] {
    let state = optimizer.states.state(of: parameter, optimizer.rule, on: backend)
    return zip(optimizer.rule.state, state.tensors).map { ("\(name)/\($0)", $1) }
  }

  /// How often each parameter has been updated, where that counts.
  private var steps: [(name: String, state: OptimizerStates.State)] {
    guard optimizer.dependsOnSteps else { return [] }
    return parts.flatMap { part, layers in
      layers.parameters.map {
        ("\(part)/\($0.name)/step", optimizer.states.state(of: $0, optimizer.rule, on: backend))
      }
    }
  }

  private var stateTensors: [(name: String, tensor: Tensor)] {
    parts.flatMap { part, layers in
      layers.parameters.flatMap {
        let name = "\(part)/\($0.name)"
        return [(name, $0.value)] + optimizerTensors(of: $0, name)
      } + layers.buffers.map { ("\(part)/\($0.name)", $0.value) }
    }
  }

  /// No checkpoint of this training is larger: its tensors, and 64 MiB for what is said about them.
  var checkpointLimit: Int {
    stateTensors.reduce(64 << 20) { $0 + $1.tensor.count * MemoryLayout<Float>.stride }
  }

  /// - Throws: `DivergenceError` where a value is not finite.
  func checkpointTensors(at rounds: Int) throws -> [String: SafetensorsFile.Entry] {
    try requireFinite()
    var tensors: [String: SafetensorsFile.Entry] = [:]
    for (name, tensor) in stateTensors {
      let values = try backend.download(tensor)
      if !values.allSatisfy({ $0.isFinite }) {
        throw DivergenceError(what: "“\(name)” is not finite", step: max(rounds - 1, 0))
      }
      tensors[name] = SafetensorsFile.Entry(shape: tensor.shape.sizes, values: values)
    }
    for (name, state) in steps {
      tensors[name] = SafetensorsFile.Entry(shape: [1], values: [Float(state.steps)])
    }
    return tensors
  }

  /// - Throws: `FileError` where the tensors are not those of this training; nothing has
  ///   changed then.
  func restore(_ checkpoint: Checkpoint, path: String) throws(FileError) {
    let wanted = stateTensors
    func malformed(_ problem: String) -> FileError {
      FileError(kind: .malformed, path: path, problem: problem)
    }
    let counts = steps
    guard checkpoint.tensors.count == wanted.count + counts.count else {
      throw malformed(
        "expected \(wanted.count + counts.count) tensors, got \(checkpoint.tensors.count)")
    }
    for (name, tensor) in wanted {
      guard checkpoint.tensors[name]?.shape == tensor.shape.sizes else {
        throw malformed(
          "tensor “\(name)”: expected shape \(tensor.shape.sizes), got "
            + (checkpoint.tensors[name].map { "\($0.shape)" } ?? "none"))
      }
    }
    for (name, _) in counts {
      guard let entry = checkpoint.tensors[name], entry.shape == [1],
        (0...16_777_216).contains(entry.values[0])
      else { throw malformed("tensor “\(name)”: expected a number of steps") }
    }
    for (name, tensor) in wanted {
      backend.upload(checkpoint.tensors[name]!.values, to: tensor)
    }
    for (name, state) in counts { state.steps = Int(checkpoint.tensors[name]!.values[0]) }
    imagesDone = checkpoint.state.images
    earlier = (checkpoint.state.secondsWaiting, checkpoint.state.skippedImages)
  }
}
