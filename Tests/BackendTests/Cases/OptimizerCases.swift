import Tensors
import TestSupport

extension OpCase {
  static let optimizer: [OpCase] = [Shape([1]), [33], [3, 3, 16, 24], [20_001]].flatMap {
    shape -> [OpCase] in
    [
      OpCase(.momentumStep, "\(shape)", tolerance: 1e-6) { t in
        let (w, v) = (t.sum(shape, 1), t.sum(shape, 3))
        t.backend.momentumStep(
          w: w, g: t.input(shape, 2), v: v, learningRate: 0.1, momentum: 0.9, weightDecay: 1e-2)
        return [w, v]
      } expected: {
        let (w, g) = (doubles(shape, 1), doubles(shape, 2))
        let v = zip(doubles(shape, 3), zip(g, w)).map { 0.9 * $0 + ($1.0 + 1e-2 * $1.1) }
        return [zip(w, v).map { $0 - 0.1 * $1 }, v]
      },
      OpCase(.runningAverage, "\(shape)", tolerance: 1e-6) { t in
        let running = t.sum(shape, 1)
        t.backend.runningAverage(running, towards: t.input(shape, 2), momentum: 0.1, scale: 1.25)
        return [running]
      } expected: {
        [zip(doubles(shape, 1), doubles(shape, 2)).map { 0.9 * $0 + 0.1 * 1.25 * $1 }]
      },
    ]
  }
}
