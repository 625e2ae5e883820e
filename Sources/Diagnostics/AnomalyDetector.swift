public import Tensors

/// Runs every op on another backend and reads its outputs back: many times slower, same bits.
public final class AnomalyDetector: AnomalyDetecting {
  private let base: any Backend
  private var names: [ObjectIdentifier: String] = [:]
  /// What was last read that has a name.
  private var lastRead: String?
  private var found: (any Error)?

  public init(_ base: any Backend) { self.base = base }

  public var deviceDescription: String { base.deviceDescription }
  public var kind: String { base.kind }

  public func name(_ tensor: Tensor, _ name: String) {
    names[ObjectIdentifier(tensor.storage)] = name
  }

  /// Runs an op unless something was found, then looks at its outputs.
  /// - Parameter reads: parameters among its inputs.
  private func run(
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

  private func throwWhatWasFound() throws {
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

  // MARK: What reads no parameters

  public func relu(x: Tensor, into y: Tensor) {
    run(.reluForward, writes: [y]) { base.relu(x: x, into: y) }
  }

  public func reluBackward(dy: Tensor, y: Tensor, into dx: Tensor, accumulate: Bool) {
    run(.reluBackward, writes: [dx]) {
      base.reluBackward(dy: dy, y: y, into: dx, accumulate: accumulate)
    }
  }

  public func add(_ a: Tensor, _ b: Tensor, into y: Tensor) {
    run(.addForward, writes: [y]) { base.add(a, b, into: y) }
  }

  public func shortcut(x: Tensor, stride: Int, into y: Tensor) {
    run(.shortcutForward, writes: [y]) { base.shortcut(x: x, stride: stride, into: y) }
  }

  public func shortcutBackward(dy: Tensor, stride: Int, into dx: Tensor, accumulate: Bool) {
    run(.shortcutBackward, writes: [dx]) {
      base.shortcutBackward(dy: dy, stride: stride, into: dx, accumulate: accumulate)
    }
  }

  public func averagePool(x: Tensor, window: Int, stride: Int, into y: Tensor) {
    run(.averagePoolForward, writes: [y]) {
      base.averagePool(x: x, window: window, stride: stride, into: y)
    }
  }

  public func averagePoolBackward(
    dy: Tensor, window: Int, stride: Int, into dx: Tensor, accumulate: Bool
  ) {
    run(.averagePoolBackward, writes: [dx]) {
      base.averagePoolBackward(
        dy: dy, window: window, stride: stride, into: dx, accumulate: accumulate)
    }
  }

  public func globalAveragePool(x: Tensor, into y: Tensor) {
    run(.globalAveragePoolForward, writes: [y]) { base.globalAveragePool(x: x, into: y) }
  }

  public func globalAveragePoolBackward(dy: Tensor, into dx: Tensor, accumulate: Bool) {
    run(.globalAveragePoolBackward, writes: [dx]) {
      base.globalAveragePoolBackward(dy: dy, into: dx, accumulate: accumulate)
    }
  }

  public func maxPool(
    x: Tensor, window: Int, stride: Int, padding: Int, into y: Tensor, winners: Tensor?
  ) {
    run(.maxPoolForward, writes: [y]) {
      base.maxPool(
        x: x, window: window, stride: stride, padding: padding, into: y, winners: winners)
    }
  }

  public func maxPoolBackward(
    dy: Tensor, winners: Tensor, window: Int, stride: Int, padding: Int, into dx: Tensor,
    accumulate: Bool
  ) {
    run(.maxPoolBackward, writes: [dx]) {
      base.maxPoolBackward(
        dy: dy, winners: winners, window: window, stride: stride, padding: padding, into: dx,
        accumulate: accumulate)
    }
  }

  public func gatherImages(
    _ store: ImageStore, transforms: [ImageTransform], mean: [Float], std: [Float], into y: Tensor
  ) {
    run(.gatherImages, writes: [y]) {
      base.gatherImages(store, transforms: transforms, mean: mean, std: std, into: y)
    }
  }

  // MARK: Linear layer, loss, optimizer

  public func linear(x: Tensor, w: Tensor, b: Tensor, into y: Tensor) {
    run(.linearForward, reads: [w], writes: [y]) { base.linear(x: x, w: w, b: b, into: y) }
  }

  public func linearDataGradient(dy: Tensor, w: Tensor, into dx: Tensor, accumulate: Bool) {
    run(.linearDataGradient, reads: [w], writes: [dx]) {
      base.linearDataGradient(dy: dy, w: w, into: dx, accumulate: accumulate)
    }
  }

  public func linearParameterGradient(
    x: Tensor, dy: Tensor, dw: GradientOutput?, db: GradientOutput?
  ) {
    run(.linearParameterGradient, writes: [dw?.tensor, db?.tensor]) {
      base.linearParameterGradient(x: x, dy: dy, dw: dw, db: db)
    }
  }

  public func softmaxCrossEntropy(
    logits: Tensor, labels: Labels, divisor: Float, smoothing: Float, into loss: Tensor
  ) {
    run(.softmaxCrossEntropyForward, writes: [loss]) {
      base.softmaxCrossEntropy(
        logits: logits, labels: labels, divisor: divisor, smoothing: smoothing, into: loss)
    }
  }

  public func softmaxCrossEntropyBackward(
    logits: Tensor, labels: Labels, divisor: Float, smoothing: Float, dloss: Tensor,
    into dlogits: Tensor, accumulate: Bool
  ) {
    run(.softmaxCrossEntropyBackward, writes: [dlogits]) {
      base.softmaxCrossEntropyBackward(
        logits: logits, labels: labels, divisor: divisor, smoothing: smoothing, dloss: dloss,
        into: dlogits, accumulate: accumulate)
    }
  }

  public func optimizerStep(
    _ rule: UpdateRule, _ updates: [ParameterUpdate], scalars: [Float], notes: NonFiniteNotes?
  ) {
    guard found == nil else { return }
    base.optimizerStep(rule, updates, scalars: scalars, notes: notes)
    for update in updates {
      run(.optimizerStep, reads: [update.w], writes: update.state + [update.w]) {}
    }
  }

  public func run(_ kernel: CustomKernel, _ arguments: [CustomArgument], items: Int) {
    let (reads, writes) = arguments.reduce(into: ([Tensor](), [Tensor]())) { found, argument in
      switch argument {
      case .read(let tensor): found.0.append(tensor)
      case .write(let tensor): found.1.append(tensor)
      case .int, .float, .values: break
      }
    }
    run(.custom, reads: reads, writes: writes) { base.run(kernel, arguments, items: items) }
  }
}
