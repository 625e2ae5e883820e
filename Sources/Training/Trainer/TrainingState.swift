package import Components
package import Files
import Networks
import Optimizers
import Tensors

/// What a training is between two steps, as tensors by name.
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
    Self.parts(networks, auxiliaryHeads, sharedHead: settings.sharedHead)
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
    } + [averages, kept].flatMap { ($0?.entries ?? []).map { ($0.name, $0.copy) } }
  }

  /// No checkpoint of this training is larger: its tensors, and 64 MiB for what is said about them.
  package var checkpointLimit: Int {
    stateTensors.reduce(64 << 20) { $0 + $1.tensor.count * MemoryLayout<Float>.stride }
  }

  /// - Throws: `DivergenceError` where a value is not finite.
  package func checkpointTensors(at rounds: Int) throws -> [String: SafetensorsFile.Entry] {
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
  package func restore(
    _ tensors: [String: SafetensorsFile.Entry], path: String
  ) throws(FileError) {
    let wanted = stateTensors
    func malformed(_ problem: String) -> FileError {
      FileError(kind: .malformed, path: path, problem: problem)
    }
    let counts = steps
    guard tensors.count == wanted.count + counts.count else {
      throw malformed(
        "expected \(wanted.count + counts.count) tensors, got \(tensors.count)")
    }
    for (name, tensor) in wanted {
      guard tensors[name]?.shape == tensor.shape.sizes else {
        throw malformed(
          "tensor “\(name)”: expected shape \(tensor.shape.sizes), got "
            + (tensors[name].map { "\($0.shape)" } ?? "none"))
      }
    }
    for (name, _) in counts {
      guard let entry = tensors[name], entry.shape == [1],
        (0...16_777_216).contains(entry.values[0])
      else { throw malformed("tensor “\(name)”: expected a number of steps") }
    }
    for (name, tensor) in wanted {
      backend.upload(tensors[name]!.values, to: tensor)
    }
    for (name, state) in counts { state.steps = Int(tensors[name]!.values[0]) }
  }

  /// What was counted before a training that goes on.
  package func restore(images: Int, secondsWaiting: Double, skippedImages: [String]) {
    imagesDone = images
    earlier = (secondsWaiting, skippedImages)
  }
}
