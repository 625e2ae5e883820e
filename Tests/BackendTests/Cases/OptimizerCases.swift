import Foundation
import Optimizers
import Tensors
import TestSupport

extension OpCase {
  static let optimizer: [OpCase] =
    [Shape([1]), [33], [3, 3, 16, 24], [20_001]].flatMap {
      shape -> [OpCase] in
      [
        sgd(shape, nesterov: false), sgd(shape, nesterov: true), adamW(shape),
        OpCase(.sumSlices, "\(shape)", tolerance: 1e-6) { t in
          let (over, sum) = (t.output(shape), t.sum(shape, 4))
          for (out, accumulate) in [(over, false), (sum, true)] {
            t.backend.sumSlices(
              t.input(Shape([5] + shape.sizes), 1), into: out, accumulate: accumulate)
          }
          return [over, sum]
        } expected: {
          let sum = sumOfSlices(shape, 5, stream: 1)
          return [sum, zip(sum, doubles(shape, 4)).map(+)]
        },
      ]
    } + [manyParameters]

  private static func sgd(_ shape: Shape, nesterov: Bool) -> OpCase {
    let name = nesterov ? "SGD after Nesterov" : "SGD"
    return OpCase(.optimizerStep, "\(name), \(shape)", tolerance: 1e-6) { t in
      let (w, v) = (t.sum(shape, 1), t.sum(shape, 3))
      t.backend.optimizerStep(
        nesterov ? SGD.nesterovRule : SGD.plainRule,
        [ParameterUpdate(w: w, g: t.input(shape, 2), state: [v])], scalars: [0.1, 0.9, 1e-2])
      return [w, v]
    } expected: {
      let w = doubles(shape, 1)
      let down = zip(doubles(shape, 2), w).map { $0 + 1e-2 * $1 }
      let v = zip(doubles(shape, 3), down).map { 0.9 * $0 + $1 }
      let step = nesterov ? zip(down, v).map { $0 + 0.9 * $1 } : v
      return [zip(w, step).map { $0 - 0.1 * $1 }, v]
    }
  }

  /// Of the third step; the second moment is not negative.
  private static func adamW(_ shape: Shape) -> OpCase {
    OpCase(.optimizerStep, "AdamW, \(shape)", tolerance: 1e-6) { t in
      let (w, m) = (t.sum(shape, 1), t.sum(shape, 3))
      let v = t.update(shape, values(shape, 4).map(abs))
      t.backend.optimizerStep(
        AdamW.rule, [ParameterUpdate(w: w, g: t.input(shape, 2), state: [m, v])],
        scalars: AdamW(epsilon: 1e-3).scalars(learningRate: 0.1, weightDecay: 1e-2, step: 3))
      return [w, m, v]
    } expected: {
      let (w, g) = (doubles(shape, 1), doubles(shape, 2))
      let m = zip(doubles(shape, 3), g).map { 0.9 * $0 + 0.1 * $1 }
      let v = zip(doubles(shape, 4), g).map { 0.999 * abs($0) + 0.001 * $1 * $1 }
      let next = zip(w, zip(m, v)).map { w, moments in
        let (m, v) = (moments.0 / (1 - pow(0.9, 3)), moments.1 / (1 - pow(0.999, 3)))
        return w * (1 - 0.1 * 1e-2) - 0.1 * m / (v.squareRoot() + 1e-3)
      }
      return [next, m, v]
    }
  }

  private static func sumOfSlices(_ shape: Shape, _ slices: Int, stream: UInt32) -> [Double] {
    let all = doubles(Shape([slices] + shape.sizes), stream)
    return (0..<shape.count).map { i in
      (0..<slices).reduce(0) { $0 + all[$1 * shape.count + i] }
    }
  }

  /// More than one launch serves, of unequal sizes, some with their gradient in slices.
  private static let manyParameters: OpCase = {
    let shapes = (0..<37).map { Shape([$0 * 7 + 1, 3]) }
    @Sendable func slices(_ i: Int) -> Int { i % 3 == 0 ? 4 : 1 }
    return OpCase(.optimizerStep, "37 parameters, gradients in slices", tolerance: 1e-6) { t in
      let updates = shapes.enumerated().map { i, shape in
        let n = slices(i)
        return ParameterUpdate(
          w: t.sum(shape, UInt32(i)),
          g: t.input(n > 1 ? Shape([n] + shape.sizes) : shape, UInt32(100 + i)),
          state: [t.sum(shape, UInt32(200 + i))])
      }
      t.backend.optimizerStep(SGD.plainRule, updates, scalars: [0.1, 0.9, 1e-2])
      return updates.map(\.w) + updates.map { $0.state[0] }
    } expected: {
      let v = shapes.enumerated().map { i, shape in
        let g = sumOfSlices(shape, slices(i), stream: UInt32(100 + i))
        return zip(doubles(shape, UInt32(200 + i)), zip(g, doubles(shape, UInt32(i))))
          .map { 0.9 * $0 + ($1.0 + 1e-2 * $1.1) }
      }
      return zip(shapes.indices, v).map { i, v in
        zip(doubles(shapes[i], UInt32(i)), v).map { $0 - 0.1 * $1 }
      } + v
    }
  }()
}
