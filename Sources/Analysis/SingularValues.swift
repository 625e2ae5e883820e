/// A = U · diag(values) · Vᵀ of a square matrix: U, V orthogonal, values ≥ 0, largest first.
///
/// One-sided Jacobi (Hestenes 1958; Demmel and Veselić 1992): rotations from the right make the
/// columns of A orthogonal pair by pair; their lengths are the singular values then, to high
/// relative accuracy. Where A lacks rank, U is completed to a basis.
public struct SingularValues: Sendable {
  public let u: DenseMatrix
  public let values: [Double]
  public let v: DenseMatrix

  private static let mostSweeps = 60

  /// - Precondition: the matrix is square and finite.
  public init(of matrix: DenseMatrix) {
    let n = matrix.rows
    precondition(
      matrix.columns == n && matrix.values.allSatisfy(\.isFinite),
      "SingularValues: \(n) × \(matrix.columns), or not finite")
    // Columns as rows of memory.
    var a = (0..<n).map { j in (0..<n).map { matrix[$0, j] } }
    var v = (0..<n).map { j in (0..<n).map { $0 == j ? 1.0 : 0 } }
    var sweeps = 0
    while sweeps < Self.mostSweeps, Self.sweep(&a, &v) { sweeps += 1 }
    let lengths = a.map { Self.dot($0, $0).squareRoot() }
    let order = (0..<n).sorted { (lengths[$1], $0) < (lengths[$0], $1) }
    values = order.map { lengths[$0] }
    let smallest = (values.first ?? 0) * Double(n) * 1e-15
    var u: [[Double]] = []
    for index in order where lengths[index] > smallest {
      u.append(a[index].map { $0 / lengths[index] })
    }
    Self.complete(&u, to: n)
    self.u = Self.matrix(columns: u)
    self.v = Self.matrix(columns: order.map { v[$0] })
  }

  /// U·Vᵀ: the orthogonal matrix nearest to A, and the solution of Procrustes' problem (Schönemann
  /// 1966): of all orthogonal R, ‖X·R − Y‖ is least for that of A = Xᵀ·Y.
  public var nearestOrthogonal: DenseMatrix { u * v.transposed }

  /// - Returns: whether any pair was rotated.
  private static func sweep(_ a: inout [[Double]], _ v: inout [[Double]]) -> Bool {
    var rotated = false
    for i in a.indices {
      for j in a.indices where j > i {
        let (x, y, product) = (dot(a[i], a[i]), dot(a[j], a[j]), dot(a[i], a[j]))
        // What a sum of n products leaves of orthogonal columns is below this.
        guard abs(product) > 1e-14 * x.squareRoot() * y.squareRoot() else { continue }
        rotated = true
        let zeta = (y - x) / (2 * product)
        let t = (zeta < 0 ? -1 : 1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
        let cosine = 1 / (1 + t * t).squareRoot()
        rotate(&a, i, j, cosine, cosine * t)
        rotate(&v, i, j, cosine, cosine * t)
      }
    }
    return rotated
  }

  private static func rotate(
    _ m: inout [[Double]], _ i: Int, _ j: Int, _ cosine: Double, _ sine: Double
  ) {
    for k in m[i].indices {
      let (x, y) = (m[i][k], m[j][k])
      m[i][k] = cosine * x - sine * y
      m[j][k] = sine * x + cosine * y
    }
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for k in a.indices { sum += a[k] * b[k] }
    return sum
  }

  /// Adds unit vectors until there are n, each made orthogonal to those before it (twice, so that
  /// rounding leaves nothing).
  static func complete(_ basis: inout [[Double]], to n: Int) {
    var axis = 0
    while basis.count < n {
      var new = (0..<n).map { $0 == axis ? 1.0 : 0 }
      axis += 1
      for _ in 0..<2 {
        for vector in basis {
          let share = dot(vector, new)
          for k in new.indices { new[k] -= share * vector[k] }
        }
      }
      let length = dot(new, new).squareRoot()
      // Of n axes, at least one is this far from a smaller space.
      if length > 0.5 / Double(n).squareRoot() { basis.append(new.map { $0 / length }) }
    }
  }

  private static func matrix(columns: [[Double]]) -> DenseMatrix {
    DenseMatrix(columns.count, columns.count, columns.flatMap { $0 }).transposed
  }
}
