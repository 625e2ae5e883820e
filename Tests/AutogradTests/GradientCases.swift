import Autograd
import Tensors
import Testing

/// One function of some leaves, once on the tape and once in double.
struct GradientCase: Sendable, CustomTestStringConvertible {
  let name: String
  let leaves: [[Int]]
  let taped: @Sendable (Tape, [Variable]) -> Variable
  let reference: @Sendable ([Doubles]) -> Doubles

  var testDescription: String { name }

  init(
    _ name: String, _ leaves: [[Int]],
    taped: @escaping @Sendable (Tape, [Variable]) -> Variable,
    reference: @escaping @Sendable ([Doubles]) -> Doubles
  ) {
    (self.name, self.leaves, self.taped, self.reference) = (name, leaves, taped, reference)
  }
}

extension GradientCase {
  static let epsilon: Float = 1e-3

  static let all = convolutions + depthwise + batchNorms + elementwise + spatial + dense + shared

  static func convolution(
    _ name: String, _ x: [Int], _ w: [Int], stride: Int, padding: Int
  ) -> GradientCase {
    GradientCase("convolution, \(name)", [x, w]) { tape, v in
      tape.convolution(v[0], v[1], stride: stride, padding: padding)
    } reference: {
      Reference.convolution($0[0], $0[1], stride: stride, padding: padding)
    }
  }

  static let convolutions = [
    convolution("3×3", [2, 5, 4, 3], [3, 3, 3, 4], stride: 1, padding: 1),
    convolution("stride 2, odd sizes", [2, 7, 5, 2], [3, 3, 2, 5], stride: 2, padding: 1),
    convolution("1×1", [3, 3, 3, 4], [1, 1, 4, 7], stride: 1, padding: 0),
    convolution("5×5, batch 1", [1, 6, 6, 2], [5, 5, 2, 3], stride: 1, padding: 2),
  ]

  static func depthwise(
    _ name: String, _ x: [Int], _ w: [Int], stride: Int, padding: Int
  ) -> GradientCase {
    GradientCase("depthwise convolution, \(name)", [x, w]) { tape, v in
      tape.depthwiseConvolution(v[0], v[1], stride: stride, padding: padding)
    } reference: {
      Reference.depthwise($0[0], $0[1], stride: stride, padding: padding)
    }
  }

  static let depthwise = [
    depthwise("3×3", [2, 5, 4, 3], [3, 3, 3], stride: 1, padding: 1),
    depthwise("stride 2, odd sizes", [2, 7, 5, 9], [3, 3, 9], stride: 2, padding: 1),
    depthwise("5×5, batch 1", [1, 6, 6, 2], [5, 5, 2], stride: 1, padding: 2),
  ]

  /// - Parameter residual: index of the leaf that is added before the activation.
  static func batchNorm(
    _ name: String, ofBatch: Bool, residual: Int? = nil,
    activation: Activation = .none
  ) -> GradientCase {
    let sizes = [3, 4, 3, 5]
    let leaves = residual == 3 ? [sizes, [5], [5], sizes] : [sizes, [5], [5]]
    let constants = (
      mean: Doubles(random: [5], stream: 90),
      variance: Doubles(random: [5], stream: 91).map { Double(Float($0 * $0 + 0.5)) }
    )
    return GradientCase("batch norm, \(name)", leaves) { tape, v in
      let mean = tape.backend.makeTensor([5], constants.mean.floats)
      let variance = tape.backend.makeTensor([5], constants.variance.floats)
      if ofBatch {
        tape.backend.batchNormStatistics(x: v[0].value, mean: mean, variance: variance)
      }
      return tape.batchNorm(
        v[0], gamma: v[1], beta: v[2], epsilon: epsilon, mean: mean, variance: variance,
        ofBatch: ofBatch, residual: residual.map { v[$0] }, activation: activation)
    } reference: { v in
      let (mean, variance) =
        ofBatch
        ? Reference.statistics(v[0]) : (constants.mean.values, constants.variance.values)
      var y = Reference.batchNorm(
        v[0], gamma: v[1], beta: v[2], mean: mean, variance: variance, epsilon: Double(epsilon))
      if let residual { y = y + v[residual] }
      return activation == .relu ? Reference.relu(y) : y
    }
  }

