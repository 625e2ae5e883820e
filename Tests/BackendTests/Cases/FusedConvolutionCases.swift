import Tensors
import TestSupport

/// Convolutions that normalize while they read, and leave statistics or complete a gradient while
/// they store.
extension OpCase {
  private static let fusedSizes: [ConvolutionSizes] = [
    ConvolutionSizes(n: 5, h: 8, w: 8, c: 16, k: 32, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 2, h: 32, w: 32, c: 16, k: 16, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 3, h: 9, w: 8, c: 16, k: 32, r: 3, s: 3, stride: 2, padding: 1),
    ConvolutionSizes(n: 2, h: 7, w: 5, c: 24, k: 20, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 3, h: 8, w: 8, c: 24, k: 40, r: 1, s: 1, stride: 1, padding: 0),
    ConvolutionSizes(n: 2, h: 7, w: 8, c: 20, k: 16, r: 1, s: 1, stride: 2, padding: 0),
    // Around the portable family's patches: runs of four and of eight, several blocks of channels on
    // either side, rows that are not a power of two, few teams a row.
    ConvolutionSizes(n: 3, h: 6, w: 20, c: 48, k: 32, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 2, h: 4, w: 64, c: 16, k: 48, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 9, h: 16, w: 8, c: 80, k: 16, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 1, h: 4, w: 56, c: 16, k: 64, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 2, h: 14, w: 28, c: 32, k: 64, r: 3, s: 3, stride: 1, padding: 1),
    // Around its tiles, as among the sizes that are not fused.
    ConvolutionSizes(n: 3, h: 5, w: 6, c: 40, k: 130, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 1, h: 9, w: 7, c: 130, k: 36, r: 3, s: 3, stride: 2, padding: 1),
    ConvolutionSizes(n: 7, h: 3, w: 3, c: 3, k: 24, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 5, h: 1, w: 7, c: 8, k: 12, r: 3, s: 3, stride: 2, padding: 1),
    ConvolutionSizes(n: 33, h: 32, w: 31, c: 4, k: 4, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 33, h: 32, w: 31, c: 4, k: 20, r: 1, s: 1, stride: 1, padding: 0),
    ConvolutionSizes(n: 1, h: 32, w: 16, c: 4, k: 4100, r: 1, s: 1, stride: 1, padding: 0),
    ConvolutionSizes(n: 1, h: 32, w: 16, c: 16, k: 8192, r: 1, s: 1, stride: 1, padding: 0),
  ]

  /// Behind these stands a batch norm of constant statistics, too.
  private static let constantSizes: [ConvolutionSizes] = [
    ConvolutionSizes(n: 5, h: 8, w: 8, c: 16, k: 32, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 3, h: 9, w: 8, c: 16, k: 32, r: 3, s: 3, stride: 2, padding: 1),
    ConvolutionSizes(n: 3, h: 8, w: 8, c: 24, k: 40, r: 1, s: 1, stride: 1, padding: 0),
  ]

  /// Both gradients together: images of one pass and of several, a last pass that lacks images,
  /// channels in one block and in several, height and width unequal.
  private static let gradientSizes: [ConvolutionSizes] = [
    ConvolutionSizes(n: 2, h: 32, w: 32, c: 16, k: 16, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 3, h: 16, w: 16, c: 32, k: 32, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 5, h: 8, w: 8, c: 64, k: 64, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 35, h: 4, w: 8, c: 16, k: 48, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 1, h: 12, w: 4, c: 48, k: 16, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 3, h: 9, w: 8, c: 16, k: 32, r: 3, s: 3, stride: 2, padding: 1),
    ConvolutionSizes(n: 2, h: 7, w: 5, c: 24, k: 20, r: 1, s: 1, stride: 1, padding: 0),
    ConvolutionSizes(n: 3, h: 5, w: 7, c: 24, k: 40, r: 1, s: 1, stride: 1, padding: 0),
    ConvolutionSizes(n: 2, h: 8, w: 8, c: 16, k: 96, r: 1, s: 1, stride: 1, padding: 0),
    ConvolutionSizes(n: 67, h: 8, w: 8, c: 32, k: 16, r: 1, s: 1, stride: 1, padding: 0),
  ]

