public import Tensors

extension CPUBackend {
  /// Rows of a tile: 64 tiles, fixed by shape.
  private func tileRows(_ g: BatchNormGeometry) -> Int { max(1, (g.rows + 63) / 64) }

  public func batchNormStatistics(
    of source: StatisticsSource, mean: Tensor, variance: Tensor, running: RunningStatistics?
  ) {
    switch source {
    case .tensor(let x):
      let g = BatchNormGeometry(.batchNormStatistics, x: x, full: [], vectors: [mean, variance])
      let tiles = tileStatistics(of: x, g)
      withExtendedLifetime(tiles) {
        merge(
          tiles.pointer, tileRows: tileRows(g), rows: g.rows, mean: mean, variance: variance,
          running: running)
      }
    case .tiles(let tiles, let tileRows, let rows):
      merge(
        pointer(tiles), tileRows: tileRows, rows: rows, mean: mean, variance: variance,
        running: running)
    }
  }

  private func tileStatistics(of x: Tensor, _ g: BatchNormGeometry) -> CPUStorage {
    let input = pointer(x)
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
    return partial
  }

  /// Chan's formula, in double, tile after tile.
  private func merge(
    _ sums: UnsafePointer<Float>, tileRows: Int, rows: Int, mean: Tensor, variance: Tensor,
    running: RunningStatistics?
  ) {
    let (means, variances, channels) = (pointer(mean), pointer(variance), mean.count)
    let tiles = (rows + tileRows - 1) / tileRows
    for c in 0..<channels {
      var m = 0.0
      var m2 = 0.0
      var count = 0.0
      for tile in 0..<tiles {
        let n = Double(min(tileRows, rows - tile * tileRows))
        let delta = Double(sums[tile * 2 * channels + c]) - m
        m += delta * n / (count + n)
        m2 +=
          Double(sums[(tile * 2 + 1) * channels + c])
          + delta * delta * count * n / (count + n)
        count += n
      }
      means[c] = Float(m)
      variances[c] = Float(m2 / count)
    }
    guard let running else { return }
    let (keep, take) = (1 - running.momentum, running.momentum)
    let unbiased = RunningStatistics.unbiased(rows: rows)
    let (runningMean, runningVariance) = (pointer(running.mean), pointer(running.variance))
    for c in 0..<channels {
      runningMean[c] = keep * runningMean[c] + take * means[c]
      runningVariance[c] = keep * runningVariance[c] + take * unbiased * variances[c]
    }
  }

  public func batchNorm(
    x: Tensor, _ normalization: ChannelNormalization, residual: Tensor?, into y: Tensor
  ) {
    let g = BatchNormGeometry(.batchNormForward, x: x, full: [residual, y], normalization)
    let (input, output, added) = (pointer(x), pointer(y), residual.map { pointer($0) })
    let (m, shift) = (pointer(normalization.mean), pointer(normalization.beta))
    let scale = scales(normalization)
    let (low, high) = normalization.activation.bounds
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
  private func scales(_ normalization: ChannelNormalization) -> CPUStorage {
    let storage = makeStorage(normalization.gamma.count)
    let (scale, v) = (pointer(normalization.gamma), pointer(normalization.variance))
    for c in 0..<storage.count {
      storage.pointer[c] = scale[c] / (v[c] + normalization.epsilon).squareRoot()
    }
    return storage
  }

  public func completeGradient(_ gradient: Tensor, _ completion: GradientCompletion) {
    let normalization = completion.normalization
    let g = BatchNormGeometry(
      .batchNormCompletion, x: gradient, full: [completion.input, completion.output],
      normalization, vectors: [completion.dgamma?.tensor, completion.dbeta?.tensor],
      sums: completion.sums)
    let (values, input) = (pointer(gradient), pointer(completion.input))
    let output = completion.output.map { pointer($0) }
    let (m, shift) = (pointer(normalization.mean), pointer(normalization.beta))
    let scale = scales(normalization)
    let (low, high) = normalization.activation.bounds
    let rows = tileRows(g)
    let tiles = (g.rows + rows - 1) / rows
    let partial = makeStorage(tiles * 2 * g.channels)
    defer { withExtendedLifetime(partial) {} }
    let sums = partial.pointer
    parallel(tiles) { tile in
      let total = sums + tile * 2 * g.channels
      let product = total + g.channels
      total.update(repeating: 0, count: 2 * g.channels)
      for row in tile * rows..<min((tile + 1) * rows, g.rows) {
        let at = row * g.channels
        for c in 0..<g.channels {
          let centered = input[at + c] - m[c]
          let y = output?[at + c] ?? (centered * scale.pointer[c] + shift[c])
          let d = y > low && y < high ? values[at + c] : 0
          values[at + c] = d
          total[c] += d
          product[c] += d * centered
        }
      }
    }
    let (v, result) = (pointer(normalization.variance), pointer(completion.sums))
    for c in 0..<g.channels {
      var total = 0.0
      var product = 0.0
      for tile in 0..<tiles {
        total += Double(sums[tile * 2 * g.channels + c])
        product += Double(sums[(tile * 2 + 1) * g.channels + c])
      }
      result[c] = Float(total)
      result[g.channels + c] = Float(product) / (v[c] + normalization.epsilon).squareRoot()
      put(result[c], at: c, completion.dbeta)
      put(result[g.channels + c], at: c, completion.dgamma)
    }
  }

  public func batchNormDataGradient(_ dy: OutputGradient, into dx: Tensor, accumulate: Bool) {
    guard let through = dy.through else {
      preconditionFailure("batchNormDataGradient: the gradient passes no batch norm")
    }
    let normalization = through.normalization
    let g = BatchNormGeometry(
      .batchNormDataGradient, x: dy.tensor, full: [through.input, dx], normalization,
      sums: through.sums)
    let (gradient, input, result) = (pointer(dy.tensor), pointer(through.input), pointer(dx))
    let (m, v, sums) = (
      pointer(normalization.mean), pointer(normalization.variance), pointer(through.sums)
    )
    let scale = scales(normalization)
    let slope = makeStorage(g.channels)
    let level = makeStorage(g.channels)
    for c in 0..<g.channels {
      let share = through.ofBatch ? scale.pointer[c] / Float(g.rows) : 0
      let inverse = 1 / (v[c] + normalization.epsilon).squareRoot()
      level.pointer[c] = through.ofBatch ? -share * sums[c] : 0
      slope.pointer[c] = through.ofBatch ? -share * sums[g.channels + c] * inverse : 0
    }
    parallel(over: g.rows, chunk: tileRows(g)) { rows in
      for row in rows {
        let at = row * g.channels
        for c in 0..<g.channels {
          let value =
            scale.pointer[c] * gradient[at + c] + slope.pointer[c] * (input[at + c] - m[c])
            + level.pointer[c]
          result[at + c] = accumulate ? result[at + c] + value : value
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
