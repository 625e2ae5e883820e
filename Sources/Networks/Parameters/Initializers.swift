import Foundation
public import Tensors

/// How fresh weights are drawn. The same numbers on every backend: they are drawn on the host from
/// (seed, stream), a stream of its own for each parameter of a network.
public enum Initializer {
  /// Normal with variance 2 / (R·S·K) (He et al. 2015, fan-out), for filters `[R, S, C, K]`.
  public static func heFanOut(_ shape: Shape, seed: UInt64, stream: UInt32) -> [Float] {
    precondition(shape.rank == 4, "heFanOut: needs [R,S,C,K], got \(shape)")
    let deviation = (2 / Double(shape[0] * shape[1] * shape[3])).squareRoot()
    return normal(shape.count, deviation: deviation, seed: seed, stream: stream)
  }

  /// Normal with variance 2 / (R·S), for depthwise filters `[R, S, C]`: an input reaches the R·S
  /// outputs of its own channel alone.
  public static func heFanOut(depthwise shape: Shape, seed: UInt64, stream: UInt32) -> [Float] {
    precondition(shape.rank == 3, "heFanOut: needs [R,S,C], got \(shape)")
    let deviation = (2 / Double(shape[0] * shape[1])).squareRoot()
    return normal(shape.count, deviation: deviation, seed: seed, stream: stream)
  }

  /// Uniform in ±1/√C, for the last linear layer's weight `[C, K]`. Ours: the paper names none, and
  /// He's fan-out variance 2/K would start a ten-class layer with logits far from zero.
  public static func uniformFanIn(_ shape: Shape, seed: UInt64, stream: UInt32) -> [Float] {
    precondition(shape.rank == 2, "uniformFanIn: needs [C,K], got \(shape)")
    var random = RandomStream(seed: seed, .initialWeights, stream: stream)
    let bound = 1 / Float(shape[0]).squareRoot()
    return (0..<shape.count).map { _ in (2 * random.uniform() - 1) * bound }
  }

  /// Box-Muller, in double, two numbers from two uniforms.
  private static func normal(
    _ count: Int, deviation: Double, seed: UInt64, stream: UInt32
  ) -> [Float] {
    var random = RandomStream(seed: seed, .initialWeights, stream: stream)
    var values: [Float] = []
    values.reserveCapacity(count + 1)
    while values.count < count {
      // 1 - u is in (0, 1]: its logarithm is finite.
      let radius = (-2 * log(1 - Double(random.uniform()))).squareRoot() * deviation
      let angle = 2 * Double.pi * Double(random.uniform())
      values.append(Float(radius * cos(angle)))
      values.append(Float(radius * sin(angle)))
    }
    return Array(values.prefix(count))
  }
}
