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
        let running = (t.sum([channels], 2), t.sum([channels], 3))
        t.backend.batchNormStatistics(
          of: .tensor(t.input(shape, x)), mean: mean, variance: variance,
          running: RunningStatistics(mean: running.0, variance: running.1, momentum: 0.1))
        return [mean, variance, running.0, running.1]
      } expected: {
        let (mean, variance) = Oracle.statistics(x.map { Double($0) }, channels: channels)
        let rows = Double(shape.count / channels)
        let unbiased = rows > 1 ? rows / (rows - 1) : 1
        return [
          mean, variance, zip(doubles([channels], 2), mean).map { 0.9 * $0 + 0.1 * $1 },
          zip(doubles([channels], 3), variance).map { 0.9 * $0 + 0.1 * unbiased * $1 },
        ]
      }
    }
  }

  /// Constants, or (in the backward) the statistics of x.
  private static func norm(
    _ shape: Shape, _ activation: Activation, ofBatch: Bool
  ) -> Oracle.BatchNorm {
    let channels = shape.sizes.last!
    let (mean, variance) =
      ofBatch
      ? Oracle.statistics(doubles(shape, 1), channels: channels)
      : (doubles([channels], 2), doubles([channels], 3).map { abs($0) + 0.1 })
    // Large enough that the upper bound of ReLU6 is met too.
    let gain = activation == .relu6 ? 8.0 : 1
    return Oracle.BatchNorm(
      mean: mean, variance: variance, gamma: doubles([channels], 4).map { gain * $0 },
      beta: doubles([channels], 5), activation: activation, ofBatch: ofBatch)
  }

  private static func vector(_ values: [Double]) -> [Float] { values.map { Float($0) } }

  private static func normalization(_ norm: Oracle.BatchNorm, _ t: CaseContext)
    -> ChannelNormalization
  {
    let c: Shape = [norm.gamma.count]
    return ChannelNormalization(
      mean: t.input(c, vector(norm.mean)), variance: t.input(c, vector(norm.variance)),
      gamma: t.input(c, vector(norm.gamma)), beta: t.input(c, vector(norm.beta)), epsilon: 1e-5,
      activation: norm.activation)
  }

  private static let forwardCases = shapes.flatMap { shape -> [OpCase] in
    [(Activation.none, false), (.relu, false), (.relu, true), (.none, true), (.relu6, true)].map {
      activation, joins in
      let norm = norm(shape, activation, ofBatch: false)
      return OpCase(.batchNormForward, "\(shape), \(activation), residual \(joins)") { t in
        let y = t.output(shape)
        t.backend.batchNorm(
          x: t.input(shape, 1), normalization(norm, t),
          residual: joins ? t.input(shape, 6) : nil, into: y)
        return [y]
      } expected: {
        [norm.forward(doubles(shape, 1), residual: joins ? doubles(shape, 6) : nil)]
      }
    }
  }

  private static let backwardCases = shapes.flatMap { shape -> [OpCase] in
    [
      (Activation.relu, true, true), (.none, true, false), (.relu, false, true),
      (.relu6, true, false),
    ].flatMap { activation, ofBatch, joins in
      [false, true].map { backward(shape, activation, ofBatch: ofBatch, joins: joins, adds: $0) }
    }
  }

  /// Both halves of the backward, one after the other.
  private static func backward(
    _ shape: Shape, _ activation: Activation, ofBatch: Bool, joins: Bool, adds: Bool
  ) -> OpCase {
    let channels = shape.sizes.last!
    let norm = norm(shape, activation, ofBatch: ofBatch)
    let y = norm.forward(doubles(shape, 1), residual: joins ? doubles(shape, 6) : nil)
    // dx of a batch's own statistics is a difference of near equals where rows are few.
    return OpCase(
      ofBatch ? .batchNormCompletion : .batchNormDataGradient,
      "\(shape), \(activation), of batch \(ofBatch), residual \(joins), adds \(adds)",
      tolerance: 2e-5
    ) { t in
      let c: Shape = [channels]
      let normalization = normalization(norm, t)
      let (g, x, sums) = (t.sum(shape, 7), t.input(shape, 1), t.output([2, channels]))
      let outputs = [c, c, shape].enumerated().map {
        GradientOutput(adds ? t.sum($1, UInt32(10 + $0)) : t.output($1), accumulate: adds)
      }
      t.backend.completeGradient(
        g,
        GradientCompletion(
          input: x, normalization: normalization, output: joins ? t.input(shape, vector(y)) : nil,
          sums: sums, dgamma: outputs[0], dbeta: outputs[1]))
      t.backend.batchNormDataGradient(
        OutputGradient(
          g,
          through: OutputGradient.BatchNorm(
            input: x, normalization: normalization, sums: sums, ofBatch: ofBatch)),
        into: outputs[2].tensor, accumulate: adds)
      return [g, sums] + outputs.map(\.tensor)
    } expected: {
      let back = norm.backward(doubles(shape, 7), x: doubles(shape, 1), y: y)
      let all: [([Double], Shape)] = [
        (back.dgamma, [channels]), (back.dbeta, [channels]), (back.dx, shape),
      ]
      return [back.dresidual, back.dbeta + back.dgamma]
        + all.enumerated().map { index, entry in
          adds ? zip(entry.0, doubles(entry.1, UInt32(10 + index))).map(+) : entry.0
        }
    }
  }
}
