import Optimizers
public import Tensors

extension Workload {
  private var x: Shape { [n, h, w, c] }

  /// Makes its tensors on `backend`. An op of the contract that is missing here does not compile.
  public func prepare(on backend: any Backend) -> PreparedWorkload {
    let tensors = WorkloadTensors(backend)
    let run: () -> Void =
      switch op {
      case .convolutionForward, .convolutionDataGradient, .convolutionFilterGradient,
        .convolutionGradients:
        convolution(tensors)
      case .depthwiseForward, .depthwiseDataGradient, .depthwiseFilterGradient:
        depthwise(tensors)
      case .batchNormStatistics, .batchNormForward, .batchNormCompletion, .batchNormDataGradient:
        batchNorm(tensors)
      case .reluForward, .reluBackward, .addForward, .shortcutForward, .shortcutBackward:
        elementwise(tensors)
      case .averagePoolForward, .averagePoolBackward, .globalAveragePoolForward,
        .globalAveragePoolBackward, .maxPoolForward, .maxPoolBackward:
        pooling(tensors)
      case .linearForward, .linearDataGradient, .linearParameterGradient: linear(tensors)
      case .softmaxCrossEntropyForward, .softmaxCrossEntropyBackward, .sumSlices,
        .optimizerStep, .gatherImages, .custom:
        trainingOps(tensors)
      }
    return PreparedWorkload(
      run: run, collect: tensors.collect, outputs: tensors.outputs, bytes: tensors.bytes)
  }

  private func convolution(_ t: WorkloadTensors) -> () -> Void {
    let (filter, y): (Shape, Shape) = ([r, s, c, k], [n, p, q, k])
    let (backend, stride, padding) = (t.backend, stride, padding)
    switch op {
    case .convolutionForward:
      let (input, w, output) = (t.convolutionInput(x, self), t.input(filter), t.output(y))
      guard fused else {
        return {
          backend.convolution(
            x: input, w: w, stride: stride, padding: padding, into: output, statistics: false)
        }
      }
      let (mean, variance) = (t.output([k]), t.output([k]))
      var tiles: StatisticsSource?
      t.collect = {
        backend.batchNormStatistics(of: tiles!, mean: mean, variance: variance, running: nil)
      }
      return {
        tiles = backend.convolution(
          x: input, w: w, stride: stride, padding: padding, into: output, statistics: true)
      }
    case .convolutionDataGradient:
      let (dy, w, dx) = (t.outputGradient(y, self), t.input(filter), t.output(x))
      let completion = fused ? t.completion(x, activation) : nil
      return {
        backend.convolutionDataGradient(
          dy: dy, w: w, stride: stride, padding: padding, into: dx, addend: nil,
          completion: completion)
      }
    case .convolutionGradients:
      let (input, dy) = (t.convolutionInput(x, self), t.outputGradient(y, self))
      let (w, dx, dw) = (t.input(filter), t.output(x), t.output(filter))
      let completion = fused ? t.completion(of: input) : nil
      var slices: Tensor?
      t.collect = { backend.sumSlices(slices!, into: dw, accumulate: false) }
      return {
        slices = backend.convolutionGradients(
          x: input, dy: dy, w: w, stride: stride, padding: padding, into: dx, addend: nil,
          completion: completion)
      }
    default:
      let (input, dy) = (t.convolutionInput(x, self), t.outputGradient(y, self))
      let dw = t.output(filter)
      var slices: Tensor?
      t.collect = { backend.sumSlices(slices!, into: dw, accumulate: false) }
      return {
        slices = backend.convolutionFilterGradient(
          x: input, dy: dy, filter: filter, stride: stride, padding: padding)
      }
    }
  }

