public import Tensors

extension CPUBackend {
  /// Rows of a tile: 64 tiles, fixed by shape.
  private func tileRows(_ g: BatchNormGeometry) -> Int { max(1, (g.rows + 63) / 64) }

  public func batchNormStatistics(x: Tensor, mean: Tensor, variance: Tensor) {
    let g = BatchNormGeometry(.batchNormStatistics, x: x, full: [], vectors: [mean, variance])
    let (input, means, variances) = (pointer(x), pointer(mean), pointer(variance))
    let rows = tileRows(g)
    let tiles = (g.rows + rows - 1) / rows
    let partial = makeStorage(tiles * 2 * g.channels)
    let sums = partial.pointer
    // Mean and M2 of each tile, from sums shifted by its first row: never E[x²] − μ².
    parallel(tiles) { tile in
      let first = tile * rows
      let count = min(rows, g.rows - first)
      let m = sums + tile * 2 * g.channels
      let m2 = m + g.channels
      m.update(repeating: 0, count: 2 * g.channels)
      let shift = input + first * g.channels
      for row in 0..<count {
        let at = shift + row * g.channels
        for c in 0..<g.channels {
          let d = at[c] - shift[c]
          m[c] += d
          m2[c] += d * d
        }
      }
      for c in 0..<g.channels {
        let offset = m[c] / Float(count)
        m2[c] = max(m2[c] - m[c] * offset, 0)
        m[c] = shift[c] + offset
      }
    }
    // Chan's formula, in double, tile after tile.
    for c in 0..<g.channels {
      var m = 0.0
      var m2 = 0.0
      var count = 0.0
      for tile in 0..<tiles {
        let n = Double(min(rows, g.rows - tile * rows))
        let delta = Double(sums[tile * 2 * g.channels + c]) - m
        m += delta * n / (count + n)
        m2 +=
          Double(sums[(tile * 2 + 1) * g.channels + c])
          + delta * delta * count * n / (count + n)
        count += n
      }
      means[c] = Float(m)
      variances[c] = Float(m2 / count)
    }
  }

  public func batchNorm(
    x: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor, beta: Tensor, epsilon: Float,
    residual: Tensor?, activation: Activation, into y: Tensor
  ) {
    let g = BatchNormGeometry(
      .batchNormForward, x: x, full: [residual, y], vectors: [mean, variance, gamma, beta])
    let (input, output, added) = (pointer(x), pointer(y), residual.map { pointer($0) })
    let (m, shift) = (pointer(mean), pointer(beta))
    let scale = scales(gamma, variance, epsilon)
    let (low, high) = activation.bounds
    parallel(over: g.rows, chunk: tileRows(g)) { rows in
      for row in rows {
        let at = row * g.channels
        for c in 0..<g.channels {
          var value = (input[at + c] - m[c]) * scale.pointer[c] + shift[c]
          if let added { value += added[at + c] }
          // Not min(max()): a NaN stays one.
          output[at + c] = value < low ? low : value > high ? high : value
        }
      }
    }
  }

  /// γ / √(σ² + ε).
  private func scales(_ gamma: Tensor, _ variance: Tensor, _ epsilon: Float) -> CPUStorage {
    let storage = makeStorage(gamma.count)
    let (scale, v) = (pointer(gamma), pointer(variance))
    for c in 0..<gamma.count { storage.pointer[c] = scale[c] / (v[c] + epsilon).squareRoot() }
    return storage
  }

  public func batchNormBackward(
    dy: Tensor, x: Tensor, y: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor,
    epsilon: Float, activation: Activation, ofBatch: Bool, dx: GradientOutput?, dgamma: GradientOutput?,
    dbeta: GradientOutput?, dresidual: GradientOutput?
  ) {
    let g = BatchNormGeometry(
      .batchNormBackward, x: x, full: [dy, y, dx?.tensor, dresidual?.tensor],
      vectors: [mean, variance, gamma, dgamma?.tensor, dbeta?.tensor])
    let (gradient, input, output) = (pointer(dy), pointer(x), pointer(y))
    let (low, high) = activation.bounds
    let m = pointer(mean)
    let rows = tileRows(g)
    let tiles = (g.rows + rows - 1) / rows
    let partial = makeStorage(tiles * 2 * g.channels)
    let sums = partial.pointer
    parallel(tiles) { tile in
      let total = sums + tile * 2 * g.channels
      let product = total + g.channels
      total.update(repeating: 0, count: 2 * g.channels)
      for row in tile * rows..<min((tile + 1) * rows, g.rows) {
        let at = row * g.channels
        for c in 0..<g.channels {
          let d = output[at + c] > low && output[at + c] < high ? gradient[at + c] : 0
          total[c] += d
          product[c] += d * (input[at + c] - m[c])
        }
      }
    }
    let scale = scales(gamma, variance, epsilon)
    let slope = makeStorage(g.channels)
    let level = makeStorage(g.channels)
    let v = pointer(variance)
    for c in 0..<g.channels {
      var total = 0.0
      var product = 0.0
      for tile in 0..<tiles {
        total += Double(sums[tile * 2 * g.channels + c])
        product += Double(sums[(tile * 2 + 1) * g.channels + c])
      }
      let inverse = 1 / (v[c] + epsilon).squareRoot()
      let (db, dg) = (Float(total), Float(product) * inverse)
      put(db, at: c, dbeta)
      put(dg, at: c, dgamma)
      let share = ofBatch ? scale.pointer[c] / Float(g.rows) : 0
      level.pointer[c] = -share * db
      slope.pointer[c] = -share * dg * inverse
    }
    guard dx != nil || dresidual != nil else { return }
    let result = dx.map { (pointer($0.tensor), $0.accumulate) }
    let residual = dresidual.map { (pointer($0.tensor), $0.accumulate) }
    parallel(over: g.rows, chunk: rows) { rows in
      for row in rows {
        let at = row * g.channels
        for c in 0..<g.channels {
          let d = output[at + c] > low && output[at + c] < high ? gradient[at + c] : 0
          if let (to, adds) = residual { to[at + c] = adds ? to[at + c] + d : d }
          if let (to, adds) = result {
            let value =
              scale.pointer[c] * d + slope.pointer[c] * (input[at + c] - m[c]) + level.pointer[c]
            to[at + c] = adds ? to[at + c] + value : value
          }
        }
      }
    }
  }

  private func put(_ value: Float, at index: Int, _ output: GradientOutput?) {
    guard let output else { return }
    let to = pointer(output.tensor) + index
    to.pointee = output.accumulate ? to.pointee + value : value
  }
}
