import COpenCL
import Kernels
public import Tensors

extension OpenCLBackend {
  public func linear(x: Tensor, w: Tensor, b: Tensor, into y: Tensor) {
    let g = LinearGeometry(
      .linearForward, input: x.shape, output: y.shape, weight: w.shape, bias: b.shape)
    attempt {
      try queue.launch(
        lossKernel("broadcast_bias"), [.buffer(memory(b)), .buffer(memory(y)), .int(g.k)],
        global: [y.count])
      try gemm(
        m: g.n, n: g.k, k: g.c, x, transposed: false, w, transposed: false, beta: 1, into: y)
    }
  }

  public func linearDataGradient(dy: Tensor, w: Tensor, into dx: Tensor, accumulate: Bool) {
    let g = LinearGeometry(
      .linearDataGradient, input: dx.shape, output: dy.shape, weight: w.shape)
    attempt {
      try gemm(
        m: g.n, n: g.c, k: g.k, dy, transposed: false, w, transposed: true,
        beta: accumulate ? 1 : 0, into: dx)
    }
  }

  public func linearParameterGradient(
    x: Tensor, dy: Tensor, dw: GradientOutput?, db: GradientOutput?
  ) {
    let g = LinearGeometry(
      .linearParameterGradient, input: x.shape, output: dy.shape,
      weight: dw?.tensor.shape ?? [x.shape[1], dy.shape[1]], bias: db?.tensor.shape)
    attempt {
      if let dw {
        try gemm(
          m: g.c, n: g.k, k: g.n, x, transposed: true, dy, transposed: false,
          beta: dw.accumulate ? 1 : 0, into: dw.tensor)
      }
      if let db {
        try queue.launch(
          lossKernel("bias_gradient"),
          [
            .buffer(memory(dy)), .buffer(memory(db.tensor)), .int(g.n), .int(g.k),
            .int(db.accumulate ? 1 : 0),
          ],
          global: [g.k])
      }
    }
  }

  /// c [m,n] := op(a) [m,k] · op(b) [k,n] + beta · c, row-major, through CLBlast. With beta 0
  /// CLBlast does not read c, so an uninitialised output is fine.
  private func gemm(
    m: Int, n: Int, k: Int, _ a: Tensor, transposed transposeA: Bool, _ b: Tensor,
    transposed transposeB: Bool, beta: Float, into c: Tensor
  ) throws {
    if m == 0 || n == 0 || k == 0 { return }
    var handle: cl_command_queue? = queue.handle
    let status = CLBlastSgemm(
      CLBlastLayoutRowMajor,
      transposeA ? CLBlastTransposeYes : CLBlastTransposeNo,
      transposeB ? CLBlastTransposeYes : CLBlastTransposeNo,
      m, n, k, 1,
      memory(a), 0, transposeA ? m : k,
      memory(b), 0, transposeB ? k : n,
      beta, memory(c), 0, n, &handle, nil)
    try check(
      cl_int(bitPattern: UInt32(truncatingIfNeeded: status.rawValue)),
      "CLBlast SGEMM of \(m)×\(k)·\(k)×\(n)")
  }
}
