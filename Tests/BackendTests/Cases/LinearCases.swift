import Tensors
import TestSupport

extension OpCase {
  static let linear: [OpCase] = [(1, 1, 1), (64, 64, 10), (7, 33, 31), (128, 65, 100)].flatMap {
    n, c, k -> [OpCase] in
    let (x, w, y): (Shape, Shape, Shape) = ([n, c], [c, k], [n, k])
    return [
      OpCase(.linearForward, "\(n)×\(c)·\(c)×\(k)") { t in
        let out = t.output(y)
        t.backend.linear(x: t.input(x, 1), w: t.input(w, 2), b: t.input([k], 3), into: out)
        return [out]
      } expected: {
        let product = Oracle.product(doubles(x, 1), doubles(w, 2), m: n, n: k, k: c)
        return [product.enumerated().map { $1 + doubles([k], 3)[$0 % k] }]
      },
      OpCase(.linearDataGradient, "\(n)×\(k)·\(k)×\(c)") { t in
        let (over, sum) = (t.output(x), t.sum(x, 5))
        for (dx, accumulate) in [(over, false), (sum, true)] {
          t.backend.linearDataGradient(
            dy: t.input(y, 4), w: t.input(w, 2), into: dx, accumulate: accumulate)
        }
        return [over, sum]
      } expected: {
        let dx = Oracle.product(doubles(y, 4), doubles(w, 2), m: n, n: c, k: k, transposeB: true)
        return [dx, zip(dx, doubles(x, 5)).map(+)]
      },
      OpCase(.linearParameterGradient, "\(c)×\(n)·\(n)×\(k)") { t in
        let (dw, db) = (t.output(w), t.output([k]))
        let (dwSum, dbSum) = (t.sum(w, 6), t.sum([k], 7))
        let (input, gradient) = (t.input(x, 1), t.input(y, 4))
        t.backend.linearParameterGradient(
          x: input, dy: gradient, dw: GradientOutput(dw, accumulate: false),
          db: GradientOutput(db, accumulate: false))
        t.backend.linearParameterGradient(
          x: input, dy: gradient, dw: GradientOutput(dwSum, accumulate: true), db: nil)
        t.backend.linearParameterGradient(
          x: input, dy: gradient, dw: nil, db: GradientOutput(dbSum, accumulate: true))
        return [dw, db, dwSum, dbSum]
      } expected: {
        let dw = Oracle.product(doubles(x, 1), doubles(y, 4), m: c, n: k, k: n, transposeA: true)
        let dy = doubles(y, 4)
        let db = (0..<k).map { j in (0..<n).reduce(0) { $0 + dy[$1 * k + j] } }
        return [
          dw, db, zip(dw, doubles(w, 6)).map(+), zip(db, doubles([k], 7)).map(+),
        ]
      },
    ]
  }
}
