public import Tensors

/// Plain loops: the linear layers here are small.
extension CPUBackend {
  public func linear(x: Tensor, w: Tensor, b: Tensor, into y: Tensor) {
    let g = LinearGeometry(
      .linearForward, input: x.shape, output: y.shape, weight: w.shape, bias: b.shape)
    let (input, weight, bias, out) = (pointer(x), pointer(w), pointer(b), pointer(y))
    parallel(over: g.n, chunk: 8) { rows in
      for n in rows {
        let row = out + n * g.k
        row.update(from: bias, count: g.k)
        for c in 0..<g.c {
          let value = input[n * g.c + c]
          for k in 0..<g.k { row[k] += value * weight[c * g.k + k] }
        }
      }
    }
  }

  public func linearDataGradient(dy: Tensor, w: Tensor, into dx: Tensor, accumulate: Bool) {
    let g = LinearGeometry(
      .linearDataGradient, input: dx.shape, output: dy.shape, weight: w.shape)
    let (gradient, weight, out) = (pointer(dy), pointer(w), pointer(dx))
    parallel(over: g.n, chunk: 8) { rows in
      for n in rows {
        for c in 0..<g.c {
          var sum: Float = accumulate ? out[n * g.c + c] : 0
          for k in 0..<g.k { sum += gradient[n * g.k + k] * weight[c * g.k + k] }
          out[n * g.c + c] = sum
        }
      }
    }
  }

  public func linearParameterGradient(
    x: Tensor, dy: Tensor, dw: GradientOutput?, db: GradientOutput?
  ) {
    let g = LinearGeometry(
      .linearParameterGradient, input: x.shape, output: dy.shape,
      weight: dw?.tensor.shape ?? [x.shape[1], dy.shape[1]], bias: db?.tensor.shape)
    let (input, gradient) = (pointer(x), pointer(dy))
    if let dw {
      let out = pointer(dw.tensor)
      parallel(over: g.c, chunk: 8) { channels in
        for c in channels {
          let row = out + c * g.k
          if !dw.accumulate { row.update(repeating: 0, count: g.k) }
          for n in 0..<g.n {
            let value = input[n * g.c + c]
            for k in 0..<g.k { row[k] += value * gradient[n * g.k + k] }
          }
        }
      }
    }
    if let db {
      let out = pointer(db.tensor)
      if !db.accumulate { out.update(repeating: 0, count: g.k) }
      for n in 0..<g.n {
        for k in 0..<g.k { out[k] += gradient[n * g.k + k] }
      }
    }
  }
}