  static let batchNorms = [
    batchNorm("of the batch", ofBatch: true),
    batchNorm("of the batch, relu", ofBatch: true, activation: .relu),
    batchNorm("of the batch, residual, relu", ofBatch: true, residual: 3, activation: .relu),
    batchNorm("of the batch, x its own residual", ofBatch: true, residual: 0, activation: .relu),
    batchNorm("constants", ofBatch: false),
    batchNorm("constants, residual, relu", ofBatch: false, residual: 3, activation: .relu),
    batchNorm("constants, x its own residual", ofBatch: false, residual: 0),
  ]

  static let elementwise = [
    GradientCase("relu", [[2, 3, 4, 3]]) {
      $0.relu($1[0])
    } reference: {
      Reference.relu($0[0])
    },
    GradientCase("add", [[2, 3, 4, 3], [2, 3, 4, 3]]) {
      $0.add($1[0], $1[1])
    } reference: {
      $0[0] + $0[1]
    },
    GradientCase("add, x to itself", [[2, 3, 4, 3]]) {
      $0.add($1[0], $1[0])
    } reference: {
      $0[0] * 2
    },
  ]

  static let spatial = [
    GradientCase("shortcut, stride 2, odd sizes", [[2, 5, 7, 3]]) {
      $0.shortcut($1[0], stride: 2, channels: 8)
    } reference: {
      Reference.shortcut($0[0], stride: 2, channels: 8)
    },
    GradientCase("shortcut, stride 1", [[2, 3, 4, 4]]) {
      $0.shortcut($1[0], stride: 1, channels: 6)
    } reference: {
      Reference.shortcut($0[0], stride: 1, channels: 6)
    },
    GradientCase("average pool", [[2, 6, 4, 3]]) {
      $0.averagePool($1[0], window: 2, stride: 2)
    } reference: {
      Reference.averagePool($0[0], window: 2, stride: 2)
    },
    GradientCase("average pool, overlapping", [[2, 5, 4, 3]]) {
      $0.averagePool($1[0], window: 3, stride: 1)
    } reference: {
      Reference.averagePool($0[0], window: 3, stride: 1)
    },
    GradientCase("max pool, overlapping, padded", [[2, 7, 6, 3]]) {
      $0.maxPool($1[0], window: 3, stride: 2, padding: 1)
    } reference: {
      Reference.maxPool($0[0], window: 3, stride: 2, padding: 1)
    },
    GradientCase("max pool, pixels that no window has", [[2, 5, 5, 4]]) {
      $0.maxPool($1[0], window: 2, stride: 2, padding: 0)
    } reference: {
      Reference.maxPool($0[0], window: 2, stride: 2, padding: 0)
    },
    GradientCase("global average pool", [[3, 5, 4, 7]]) {
      $0.globalAveragePool($1[0])
    } reference: {
      Reference.globalAveragePool($0[0])
    },
  ]

  static let dense = [
    GradientCase("linear", [[5, 7], [7, 4], [4]]) {
      $0.linear($1[0], $1[1], $1[2])
    } reference: {
      Reference.linear($0[0], $0[1], $0[2])
    },
    GradientCase("softmax cross-entropy, some ignored", [[6, 5]]) {
      let labels = $0.backend.makeLabels([1, -1, 4, 0, -1, 3])
      return $0.softmaxCrossEntropy($1[0], labels, divisor: 6)
    } reference: {
      Reference.crossEntropy($0[0], [1, -1, 4, 0, -1, 3], divisor: 6)
    },
  ]

  static let shared = [
    GradientCase("x in two branches", [[2, 4, 4, 3], [3, 3, 3, 3]]) {
      $0.add($0.relu($1[0]), $0.convolution($1[0], $1[1], stride: 1, padding: 1))
    } reference: {
      Reference.relu($0[0]) + Reference.convolution($0[0], $0[1], stride: 1, padding: 1)
    },
    GradientCase("one filter used twice", [[2, 4, 4, 3], [3, 3, 3, 3]]) {
      let y = $0.convolution($1[0], $1[1], stride: 1, padding: 1)
      return $0.convolution(y, $1[1], stride: 1, padding: 1)
    } reference: {
      let y = Reference.convolution($0[0], $0[1], stride: 1, padding: 1)
      return Reference.convolution(y, $0[1], stride: 1, padding: 1)
    },
  ]
}