  /// With the batch norm behind them applied as they store: every algorithm, images few and many.
  private static let followedSizes: [ConvolutionSizes] = [
    ConvolutionSizes(n: 1, h: 8, w: 8, c: 16, k: 96, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 11, h: 8, w: 8, c: 32, k: 32, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 1, h: 14, w: 14, c: 64, k: 128, r: 3, s: 3, stride: 1, padding: 1),
    ConvolutionSizes(n: 2, h: 9, w: 8, c: 24, k: 40, r: 3, s: 3, stride: 2, padding: 1),
    ConvolutionSizes(n: 1, h: 7, w: 7, c: 48, k: 320, r: 1, s: 1, stride: 1, padding: 0),
    ConvolutionSizes(n: 2, h: 15, w: 14, c: 3, k: 64, r: 7, s: 7, stride: 2, padding: 3),
    ConvolutionSizes(n: 1, h: 5, w: 5, c: 600, k: 20, r: 3, s: 3, stride: 1, padding: 1),
  ]

  static let fusedConvolution: [OpCase] =
    fusedPasses
    + followedSizes.enumerated().flatMap { i, s in
      [false, true].map { joins in
        followed(s, [.relu, .relu6, .none][(i + (joins ? 1 : 0)) % 3], joins: joins)
      }
    }
    + gradientSizes.enumerated().flatMap { i, s in
      [false, true].map { joins in
        bothGradients(s, [.relu, .relu6, .none][(i + (joins ? 1 : 0)) % 3], joins: joins)
      }
    }
    + constantSizes.flatMap { s in
      [
        fusedDataGradient(s, .relu, joins: false, adds: true, ofBatch: false),
        fusedFilterGradient(s, .relu, ofBatch: false),
        bothGradients(s, .relu, joins: false, ofBatch: false),
      ]
    }

  private static let fusedPasses: [OpCase] = fusedSizes.enumerated().flatMap { i, s -> [OpCase] in
    let activation: Activation = [.relu, .relu6, .none][i % 3]
    return [
      fusedForward(s, activation),
      fusedDataGradient(s, activation, joins: true, adds: true),
      fusedDataGradient(s, activation, joins: false, adds: activation == .none),
      fusedFilterGradient(s, activation),
    ]
  }

  static func followed(
    _ s: ConvolutionSizes, _ activation: Activation, joins: Bool
  ) -> OpCase {
    let before = NormCase(s.x, .relu, first: 10)
    let levels = NormCase([1, 2, 3, s.k], activation, first: 20, ofBatch: false)
    // Such that y is of about the size that the norm's statistics say.
    let size = Float(s.r * s.s * s.c).squareRoot()
    let filter = values(s.filter, 2).map { 2 * $0 / size }
    return OpCase(
      .convolutionForward,
      "\(s.name), batch norm with \(activation) behind it, residual \(joins)", tolerance: 2e-5
    ) { t in
      let y = t.output(s.y)
      t.backend.convolution(
        x: joins
          ? ConvolutionInput(t.input(s.x, 1))
          : ConvolutionInput(before.input(t), before.normalization(t)),
        w: t.input(s.filter, filter), stride: s.stride, padding: s.padding,
        following: FollowingNormalization(
          levels.normalization(t), residual: joins ? t.input(s.y, 5) : nil), into: y)
      return [y]
    } expected: {
      let y = Oracle.convolution(
        .init(s.x, joins ? doubles(s.x, 1) : before.output), .init(s.filter, filter),
        stride: s.stride, padding: s.padding
      ).values
      return [levels.norm.forward(y, residual: joins ? doubles(s.y, 5) : nil)]
    }
  }

  static func fusedForward(
    _ s: ConvolutionSizes, _ activation: Activation
  ) -> OpCase {
    let norm = NormCase(s.x, activation, first: 10)
    return OpCase(
      .convolutionForward, "\(s.name), \(activation) on load, statistics", tolerance: 2e-5
    ) { t in
      let (y, mean, variance) = (t.output(s.y), t.output([s.k]), t.output([s.k]))
      let statistics = t.backend.convolution(
        x: ConvolutionInput(norm.input(t), norm.normalization(t)), w: t.input(s.filter, 2),
        stride: s.stride, padding: s.padding, into: y, statistics: true)
      t.backend.batchNormStatistics(
        of: statistics, mean: mean, variance: variance, running: nil)
      return [y, mean, variance]
    } expected: {
      let y = Oracle.convolution(
        .init(s.x, norm.output), .init(s.filter, values(s.filter, 2)), stride: s.stride,
        padding: s.padding
      ).values
      let (mean, variance) = Oracle.statistics(y, channels: s.k)
      return [y, mean, variance]
    }
  }