  private func depthwise(_ t: WorkloadTensors) -> () -> Void {
    let (filter, y): (Shape, Shape) = ([r, s, c], [n, p, q, c])
    let (backend, stride, padding) = (t.backend, stride, padding)
    switch op {
    case .depthwiseForward:
      let (input, w, output) = (t.input(x), t.input(filter), t.output(y))
      return {
        backend.depthwiseConvolution(
          x: input, w: w, stride: stride, padding: padding, into: output)
      }
    case .depthwiseDataGradient:
      let (dy, w, dx) = (t.input(y), t.input(filter), t.output(x))
      return {
        backend.depthwiseDataGradient(
          dy: dy, w: w, stride: stride, padding: padding, into: dx, accumulate: false)
      }
    default:
      let (input, dy, dw) = (t.input(x), t.input(y), t.output(filter))
      return {
        backend.depthwiseFilterGradient(
          x: input, dy: dy, stride: stride, padding: padding, into: dw, accumulate: false)
      }
    }
  }

  private func batchNorm(_ t: WorkloadTensors) -> () -> Void {
    let backend = t.backend
    switch op {
    case .batchNormStatistics:
      let (input, mean, variance) = (t.input(x), t.output([c]), t.output([c]))
      let running = RunningStatistics(mean: t.update([c]), variance: t.update([c]), momentum: 0.1)
      return {
        backend.batchNormStatistics(
          of: .tensor(input), mean: mean, variance: variance, running: running)
      }
    case .batchNormForward:
      let (input, residual, output) = (t.input(x), t.input(x), t.output(x))
      let normalization = t.normalization(c, activation)
      return { backend.batchNorm(x: input, normalization, residual: residual, into: output) }
    case .batchNormCompletion:
      let (g, completion) = (t.update(x), t.completion(x, activation))
      return { backend.completeGradient(g, completion) }
    default:
      let (dy, dx) = (t.through(x, activation), t.output(x))
      return { backend.batchNormDataGradient(dy, into: dx, accumulate: false) }
    }
  }

  private func elementwise(_ t: WorkloadTensors) -> () -> Void {
    let (backend, stride) = (t.backend, stride)
    let y: Shape = [n, (h + stride - 1) / stride, (w + stride - 1) / stride, max(k, c)]
    switch op {
    case .reluForward:
      let (input, output) = (t.input(x), t.output(x))
      return { backend.relu(x: input, into: output) }
    case .reluBackward:
      let (dy, output, dx) = (t.input(x), t.input(x), t.output(x))
      return { backend.reluBackward(dy: dy, y: output, into: dx, accumulate: false) }
    case .addForward:
      let (a, b, output) = (t.input(x), t.input(x), t.output(x))
      return { backend.add(a, b, into: output) }
    case .shortcutForward:
      let (input, output) = (t.input(x), t.output(y))
      return { backend.shortcut(x: input, stride: stride, into: output) }
    default:
      let (dy, dx) = (t.input(y), t.output(x))
      return { backend.shortcutBackward(dy: dy, stride: stride, into: dx, accumulate: false) }
    }
  }

  /// The window is r × r; of a max pool with half of it as padding, else without.
  private func pooling(_ t: WorkloadTensors) -> () -> Void {
    let (backend, window, stride) = (t.backend, r, stride)
    let y: Shape = [n, (h - r) / stride + 1, (w - r) / stride + 1, c]
    switch op {
    case .averagePoolForward:
      let (input, output) = (t.input(x), t.output(y))
      return { backend.averagePool(x: input, window: window, stride: stride, into: output) }
    case .averagePoolBackward:
      let (dy, dx) = (t.input(y), t.output(x))
      return {
        backend.averagePoolBackward(
          dy: dy, window: window, stride: stride, into: dx, accumulate: false)
      }
    case .globalAveragePoolForward:
      let (input, output) = (t.input(x), t.output([n, c]))
      return { backend.globalAveragePool(x: input, into: output) }
    case .maxPoolForward:
      let (input, output, winners) = (t.input(x), t.output([n, p, q, c]), t.output([n, p, q, c]))
      let padding = padding
      return {
        backend.maxPool(
          x: input, window: window, stride: stride, padding: padding, into: output,
          winners: winners)
      }
    case .maxPoolBackward:
      let (dy, winners) = (t.input([n, p, q, c]), t.places([n, p, q, c], below: r * r))
      let (dx, padding) = (t.output(x), padding)
      return {
        backend.maxPoolBackward(
          dy: dy, winners: winners, window: window, stride: stride, padding: padding, into: dx,
          accumulate: false)
      }
    default:
      let (dy, dx) = (t.input([n, c]), t.output(x))
      return { backend.globalAveragePoolBackward(dy: dy, into: dx, accumulate: false) }
    }
  }

