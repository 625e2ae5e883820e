import Components
import Foundation
import Networks
import Tensors

/// Shared heads that do not learn.
extension Trainer {
  /// Makes the heads that the settings fix what they stay.
  /// - Throws: `SettingsError` where a simplex has no room among the last layer's inputs.
  func fixSharedHeads() throws {
    switch settings.sharedHeads {
    case .trained: return
    case .fixed:
      for head in selfSupervisedHeads + [commonClassesHead].compactMap(\.self) {
        head.isFrozen = true
      }
    case .fixedSimplex:
      guard let head = commonClassesHead?.head else { return }
      let classifier = head.architecture.classifier
      for parameter in head.layers.parameters where parameter.name.hasPrefix("\(classifier).") {
        let shape = parameter.value.shape
        backend.upload(
          shape.rank == 2
            ? try Simplex.weights(inputs: shape[0], outputs: shape[1], seed: settings.seed)
            : [Float](repeating: 0, count: shape.count), to: parameter.value)
        parameter.isFrozen = true
      }
    }
  }
}

/// A regular simplex: unit vectors, one an output, of which any two have the cosine −1/(K − 1).
enum Simplex {
  /// `[C, K]`: the K corners in K − 1 dimensions, along as many orthonormal directions of the C
  /// inputs that are drawn at random, so that inputs which are never negative (behind a ReLU) reach
  /// all corners alike.
  static func weights(
    inputs c: Int, outputs k: Int, seed: UInt64
  ) throws(SettingsError) -> [Float] {
    guard k >= 2, c >= k - 1 else {
      throw SettingsError(
        "shared-heads: a simplex of \(k) common classes needs at least 2 classes and \(k - 1) "
          + "inputs of the head's last layer, which has \(c)")
    }
    let directions = orthonormal(k - 1, in: c, seed: seed)
    var weights = [Float](repeating: 0, count: c * k)
    for input in 0..<c {
      for output in 0..<k {
        var sum = 0.0
        for axis in 0..<k - 1 { sum += directions[axis][input] * corner(output, axis, of: k) }
        weights[input * k + output] = Float(sum)
      }
    }
    return weights
  }

  /// Coordinate `axis` of corner `index`: of √(K/(K − 1)) · (e_index − 1/K) in Helmert's basis of
  /// the space whose coordinates sum to 0.
  private static func corner(_ index: Int, _ axis: Int, of k: Int) -> Double {
    let j = Double(axis + 1)
    let scale = (Double(k) / Double(k - 1)).squareRoot() / (j * (j + 1)).squareRoot()
    if index <= axis { return scale }
    return index == axis + 1 ? -j * scale : 0
  }

  /// By Gram and Schmidt, twice, of vectors drawn at random.
  private static func orthonormal(_ count: Int, in dimensions: Int, seed: UInt64) -> [[Double]] {
    var random = RandomStream(seed: seed, .simplex)
    var basis: [[Double]] = []
    while basis.count < count {
      var new = (0..<dimensions).map { _ in 2 * Double(random.uniform()) - 1 }
      for _ in 0..<2 {
        for vector in basis {
          let share = zip(vector, new).reduce(0) { $0 + $1.0 * $1.1 }
          for index in new.indices { new[index] -= share * vector[index] }
        }
      }
      let length = new.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if length > 1e-3 { basis.append(new.map { $0 / length }) }
    }
    return basis
  }
}
