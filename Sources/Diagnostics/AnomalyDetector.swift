public import Tensors

/// Runs every op on another backend and reads its outputs back: many times slower, same bits.
public final class AnomalyDetector: AnomalyDetecting {
  let base: any Backend
  private var names: [ObjectIdentifier: String] = [:]
  /// What was last read that has a name.
  private var lastRead: String?
  private(set) var found: (any Error)?

  public init(_ base: any Backend) { self.base = base }

  public var deviceDescription: String { base.deviceDescription }
  public var kind: String { base.kind }
  public var precision: ProductPrecision { base.precision }

  public func name(_ tensor: Tensor, _ name: String) {
    names[ObjectIdentifier(tensor.storage)] = name
  }

  /// Runs an op unless something was found, then looks at its outputs.
  /// - Parameter reads: parameters among its inputs.
  func run(
    _ op: OpName, reads: [Tensor] = [], writes: [Tensor?], _ body: () -> Void
  ) {
    guard found == nil else { return }
    body()
    let name = reads.lazy.compactMap { self.names[ObjectIdentifier($0.storage)] }.first
    lastRead = name ?? lastRead
    do {
      for output in writes.compactMap(\.self) {
        let bad = try base.download(output).count { !$0.isFinite }
        if bad > 0 {
          throw AnomalyError(
            op: op, parameter: lastRead, readsParameter: name != nil, shape: output.shape.sizes,
            notFinite: bad)
        }
      }
    } catch { found = error }
  }

  func throwWhatWasFound() throws {
    if let found {
      self.found = nil
      throw found
    }
  }

  // MARK: Memory

  public func makeTensor(_ shape: Shape) -> Tensor { base.makeTensor(shape) }
  public func upload(_ values: [Float], to tensor: Tensor) { base.upload(values, to: tensor) }
  public func fill(_ tensor: Tensor, with value: Float) { base.fill(tensor, with: value) }
  public func makeLabels(_ labels: [Int32]) -> Labels { base.makeLabels(labels) }

  public func copy(_ source: Tensor, to destination: Tensor) {
    base.copy(source, to: destination)
  }

  public func makeImageStore(bytes: [UInt8], count: Int, height: Int, width: Int) -> ImageStore {
    base.makeImageStore(bytes: bytes, count: count, height: height, width: width)
  }

  public func download(_ tensor: Tensor) throws -> [Float] {
    try throwWhatWasFound()
    return try base.download(tensor)
  }

  public func synchronize() throws {
    try throwWhatWasFound()
    try base.synchronize()
  }

  // MARK: Convolutions

  public func convolution(
    x: ConvolutionInput, w: Tensor, stride: Int, padding: Int, into y: Tensor, statistics: Bool
  ) -> StatisticsSource {
    var source = StatisticsSource.tensor(y)
    run(.convolutionForward, reads: [w], writes: [y]) {
      source = base.convolution(
        x: x, w: w, stride: stride, padding: padding, into: y, statistics: statistics)
    }
    return source
  }

  public func convolutionDataGradient(
    dy: OutputGradient, w: Tensor, stride: Int, padding: Int, into dx: Tensor, addend: Tensor?,
    completion: GradientCompletion?
  ) {
    run(
      .convolutionDataGradient, reads: [w],
      writes: [dx, completion?.sums, completion?.dgamma?.tensor, completion?.dbeta?.tensor]
    ) {
      base.convolutionDataGradient(
        dy: dy, w: w, stride: stride, padding: padding, into: dx, addend: addend,
        completion: completion)
    }
  }

  public func convolutionFilterGradient(
    x: ConvolutionInput, dy: OutputGradient, filter: Shape, stride: Int, padding: Int
  ) -> Tensor {
    guard found == nil else { return base.makeTensor(Shape([1] + filter.sizes)) }
    let slices = base.convolutionFilterGradient(
      x: x, dy: dy, filter: filter, stride: stride, padding: padding)
    run(.convolutionFilterGradient, writes: [slices]) {}
    return slices
  }

  public func convolutionGradients(
    x: ConvolutionInput, dy: OutputGradient, w: Tensor, stride: Int, padding: Int,
    into dx: Tensor, addend: Tensor?, completion: GradientCompletion?
  ) -> Tensor {
    var slices: Tensor?
    run(
      .convolutionGradients, reads: [w],
      writes: [dx, completion?.sums, completion?.dgamma?.tensor, completion?.dbeta?.tensor]
    ) {
      slices = base.convolutionGradients(
        x: x, dy: dy, w: w, stride: stride, padding: padding, into: dx, addend: addend,
        completion: completion)
    }
    guard let slices else { return base.makeTensor(Shape([1] + w.shape.sizes)) }
    run(.convolutionGradients, writes: [slices]) {}
    return slices
  }

  public func sumSlices(_ slices: Tensor, into out: Tensor, accumulate: Bool) {
    run(.sumSlices, writes: [out]) { base.sumSlices(slices, into: out, accumulate: accumulate) }
  }

  public func depthwiseConvolution(
    x: Tensor, w: Tensor, stride: Int, padding: Int, into y: Tensor
  ) {
    run(.depthwiseForward, reads: [w], writes: [y]) {
      base.depthwiseConvolution(x: x, w: w, stride: stride, padding: padding, into: y)
    }
  }

  public func depthwiseDataGradient(
    dy: Tensor, w: Tensor, stride: Int, padding: Int, into dx: Tensor, accumulate: Bool
  ) {
    run(.depthwiseDataGradient, reads: [w], writes: [dx]) {
      base.depthwiseDataGradient(
        dy: dy, w: w, stride: stride, padding: padding, into: dx, accumulate: accumulate)
    }
  }

  public func depthwiseFilterGradient(
    x: Tensor, dy: Tensor, stride: Int, padding: Int, into dw: Tensor, accumulate: Bool
  ) {
    run(.depthwiseFilterGradient, writes: [dw]) {
      base.depthwiseFilterGradient(
        x: x, dy: dy, stride: stride, padding: padding, into: dw, accumulate: accumulate)
    }
  }

  // MARK: Batch norm

  public func batchNormStatistics(
    of source: StatisticsSource, mean: Tensor, variance: Tensor, running: RunningStatistics?
  ) {
    run(
      .batchNormStatistics, reads: running.map { [$0.mean] } ?? [],
      writes: [mean, variance, running?.mean, running?.variance]
    ) {
      base.batchNormStatistics(of: source, mean: mean, variance: variance, running: running)
    }
  }

  public func batchNorm(
    x: Tensor, _ normalization: ChannelNormalization, residual: Tensor?, into y: Tensor
  ) {
    run(.batchNormForward, reads: [normalization.gamma], writes: [y]) {
      base.batchNorm(x: x, normalization, residual: residual, into: y)
    }
  }

  public func completeGradient(_ g: Tensor, _ completion: GradientCompletion) {
    run(
      .batchNormCompletion, reads: [completion.normalization.gamma],
      writes: [g, completion.sums, completion.dgamma?.tensor, completion.dbeta?.tensor]
    ) {
      base.completeGradient(g, completion)
    }
  }

  public func batchNormDataGradient(
    _ dy: OutputGradient, into dx: Tensor, accumulate: Bool
  ) {
    run(
      .batchNormDataGradient, reads: dy.through.map { [$0.normalization.gamma] } ?? [],
      writes: [dx]
    ) {
      base.batchNormDataGradient(dy, into: dx, accumulate: accumulate)
    }
  }
}
