public import Tensors

/// A workload with its tensors on a backend, ready to run any number of times.
public struct PreparedWorkload {
  /// Calls the op once; returns when it is enqueued.
  public let run: () -> Void
  /// After `run`: what else it takes until all outputs are written, where an op leaves partial sums
  /// for another one.
  public let collect: () -> Void
  /// NaN before the first run, unless the op updates what is there.
  public let outputs: [Tensor]
  /// Bytes that it has to read and write, each tensor once.
  public let bytes: Int
}

/// Makes the tensors of a workload, and counts what they weigh. Equal sizes get equal numbers, on
/// every backend.
final class WorkloadTensors {
  let backend: any Backend
  private(set) var outputs: [Tensor] = []
  private(set) var bytes = 0
  var collect: () -> Void = {}
  private var stream: UInt32 = 0
  /// Numbers in ±1; a prime number of them, so that repeats fall nowhere together.
  private static let numbers: [Float] = {
    var random = RandomStream(seed: 0, .diagnostics)
    return (0..<65_521).map { _ in 2 * random.uniform() - 1 }
  }()

  init(_ backend: any Backend) { self.backend = backend }

  /// Uniform in middle ± spread.
  func input(_ shape: Shape, around middle: Float = 0, spread: Float = 1) -> Tensor {
    bytes += shape.count * MemoryLayout<Float>.stride
    return backend.makeTensor(shape, values(shape.count, middle, spread))
  }

  func output(_ shape: Shape) -> Tensor {
    bytes += shape.count * MemoryLayout<Float>.stride
    let tensor = backend.makeTensor(shape, filledWith: .nan)
    outputs.append(tensor)
    return tensor
  }

  /// Read and written.
  func update(_ shape: Shape) -> Tensor {
    bytes += shape.count * MemoryLayout<Float>.stride
    let tensor = input(shape)
    outputs.append(tensor)
    return tensor
  }

  /// Whole numbers from 0 to below `bound`.
  func places(_ shape: Shape, below bound: Int) -> Tensor {
    bytes += shape.count * MemoryLayout<Float>.stride
    return backend.makeTensor(
      shape,
      values(shape.count, Float(bound) / 2, Float(bound) / 2 - 0.25).map { $0.rounded(.down) })
  }

  func labels(_ count: Int, classes: Int) -> Labels {
    bytes += count * MemoryLayout<Int32>.stride
    return backend.makeLabels((0..<count).map { Int32(($0 * 7 + 3) % classes) })
  }

  func images(_ count: Int, size: Int) -> ImageStore {
    bytes += count * size * size * 3
    let numbers = values(count * size * size * 3, 127.5, 127)
    return backend.makeImageStore(
      bytes: numbers.map { UInt8($0) }, count: count, height: size, width: size)
  }

  /// A batch norm as it stands in a network: variances and scales away from 0.
  func normalization(_ channels: Int, _ activation: Activation) -> ChannelNormalization {
    ChannelNormalization(
      mean: input([channels], spread: 0.1), variance: input([channels], around: 0.4, spread: 0.1),
      gamma: input([channels], around: 1, spread: 0.5), beta: input([channels], spread: 0.2),
      epsilon: 1e-5, activation: activation)
  }

  func convolutionInput(_ shape: Shape, _ workload: Workload) -> ConvolutionInput {
    ConvolutionInput(
      input(shape),
      workload.fused ? normalization(shape.sizes.last!, workload.activation) : nil)
  }

  /// dy through the batch norm behind an op.
  func through(_ shape: Shape, _ activation: Activation) -> OutputGradient {
    let channels = shape.sizes.last!
    return OutputGradient(
      input(shape),
      through: OutputGradient.BatchNorm(
        input: input(shape), normalization: normalization(channels, activation),
        sums: input([2, channels]), ofBatch: true))
  }

  func outputGradient(_ shape: Shape, _ workload: Workload) -> OutputGradient {
    workload.fused ? through(shape, workload.activation) : OutputGradient(input(shape))
  }

  /// What is left to do for the batch norm that put out a tensor of `shape`.
  func completion(_ shape: Shape, _ activation: Activation) -> GradientCompletion {
    completion(
      of: ConvolutionInput(input(shape), normalization(shape.sizes.last!, activation)))
  }

  /// The same for a batch norm that a convolution read.
  func completion(of input: ConvolutionInput) -> GradientCompletion {
    let channels = input.tensor.shape.sizes.last!
    return GradientCompletion(
      input: input.tensor, normalization: input.normalization!, output: nil,
      sums: output([2, channels]),
      dgamma: GradientOutput(output([channels]), accumulate: false),
      dbeta: GradientOutput(output([channels]), accumulate: false))
  }

  private func values(_ count: Int, _ middle: Float, _ spread: Float) -> [Float] {
    stream += 1
    let numbers = Self.numbers
    var at = Int(stream) * 7919 % numbers.count
    return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      for i in 0..<count {
        buffer.initializeElement(at: i, to: middle + spread * numbers[at])
        at = at + 1 == numbers.count ? 0 : at + 1
      }
      filled = count
    }
  }
}
