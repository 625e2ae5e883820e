import Tensors
import TestSupport

extension OpCase {
  private struct Batch: Sendable {
    let name: String
    let n: Int, k: Int
    let scale: Float
    let labels: [Int32]
    var smoothing: Float = 0
    var logits: [Float] { values([n, k], 1).map { $0 * scale } }
    var doubles: [Double] { logits.map { Double($0) } }
  }

  private static let batches: [Batch] = [
    Batch(name: "one example", n: 1, k: 10, scale: 2, labels: [3]),
    Batch(name: "some ignored", n: 33, k: 9, scale: 3, labels: (0..<33).map { $0 % 10 - 1 }),
    Batch(name: "all ignored", n: 5, k: 4, scale: 1, labels: [-1, -1, -1, -1, -1]),
    Batch(name: "logits of ±80", n: 64, k: 10, scale: 80, labels: (0..<64).map { $0 % 10 }),
    Batch(
      name: "label smoothing, some ignored", n: 21, k: 7, scale: 3,
      labels: (0..<21).map { $0 % 8 - 1 },
      smoothing: 0.1),
    Batch(name: "two classes", n: 7, k: 2, scale: 1, labels: [0, 1, 0, 1, -1, 0, 1]),
  ]

  static let loss: [OpCase] = batches.flatMap { b -> [OpCase] in
    // The divisor is the batch, ignored examples included.
    let divisor = Float(b.n)
    return [
      OpCase(.softmaxCrossEntropyForward, b.name) { t in
        let loss = t.output([1])
        t.backend.softmaxCrossEntropy(
          logits: t.input([b.n, b.k], b.logits), labels: t.backend.makeLabels(b.labels),
          divisor: divisor, smoothing: b.smoothing, into: loss)
        return [loss]
      } expected: {
        [
          [
            Oracle.crossEntropy(
              b.doubles, b.labels, classes: b.k, divisor: Double(divisor),
              smoothing: Double(b.smoothing))
          ]
        ]
      },
      OpCase(.softmaxCrossEntropyBackward, b.name, tolerance: 1e-5) { t in
        let (over, sum) = (t.output([b.n, b.k]), t.sum([b.n, b.k], 2))
        for (dlogits, accumulate) in [(over, false), (sum, true)] {
          t.backend.softmaxCrossEntropyBackward(
            logits: t.input([b.n, b.k], b.logits), labels: t.backend.makeLabels(b.labels),
            divisor: divisor, smoothing: b.smoothing, dloss: t.input([1], [0.5]), into: dlogits,
            accumulate: accumulate)
        }
        return [over, sum]
      } expected: {
        let g = Oracle.crossEntropyBackward(
          b.doubles, b.labels, classes: b.k, divisor: Double(divisor),
          smoothing: Double(b.smoothing), dloss: 0.5)
        return [g, zip(g, TestSupport.doubles([b.n, b.k], 2)).map(+)]
      },
    ]
  }
}
