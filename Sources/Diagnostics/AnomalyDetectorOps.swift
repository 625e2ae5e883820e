public import Tensors

/// The ops that read no parameters, and the linear layer, the losses and the optimizer.
extension AnomalyDetector {
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
