extension Evaluator {
  /// How well a network names images.
  public struct Outcome: Sendable, Equatable {
    public let images: Int
    /// Share whose arg max over all outputs names the image's class; in [0, 1].
    public let accuracy: Double
    /// The same with the arg max over `among` alone.
    public let accuracyAmongCommonOutputs: Double
    /// Share whose class is among the five outputs of the largest logits; nil where there are no more
    /// than five outputs.
    public let topFiveAccuracy: Double?
    /// Mean over the classes that have images of each one's accuracy.
    public let averageClassAccuracy: Double
    /// Of each class that has images, in the labels' order.
    public let classAccuracies: [ClassAccuracy]
    /// Of each measured image, in the images' order: was its class named, with the arg max over all
    /// outputs?
    public let right: [Bool]

    package init(
      images: Int, accuracy: Double, accuracyAmongCommonOutputs: Double, topFiveAccuracy: Double?,
      averageClassAccuracy: Double, classAccuracies: [ClassAccuracy], right: [Bool]
    ) {
      (self.images, self.accuracy) = (images, accuracy)
      self.accuracyAmongCommonOutputs = accuracyAmongCommonOutputs
      self.topFiveAccuracy = topFiveAccuracy
      self.averageClassAccuracy = averageClassAccuracy
      (self.classAccuracies, self.right) = (classAccuracies, right)
    }
  }

  /// Accuracy on the images of one class.
  public struct ClassAccuracy: Codable, Sendable, Equatable {
    /// The class's.
    public let name: String
    /// How many it has.
    public let images: Int
    /// Share of them whose class is named; in [0, 1].
    public let accuracy: Double

    package init(name: String, images: Int, accuracy: Double) {
      (self.name, self.images, self.accuracy) = (name, images, accuracy)
    }
  }

  /// Counts rows of logits as they are right or wrong.
  struct Tally {
    private var right: [Bool] = []
    private var rightAmong = 0
    private var rightInFive: Int?
    private var ofClass: [Int32: (images: Int, right: Int)] = [:]

    /// - Parameters:
    ///   - row: an image's logits.
    ///   - truth: the output of its class; −1 where there is none.
    ///   - label: of its class.
    ///   - among: outputs for `accuracyAmongCommonOutputs`.
    mutating func add(_ row: ArraySlice<Float>, truth: Int, label: Int32, among: [Int]) {
      let isRight = Evaluator.argMax(row, among: Array(0..<row.count)) == truth
      right.append(isRight)
      let known = ofClass[label] ?? (0, 0)
      ofClass[label] = (known.images + 1, known.right + (isRight ? 1 : 0))
      if Evaluator.argMax(row, among: among) == truth { rightAmong += 1 }
      guard row.count > 5 else { return }
      // Of equal logits the first comes first, as with the arg max.
      let isInFive =
        truth >= 0
        && row.indices.count(where: { at in
          let mine = row[row.startIndex + truth]
          return row[at] > mine || (row[at] == mine && at < row.startIndex + truth)
        }) < 5
      rightInFive = (rightInFive ?? 0) + (isInFive ? 1 : 0)
    }

    /// - Precondition: a row has been added.
    func outcome(labelNames: [String]) -> Outcome {
      let count = Double(right.count)
      // In the order of the labels, so that equal counts give equal bits.
      let classes = ofClass.sorted { $0.key < $1.key }.map {
        ClassAccuracy(
          name: labelNames[Int($0.key)], images: $0.value.images,
          accuracy: Double($0.value.right) / Double($0.value.images))
      }
      return Outcome(
        images: right.count, accuracy: Double(right.filter(\.self).count) / count,
        accuracyAmongCommonOutputs: Double(rightAmong) / count,
        topFiveAccuracy: rightInFive.map { Double($0) / count },
        averageClassAccuracy: classes.reduce(0) { $0 + $1.accuracy } / Double(classes.count),
        classAccuracies: classes, right: right)
    }
  }
}
