public import Networks
public import Tensors

/// Weights and images by formula, the same as in `Tools/make-pytorch-fixtures.py`.
public enum Made {
  /// Uniform in [-1, 1), multiples of 2⁻²³: a 32-bit integer hash of (index, stream).
  public static func noise(_ count: Int, stream: Int) -> [Double] {
    HashNoise.values(count, stream: stream)
  }

  /// - Parameter beta: biases lie around it.
  public static func value(of name: String, _ shape: Shape, stream: Int, beta: Double = 0)
    -> [Float]
  {
    let noise = noise(shape.count, stream: stream)
    switch shape.rank {
    case 4:
      let bound = (6 / Double(shape[0] * shape[1] * shape[3])).squareRoot()
      return noise.map { Float(bound * $0) }
    case 3:
      let bound = (6 / Double(shape[0] * shape[1])).squareRoot()
      return noise.map { Float(bound * $0) }
    case 2:
      let bound = (1 / Double(shape[0])).squareRoot()
      return noise.map { Float(bound * $0) }
    default:
      return noise.map { Float(name.hasSuffix("weight") ? 1 + 0.2 * $0 : beta + 0.1 * $0) }
    }
  }

  public static func images(
    _ backend: any Backend, count: Int, size: Int = 32, stream: Int = 100
  ) -> Tensor {
    let shape: Shape = [count, size, size, 3]
    return backend.makeTensor(shape, noise(shape.count, stream: stream).map { Float(1.5 * $0) })
  }

  public static func fill(_ parameters: [Parameter], beta: Double = 0, on backend: any Backend) {
    for (stream, parameter) in parameters.enumerated() {
      backend.upload(
        value(of: parameter.name, parameter.value.shape, stream: stream, beta: beta),
        to: parameter.value)
    }
  }
}
