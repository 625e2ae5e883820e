/// Vectors of several images, made unit vectors, to be compared by their cosine.
struct UnitVectors {
  let count: Int
  let dimensions: Int
  /// `[dimension][image]`, so that a query meets all images one dimension after the other.
  private let values: [Float]

  /// - Parameter vectors: `[count, dimensions]`. A vector of zeros is at cosine 0 to all.
  init(_ vectors: [Float], dimensions: Int) {
    precondition(
      dimensions > 0 && vectors.count % dimensions == 0,
      "UnitVectors: \(vectors.count) values of \(dimensions) dimensions")
    let count = vectors.count / dimensions
    var values = [Float](repeating: 0, count: vectors.count)
    for image in 0..<count {
      var square = 0.0
      for d in 0..<dimensions {
        let value = Double(vectors[image * dimensions + d])
        square += value * value
      }
      let scale = square > 0 ? 1 / square.squareRoot() : 0
      for d in 0..<dimensions {
        values[d * count + image] = Float(Double(vectors[image * dimensions + d]) * scale)
      }
    }
    (self.count, self.dimensions, self.values) = (count, dimensions, values)
  }

  /// The cosine of one of other vectors with each of these.
  func cosines(_ query: Int, of other: UnitVectors, into result: inout [Float]) {
    precondition(dimensions == other.dimensions, "cosines: \(dimensions), \(other.dimensions)")
    for image in 0..<count { result[image] = 0 }
    values.withUnsafeBufferPointer { values in
      for d in 0..<dimensions {
        let value = other.values[d * other.count + query]
        let row = d * count
        for image in 0..<count { result[image] += value * values[row + image] }
      }
    }
  }
}

/// Places by a score: the largest first, of equal ones the first.
struct Ranking {
  /// A key sorts as the score falls; its lower half is the place.
  private var keys: [UInt64] = []

  /// - Parameter left: a place that is left out.
  mutating func rank(_ scores: [Float], leavingOut left: Int) {
    keys.removeAll(keepingCapacity: true)
    for (place, score) in scores.enumerated() where place != left {
      keys.append(Self.key(score, place))
    }
    keys.sort()
  }

  /// The first `count` of `rank`'s places alone, which takes less.
  mutating func rank(_ scores: [Float], leavingOut left: Int, first count: Int) {
    keys.removeAll(keepingCapacity: true)
    for (place, score) in scores.enumerated() where place != left {
      let key = Self.key(score, place)
      if keys.count == count {
        guard key < keys[count - 1] else { continue }
        keys.removeLast()
      }
      var at = keys.count
      while at > 0, keys[at - 1] > key { at -= 1 }
      keys.insert(key, at: at)
    }
  }

  private static func key(_ score: Float, _ place: Int) -> UInt64 {
    // −0 as 0; then the order of floats as that of whole numbers.
    let bits = (score + 0).bitPattern
    let rising = bits >> 31 == 0 ? bits | 0x8000_0000 : ~bits
    return UInt64(~rising) << 32 | UInt64(place)
  }

  var count: Int { keys.count }
  subscript(_ rank: Int) -> Int { Int(keys[rank] & 0xFFFF_FFFF) }
}

/// How alike two extractors see the neighborhood of an image.
public enum NeighborAlignment {
  /// Neighbors of an image that are looked at.
  public static let neighbors = 10

  /// Mutual k-nearest-neighbor alignment (Huh et al. 2024): the mean over all images of the share
  /// of an image's k nearest others (by cosine) that both have; in [0, 1], k/(n − 1) where they
  /// have nothing in common. The dimensions may differ.
  /// - Returns: nil of k images or fewer.
  /// - Precondition: as many vectors on both sides.
  public static func mutual(
    _ first: [Float], _ second: [Float], dimensions: (first: Int, second: Int),
    neighbors k: Int = neighbors
  ) -> Double? {
    let sides = [
      UnitVectors(first, dimensions: dimensions.first),
      UnitVectors(second, dimensions: dimensions.second),
    ]
    let n = sides[0].count
    precondition(n == sides[1].count && k > 0, "mutual: \(n) and \(sides[1].count) images")
    guard n > k else { return nil }
    var cosines = [Float](repeating: 0, count: n)
    var ranking = Ranking()
    var shared = 0
    for image in 0..<n {
      let near = sides.map { side in
        side.cosines(image, of: side, into: &cosines)
        ranking.rank(cosines, leavingOut: image, first: k)
        return Set((0..<k).map { ranking[$0] })
      }
      shared += near[0].intersection(near[1]).count
    }
    return Double(shared) / Double(n * k)
  }
}
