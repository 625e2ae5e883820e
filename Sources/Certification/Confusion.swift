import Tensors

/// What a network said about images of each class.
public struct Confusion: Codable, Hashable, Sendable {
  /// Classes of the images, each an output of the head too; in the outputs' order.
  public let classes: [String]
  /// The head's outputs.
  public let outputs: [String]
  /// `[class][output]`: images.
  public let counts: [[Int]]

  public init(classes: [String], outputs: [String], counts: [[Int]]) {
    self.classes = classes
    self.outputs = outputs
    self.counts = counts
  }

  public var images: Int { counts.joined().reduce(0, +) }

  /// Images whose class was named.
  public var right: Int { zip(counts, truth).reduce(0) { $0 + $1.0[$1.1] } }

  /// In [0, 1]. - Precondition: there are images.
  public var accuracy: Double { Double(right) / Double(images) }

  /// The output that names each class.
  private var truth: [Int] { classes.map { outputs.firstIndex(of: $0)! } }

  /// More outputs than that no head here has; a file that claims them would keep us busy.
  private static let mostOutputs = 20_000

  /// Is it one: as many rows and columns as names, each name once, no negative count?
  var isValid: Bool {
    outputs.count <= Self.mostOutputs && Set(outputs).count == outputs.count
      && Set(classes).count == classes.count
      && classes.allSatisfy(outputs.contains) && counts.count == classes.count
      && counts.allSatisfy { row in
        row.count == outputs.count && row.allSatisfy { 0...1_000_000_000 ~= $0 }
      } && images > 0
  }

  /// In how many ways k classes can be named by n outputs, each by one of its own: n! / (n − k)!.
  /// - Parameter limit: nil where there are more.
  public func namings(atMost limit: Int) -> Int? {
    var ways = 1
    for taken in 0..<classes.count {
      ways *= outputs.count - taken
      guard ways <= limit else { return nil }
    }
    return ways
  }

  /// How many of all namings give a lower accuracy than the true one; as many as there are have to
  /// be looked at.
  public func namingsBelow() -> Int {
    let right = right
    var isTaken = [Bool](repeating: false, count: outputs.count)
    func below(_ row: Int, _ sum: Int) -> Int {
      guard row < counts.count else { return sum < right ? 1 : 0 }
      var found = 0
      for output in outputs.indices where !isTaken[output] {
        isTaken[output] = true
        found += below(row + 1, sum + counts[row][output])
        isTaken[output] = false
      }
      return found
    }
    return below(0, 0)
  }

  /// How many of `count` random permutations of the outputs' names give a lower accuracy than the
  /// true naming. What two unrelated networks agree on is an accident of the naming, so for them
  /// the true one is one permutation among others; the number of images does not come into it.
  public func relabelingsBelow(count: Int, seed: UInt64) -> Int {
    let right = right
    let truth = truth
    var below = 0
    for index in 0..<count {
      var random = RandomStream(seed: seed, .relabeling, stream: UInt32(index))
      let order = random.permutation(outputs.count)
      var sum = 0
      for (row, output) in zip(counts, truth) { sum += row[order[output]] }
      if sum < right { below += 1 }
    }
    return below
  }
}
