import COpenCL
import Kernels
public import Tensors

/// The vector family computes linear layers as 1×1 convolutions over the rows: a classifier's
/// products are too small for CLBlast, whose kernels take seconds to compile on a CPU. The portable
/// family leaves them to CLBlast.
extension OpenCLBackend {
  public func linear(x: Tensor, w: Tensor, b: Tensor, into y: Tensor) {
    let g = LinearGeometry(
      .linearForward, input: x.shape, output: y.shape, weight: w.shape, bias: b.shape)
    attempt {
      try launch(
        lossKernel("broadcast_bias"),
        [.buffer(memory(b)), .buffer(memory(y)), .int(y.count), .int(g.k)], over: [y.count])
      switch family {
      case .portable:
        try matrixProducts.add(
          memory(x), memory(w), to: memory(y), m: g.n, n: g.k, k: g.c, beta: 1)
      case .vector:
        let rows = RowsAsPixels(g)
        let request = ConvolutionRequest(
          geometry: rows.geometry, dataGradient: false, plain: true)
        try launch(
          request, plan(request),
          FusedInput(ConvolutionInput(rows.pixels(x)), prefix: .x, on: self),
          filter: rows.filter(w), into: rows.pixels(y), addend: y, statistics: nil,
          completion: nil)
      }
    }
  }

  public func linearDataGradient(dy: Tensor, w: Tensor, into dx: Tensor, accumulate: Bool) {
    let g = LinearGeometry(
      .linearDataGradient, input: dx.shape, output: dy.shape, weight: w.shape)
    attempt {
      switch family {
      case .portable:
        try matrixProducts.add(
          memory(dy), memory(w), transposesB: true, to: memory(dx), m: g.n, n: g.c, k: g.k,
          beta: accumulate ? 1 : 0)
      case .vector:
        let rows = RowsAsPixels(g)
        let request = ConvolutionRequest(
          geometry: rows.geometry, dataGradient: true, plain: false)
        try launch(
          request, plan(request),
          FusedInput(OutputGradient(rows.pixels(dy)), prefix: .x, on: self),
          filter: rows.filter(w), into: rows.pixels(dx), addend: accumulate ? dx : nil,
          statistics: nil, completion: nil)
      }
    }
  }

  public func linearParameterGradient(
    x: Tensor, dy: Tensor, dw: GradientOutput?, db: GradientOutput?
  ) {
    let g = LinearGeometry(
      .linearParameterGradient, input: x.shape, output: dy.shape,
      weight: dw?.tensor.shape ?? [x.shape[1], dy.shape[1]], bias: db?.tensor.shape)
    if let dw {
      switch family {
      case .portable:
        attempt {
          try matrixProducts.add(
            memory(x), transposesA: true, memory(dy), to: memory(dw.tensor), m: g.c, n: g.k,
            k: g.n, beta: dw.accumulate ? 1 : 0)
        }
      case .vector:
        let rows = RowsAsPixels(g)
        convolutionFilterGradient(
          x: rows.pixels(x), dy: rows.pixels(dy), stride: 1, padding: 0,
          into: rows.filter(dw.tensor), accumulate: dw.accumulate)
      }
    }
    if let db {
      attempt {
        try launch(
          lossKernel("bias_gradient"),
          [
            .buffer(memory(dy)), .buffer(memory(db.tensor)), .int(g.n), .int(g.k),
            .int(db.accumulate ? 1 : 0),
          ],
          over: [g.k])
      }
    }
  }
}

/// The rows of a linear layer as the pixels of a 1×1 convolution: `[N, C]` as `[N/q, 1, q, C]`,
/// where q rows share what is read of the weights.
private struct RowsAsPixels {
  private let g: LinearGeometry
  private let q: Int

  init(_ g: LinearGeometry) {
    self.g = g
    q = (1...16).reversed().first { g.n % $0 == 0 }!
  }

  var geometry: ConvolutionGeometry {
    ConvolutionGeometry(
      .linearForward, input: shape(g.c), filter: [1, 1, g.c, g.k], output: shape(g.k), stride: 1,
      padding: 0)
  }

  func pixels(_ rows: Tensor) -> Tensor { rows.reshaped(shape(rows.shape[1])) }
  func filter(_ w: Tensor) -> Tensor { w.reshaped([1, 1, g.c, g.k]) }

  private func shape(_ channels: Int) -> Shape { [g.n / q, 1, q, channels] }
}