  /// dy comes through the batch norm behind the convolution; dx is completed for the one before it.
  /// Where nothing is masked or added, some sums would be 0, and the error's share of them
  /// nonsense.
  /// - Parameter joins: whether that one's output has a residual in it.
  static func fusedDataGradient(
    _ s: ConvolutionSizes, _ activation: Activation, joins: Bool, adds: Bool,
    ofBatch: Bool = true
  ) -> OpCase {
    let before = NormCase(s.x, activation, first: 10, residual: joins)
    let behind = NormCase(s.y, .none, first: 20, ofBatch: ofBatch)
    return OpCase(
      .convolutionDataGradient,
      "\(s.name), through batch norm (of batch \(ofBatch)), \(activation) completed, "
        + "residual \(joins), adds \(adds)",
      tolerance: 3e-5
    ) { t in
      let (dx, sums) = (t.output(s.x), t.output([2, s.c]))
      let (dgamma, dbeta) = (t.output([s.c]), t.output([s.c]))
      t.backend.convolutionDataGradient(
        dy: OutputGradient(t.input(s.y, 3), through: behind.gradient(t, of: doubles(s.y, 3))),
        w: t.input(s.filter, 2), stride: s.stride, padding: s.padding, into: dx,
        addend: adds ? t.input(s.x, 4) : nil,
        completion: GradientCompletion(
          input: before.input(t), normalization: before.normalization(t),
          output: joins ? t.input(s.x, before.output.map { Float($0) }) : nil, sums: sums,
          dgamma: GradientOutput(dgamma, accumulate: false),
          dbeta: GradientOutput(dbeta, accumulate: false)))
      return [dx, sums, dgamma, dbeta]
    } expected: {
      let dy = behind.norm.backward(doubles(s.y, 3), x: behind.values, y: []).dx
      var dz = Oracle.convolutionDataGradient(
        .init(s.y, dy), .init(s.filter, values(s.filter, 2)), input: s.x.sizes,
        stride: s.stride, padding: s.padding
      ).values
      if adds { dz = zip(dz, doubles(s.x, 4)).map(+) }
      let g = before.norm.backward(dz, x: before.values, y: before.output)
      return [g.dresidual, g.dbeta + g.dgamma, g.dgamma, g.dbeta]
    }
  }

  static func fusedFilterGradient(
    _ s: ConvolutionSizes, _ activation: Activation, ofBatch: Bool = true
  ) -> OpCase {
    let before = NormCase(s.x, activation, first: 10)
    let behind = NormCase(s.y, .none, first: 20, ofBatch: ofBatch)
    return OpCase(
      .convolutionFilterGradient,
      "\(s.name), \(activation) on load, through batch norm (of batch \(ofBatch))",
      tolerance: 2e-5
    ) { t in
      let dw = t.output(s.filter)
      let slices = t.backend.convolutionFilterGradient(
        x: ConvolutionInput(before.input(t), before.normalization(t)),
        dy: OutputGradient(t.input(s.y, 3), through: behind.gradient(t, of: doubles(s.y, 3))),
        filter: s.filter, stride: s.stride, padding: s.padding)
      t.backend.sumSlices(slices, into: dw, accumulate: false)
      return [dw]
    } expected: {
      let dy = behind.norm.backward(doubles(s.y, 3), x: behind.values, y: []).dx
      return [
        Oracle.convolutionFilterGradient(
          .init(s.x, before.output), .init(s.y, dy), filter: s.filter.sizes, stride: s.stride,
          padding: s.padding
        ).values
      ]
    }
  }
}

