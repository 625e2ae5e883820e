/// A small matrix in double, row-major.
public struct DenseMatrix: Hashable, Sendable {
  public let rows: Int
  public let columns: Int
  public var values: [Double]

  /// - Precondition: rows · columns values.
  public init(_ rows: Int, _ columns: Int, _ values: [Double]) {
    precondition(
      rows >= 0 && columns >= 0 && values.count == rows * columns,
      "DenseMatrix: \(rows) × \(columns) of \(values.count) values")
    (self.rows, self.columns, self.values) = (rows, columns, values)
  }

  public init(zeros rows: Int, _ columns: Int) {
    self.init(rows, columns, [Double](repeating: 0, count: rows * columns))
  }

  public subscript(_ row: Int, _ column: Int) -> Double {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  public var transposed: DenseMatrix {
    var result = DenseMatrix(zeros: columns, rows)
    for i in 0..<rows { for j in 0..<columns { result[j, i] = self[i, j] } }
    return result
  }

  /// A·B. - Precondition: sizes agree.
  public static func * (a: DenseMatrix, b: DenseMatrix) -> DenseMatrix {
    precondition(a.columns == b.rows, "\(a.rows) × \(a.columns) times \(b.rows) × \(b.columns)")
    var result = DenseMatrix(zeros: a.rows, b.columns)
    for i in 0..<a.rows {
      for k in 0..<a.columns where a[i, k] != 0 {
        let value = a[i, k]
        for j in 0..<b.columns { result[i, j] += value * b[k, j] }
      }
    }
    return result
  }

  /// X with A·X = B, for a symmetric positive definite A, by Cholesky's decomposition A = L·Lᵀ.
  /// - Returns: nil where A is not positive definite to double precision.
  /// - Precondition: A is square and has as many rows as B.
  public func solved(for b: DenseMatrix) -> DenseMatrix? {
    precondition(rows == columns && b.rows == rows, "solved: \(rows) × \(columns), \(b.rows) rows")
    var l = self
    for j in 0..<rows {
      var diagonal = l[j, j]
      for k in 0..<j { diagonal -= l[j, k] * l[j, k] }
      guard diagonal > self[j, j] * 1e-14, diagonal.isFinite else { return nil }
      l[j, j] = diagonal.squareRoot()
      for i in (j + 1)..<max(rows, j + 1) {
        var sum = l[i, j]
        for k in 0..<j { sum -= l[i, k] * l[j, k] }
        l[i, j] = sum / l[j, j]
      }
    }
    var x = b
    for column in 0..<b.columns {
      for i in 0..<rows {
        var sum = x[i, column]
        for k in 0..<i { sum -= l[i, k] * x[k, column] }
        x[i, column] = sum / l[i, i]
      }
      for i in (0..<rows).reversed() {
        var sum = x[i, column]
        for k in (i + 1)..<max(rows, i + 1) { sum -= l[k, i] * x[k, column] }
        x[i, column] = sum / l[i, i]
      }
    }
    return x
  }
}
