import Files
import Networks
import Tensors

/// Weights as they leave the house: filters OIHW (depthwise ones `[C, 1, R, S]`), linear weights
/// `[K, C]`, vectors as they are.
enum WeightLayout {
  /// Parameters and running statistics, by name.
  static func named(_ layers: Sequential) -> [(String, Tensor)] {
    layers.parameters.map { ($0.name, $0.value) } + layers.buffers.map { ($0.name, $0.value) }
  }

  static func tensors(
    of layers: Sequential, on backend: any Backend
  ) throws -> [String: SafetensorsFile.Entry] {
    var tensors: [String: SafetensorsFile.Entry] = [:]
    for (name, tensor) in named(layers) {
      tensors[name] = outside(try backend.download(tensor), tensor.shape)
    }
    return tensors
  }

  /// Strict: exactly the tensors that the layers have, in their shapes.
  static func check(
    _ tensors: [String: SafetensorsFile.Entry], fit layers: Sequential, path: String
  ) throws(FileError) {
    func malformed(_ problem: String) -> FileError {
      FileError(kind: .malformed, path: path, problem: problem)
    }
    let wanted = named(layers)
    let names = Set(wanted.map(\.0))
    if let extra = tensors.keys.sorted().first(where: { !names.contains($0) }) {
      throw malformed("tensor “\(extra)” is none of this architecture's")
    }
    for (name, tensor) in wanted {
      guard let entry = tensors[name] else { throw malformed("tensor “\(name)” is missing") }
      let expected = outsideShape(tensor.shape)
      guard entry.shape == expected else {
        throw malformed("tensor “\(name)”: expected shape \(expected), got \(entry.shape)")
      }
    }
  }

  /// - Precondition: `check` passes.
  static func upload(
    _ tensors: [String: SafetensorsFile.Entry], to layers: Sequential, on backend: any Backend
  ) {
    for (name, tensor) in named(layers) {
      backend.upload(inside(tensors[name]!.values, tensor.shape), to: tensor)
    }
  }

  /// `[R, S, C, K]` to `[K, C, R, S]`, `[R, S, C]` (depthwise) to `[C, 1, R, S]`, `[C, K]` to
  /// `[K, C]`.
  static func outsideShape(_ shape: Shape) -> [Int] {
    switch shape.rank {
    case 4: [shape[3], shape[2], shape[0], shape[1]]
    case 3: [shape[2], 1, shape[0], shape[1]]
    case 2: [shape[1], shape[0]]
    default: shape.sizes
    }
  }

  static func outside(_ values: [Float], _ shape: Shape) -> SafetensorsFile.Entry {
    SafetensorsFile.Entry(
      shape: outsideShape(shape), values: moved(values, shape) { $0[$1] = values[$2] })
  }

  static func inside(_ values: [Float], _ shape: Shape) -> [Float] {
    moved(values, shape) { $0[$2] = values[$1] }
  }

  /// Calls `move` with each element's position outside and inside: outside, the last axis comes
  /// first, then the one before it, then the taps.
  private static func moved(
    _ values: [Float], _ shape: Shape,
    _ move: (_ result: inout [Float], _ outside: Int, _ inside: Int) -> Void
  ) -> [Float] {
    guard shape.rank >= 2 else { return values }
    let k = shape[shape.rank - 1]
    let c = shape.rank == 3 ? 1 : shape[shape.rank - 2]
    let taps = values.count / max(k * c, 1)
    var result = [Float](repeating: 0, count: values.count)
    var outside = 0
    for k0 in 0..<k {
      for c0 in 0..<c {
        for tap in 0..<taps {
          move(&result, outside, (tap * c + c0) * k + k0)
          outside += 1
        }
      }
    }
    return result
  }
}