extension OpCase {
  /// As in a network: x is read through the batch norm for which dx is completed or, where that
  /// joins a residual, as what it put out; dx is added to what came through the residual.
  static func bothGradients(
    _ s: ConvolutionSizes, _ activation: Activation, joins: Bool, ofBatch: Bool = true
  ) -> OpCase {
    let before = NormCase(s.x, activation, first: 10, residual: joins)
    let behind = NormCase(s.y, .none, first: 20, ofBatch: ofBatch)
    let joined = before.output.map { Float($0) }
    // As read: rounded where the join is stored.
    let x = joins ? joined.map(Double.init) : before.output
    return OpCase(
      .convolutionGradients,
      "\(s.name), \(activation), residual \(joins), of batch \(ofBatch)", tolerance: 3e-5
    ) { t in
      let (dx, dw, sums) = (t.output(s.x), t.output(s.filter), t.output([2, s.c]))
      let (input, normalization) = (before.input(t), before.normalization(t))
      let output = joins ? t.input(s.x, joined) : nil
      let slices = t.backend.convolutionGradients(
        x: output.map { ConvolutionInput($0) } ?? ConvolutionInput(input, normalization),
        dy: OutputGradient(t.input(s.y, 3), through: behind.gradient(t, of: doubles(s.y, 3))),
        w: t.input(s.filter, 2), stride: s.stride, padding: s.padding, into: dx,
        addend: joins ? t.input(s.x, 4) : nil,
        completion: GradientCompletion(
          input: input, normalization: normalization, output: output, sums: sums, dgamma: nil,
          dbeta: nil))
      t.backend.sumSlices(slices, into: dw, accumulate: false)
      return [dx, dw, sums]
    } expected: {
      let dy = behind.norm.backward(doubles(s.y, 3), x: behind.values, y: []).dx
      var dz = Oracle.convolutionDataGradient(
        .init(s.y, dy), .init(s.filter, values(s.filter, 2)), input: s.x.sizes,
        stride: s.stride, padding: s.padding
      ).values
      if joins { dz = zip(dz, doubles(s.x, 4)).map(+) }
      let g = before.norm.backward(dz, x: before.values, y: before.output)
      let dw = Oracle.convolutionFilterGradient(
        .init(s.x, x), .init(s.y, dy), filter: s.filter.sizes, stride: s.stride,
        padding: s.padding
      ).values
      return [g.dresidual, dw, g.dbeta + g.dgamma]
    }
  }
}

/// A batch norm by the batch's own statistics, or by constants that equal them, of values that
/// tests can make anew.
struct NormCase: Sendable {
  let shape: Shape
  let first: UInt32
  let norm: Oracle.BatchNorm
  let values: [Double]
  /// What it puts out.
  let output: [Double]

  /// - Parameter first: of the streams that its numbers are drawn from.
  init(
    _ shape: Shape, _ activation: Activation, first: UInt32, residual: Bool = false,
    ofBatch: Bool = true
  ) {
    (self.shape, self.first) = (shape, first)
    let channels = shape.sizes.last!
    values = doubles(shape, first)
    let (mean, variance) = Oracle.statistics(values, channels: channels)
    // Rounded as the backend gets them, and large enough that ReLU6 meets both its bounds.
    norm = Oracle.BatchNorm(
      mean: mean.map { Double(Float($0)) }, variance: variance.map { Double(Float($0)) },
      gamma: doubles([channels], first + 1).map { activation == .relu6 ? 8 * $0 : $0 },
      beta: doubles([channels], first + 2), activation: activation, ofBatch: ofBatch)
    output = norm.forward(values, residual: residual ? doubles(shape, first + 3) : nil)
  }

  func input(_ t: CaseContext) -> Tensor { t.input(shape, first) }

  func normalization(_ t: CaseContext) -> ChannelNormalization {
    let c: Shape = [norm.gamma.count]
    func vector(_ values: [Double]) -> Tensor { t.input(c, values.map { Float($0) }) }
    return ChannelNormalization(
      mean: vector(norm.mean), variance: vector(norm.variance), gamma: vector(norm.gamma),
      beta: vector(norm.beta), epsilon: 1e-5, activation: norm.activation)
  }

  /// The way of g through this norm, its sums made in double.
  func gradient(_ t: CaseContext, of g: [Double]) -> OutputGradient.BatchNorm {
    let back = norm.backward(g, x: values, y: output)
    return OutputGradient.BatchNorm(
      input: input(t), normalization: normalization(t),
      sums: t.input([2, norm.gamma.count], (back.dbeta + back.dgamma).map { Float($0) }),
      ofBatch: norm.ofBatch)
  }
}
