import Tensors
import TestSupport

extension OpCase {
  private static let shapes: [Shape] = [
    [4, 8, 8, 16], [3, 7, 5, 24], [1, 31, 33, 3], [2, 5, 7, 40], [128, 2, 2, 64], [5, 17],
    [1, 2, 3, 1],
  ]

  static let batchNorm: [OpCase] = statisticsCases + forwardCases + backwardCases

  private static let statisticsCases = shapes.flatMap { shape -> [OpCase] in
    let channels = shape.sizes.last!
    // A mean a thousand times the deviation: E[x²] − μ² would have no digit left.
    return [Float(0), 1000].map { offset in
      let x = values(shape, 1).map { $0 + offset }
      return OpCase(
        .batchNormStatistics, "\(shape), mean \(offset)", tolerance: offset == 0 ? 2e-6 : 2e-4
      ) { t in
        let (mean, variance) = (t.output([channels]), t.output([channels]))
        t.backend.batchNormStatistics(x: t.input(shape, x), mean: mean, variance: variance)
        return [mean, variance]
      } expected: {
        let (mean, variance) = Oracle.statistics(x.map { Double($0) }, channels: channels)
        return [mean, variance]
      }
    }
  }

  private static func norm(
    _ channels: Int, _ activation: Activation, ofBatch: Bool
  ) -> Oracle.BatchNorm {
    Oracle.BatchNorm(
      mean: doubles([channels], 2), variance: doubles([channels], 3).map { abs($0) + 0.1 },
      gamma: doubles([channels], 4).map { Double(gain(activation)) * $0 },
      beta: doubles([channels], 5), activation: activation, ofBatch: ofBatch)
  }

  /// Large enough that the upper bound of ReLU6 is met too.
  private static func gain(_ activation: Activation) -> Float { activation == .relu6 ? 8 : 1 }

  private static func vector(_ values: [Double]) -> [Float] { values.map { Float($0) } }

  private static let forwardCases = shapes.flatMap { shape -> [OpCase] in
    [(Activation.none, false), (.relu, false), (.relu, true), (.none, true), (.relu6, true)].map {
      activation, joins in
      let norm = norm(shape.sizes.last!, activation, ofBatch: false)
      return OpCase(.batchNormForward, "\(shape), \(activation), residual \(joins)") { t in
        let y = t.output(shape)
        let c: Shape = [norm.gamma.count]
        t.backend.batchNorm(
          x: t.input(shape, 1), mean: t.input(c, vector(norm.mean)),
          variance: t.input(c, vector(norm.variance)), gamma: t.input(c, vector(norm.gamma)),
          beta: t.input(c, 5), epsilon: 1e-5, residual: joins ? t.input(shape, 6) : nil,
          activation: activation, into: y)
        return [y]
      } expected: {
        [norm.forward(doubles(shape, 1), residual: joins ? doubles(shape, 6) : nil)]
      }
    }
  }

  private static let backwardCases = shapes.flatMap { shape -> [OpCase] in
    [
      (Activation.relu, true, true), (.none, true, false), (.relu, false, true),
      (.relu6, true, true),
    ]
    .flatMap {
      activation, ofBatch, joins in
      [false, true].map { backward(shape, activation, ofBatch: ofBatch, joins: joins, adds: $0) }
    } + [withoutParameters(shape)]
  }

  private static func backward(
    _ shape: Shape, _ activation: Activation, ofBatch: Bool, joins: Bool, adds: Bool
  ) -> OpCase {
    let channels = shape.sizes.last!
    var norm = norm(channels, activation, ofBatch: ofBatch)
    if ofBatch {
      (norm.mean, norm.variance) = Oracle.statistics(doubles(shape, 1), channels: channels)
    }
    let fixed = norm
    let y = fixed.forward(doubles(shape, 1), residual: joins ? doubles(shape, 6) : nil)
    // dx of a batch's own statistics is a difference of near equals where rows are few.
    return OpCase(
      .batchNormBackward,
      "\(shape), \(activation), of batch \(ofBatch), residual \(joins), adds \(adds)",
      tolerance: 2e-5
    ) { t in
      let c: Shape = [channels]
      let outputs = [shape, c, c, shape].enumerated().map {
        GradientOutput(adds ? t.sum($1, UInt32(10 + $0)) : t.output($1), accumulate: adds)
      }
      t.backend.batchNormBackward(
        dy: t.input(shape, 7), x: t.input(shape, 1), y: t.input(shape, vector(y)),
        mean: t.input(c, vector(fixed.mean)), variance: t.input(c, vector(fixed.variance)),
        gamma: t.input(c, vector(fixed.gamma)), epsilon: 1e-5, activation: activation,
        ofBatch: ofBatch, dx: outputs[0],
        dgamma: outputs[1], dbeta: outputs[2], dresidual: joins ? outputs[3] : nil)
      return outputs[..<(joins ? 4 : 3)].map(\.tensor)
    } expected: {
      let g = fixed.backward(doubles(shape, 7), x: doubles(shape, 1), y: y)
      let all: [([Double], Shape)] = [
        (g.dx, shape), (g.dgamma, [channels]), (g.dbeta, [channels]), (g.dresidual, shape),
      ]
      return all.prefix(joins ? 4 : 3).enumerated().map { index, entry in
        adds ? zip(entry.0, doubles(entry.1, UInt32(10 + index))).map(+) : entry.0
      }
    }
  }

  /// A frozen layer: only dx is wanted.
  private static func withoutParameters(_ shape: Shape) -> OpCase {
    let channels = shape.sizes.last!
    var norm = norm(channels, .none, ofBatch: true)
    (norm.mean, norm.variance) = Oracle.statistics(doubles(shape, 1), channels: channels)
    let fixed = norm
    return OpCase(.batchNormBackward, "\(shape), dx alone", tolerance: 2e-5) { t in
      let c: Shape = [channels]
      let dx = t.output(shape)
      t.backend.batchNormBackward(
        dy: t.input(shape, 7), x: t.input(shape, 1), y: t.input(shape, 1),
        mean: t.input(c, vector(fixed.mean)), variance: t.input(c, vector(fixed.variance)),
        gamma: t.input(c, 4), epsilon: 1e-5, activation: .none, ofBatch: true,
        dx: GradientOutput(dx, accumulate: false), dgamma: nil, dbeta: nil, dresidual: nil)
      return [dx]
    } expected: {
      [fixed.backward(doubles(shape, 7), x: doubles(shape, 1), y: []).dx]
    }
  }
}