  private func linear(_ t: WorkloadTensors) -> () -> Void {
    let backend = t.backend
    switch op {
    case .linearForward:
      let (input, weight, bias) = (t.input([n, c]), t.input([c, k]), t.input([k]))
      let output = t.output([n, k])
      return { backend.linear(x: input, w: weight, b: bias, into: output) }
    case .linearDataGradient:
      let (dy, weight, dx) = (t.input([n, k]), t.input([c, k]), t.output([n, c]))
      return { backend.linearDataGradient(dy: dy, w: weight, into: dx, accumulate: false) }
    default:
      let (input, dy) = (t.input([n, c]), t.input([n, k]))
      let (dw, db) = (t.output([c, k]), t.output([k]))
      return {
        backend.linearParameterGradient(
          x: input, dy: dy, dw: GradientOutput(dw, accumulate: false),
          db: GradientOutput(db, accumulate: false))
      }
    }
  }

  private func trainingOps(_ t: WorkloadTensors) -> () -> Void {
    let (backend, n) = (t.backend, Float(n))
    switch op {
    case .softmaxCrossEntropyForward:
      let (logits, labels) = (t.input([self.n, c]), t.labels(self.n, classes: c))
      let loss = t.output([1])
      return {
        backend.softmaxCrossEntropy(logits: logits, labels: labels, divisor: n, into: loss)
      }
    case .softmaxCrossEntropyBackward:
      let (logits, labels) = (t.input([self.n, c]), t.labels(self.n, classes: c))
      let (dloss, dlogits) = (t.input([1], around: 1, spread: 0.1), t.output([self.n, c]))
      return {
        backend.softmaxCrossEntropyBackward(
          logits: logits, labels: labels, divisor: n, dloss: dloss, into: dlogits,
          accumulate: false)
      }
    case .optimizerStep:
      let filter: Shape = [r, s, c, k]
      let (w, v, g) = (t.update(filter), t.update(filter), t.input(filter))
      let updates = [ParameterUpdate(w: w, g: g, state: [v])]
      let scalars = SGD(momentum: 0.9).scalars(learningRate: 0.1, weightDecay: 1e-4, step: 1)
      return { backend.optimizerStep(SGD.plainRule, updates, scalars: scalars) }
    case .sumSlices:
      let (slices, out) = (t.input([self.n, r, s, c, k]), t.output([r, s, c, k]))
      return { backend.sumSlices(slices, into: out, accumulate: false) }
    case .custom:
      let (x, y) = (t.input([r, s, c, k]), t.update([r, s, c, k]))
      return {
        backend.run(
          Self.scaledSum, [.float(0.5), .read(x), .write(y)], items: x.count)
      }
    default:
      let (store, y) = (t.images(self.n, size: h), t.output(x))
      let transforms = (0..<self.n).map { i in
        ImageTransform(
          index: Int32(self.n - 1 - i), dy: Int8(i % 9 - 4), dx: Int8(i % 7 - 3), flip: i % 2 == 1,
          quarterTurns: UInt8(i % 4), halves: h % 2 == 0 ? .init(rawValue: UInt8(i / 4 % 4)) : [],
          window: fused ? PixelRectangle(top: i % 3, left: i % 2, height: 5, width: 7) : nil,
          erased: fused ? PixelRectangle(top: 1, left: i % 4, height: 2, width: 3) : nil)
      }
      return {
        backend.gatherImages(
          store, transforms: transforms, mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.25], into: y)
      }
    }
  }
}

extension Workload {
  /// y := a·x + y, as another package would bring it.
  static let scaledSum = CustomKernel(
    name: "scaled_sum",
    source: """
      __kernel void scaled_sum(
          const float a, __global const float* restrict x, __global float* restrict y,
          const int count) {
        const int i = get_global_id(0);
        if (i >= count) return;
        y[i] = fma(a, x[i], y[i]);
      }
      """
  ) { items, arguments in
    let (a, x, y) = (arguments.float(0), arguments.floats(1), arguments.floats(2))
    for i in items { y[i] += a * x[i] }
  }
}
