extension Report {
  /// A line of a table: the paper's number, ours, and the runs that ours comes from.
  public struct Row: Codable, Hashable, Sendable {
    public var name: String
    /// Rows of one group stand below its name; those of none belong before the groups.
    public var group: String?
    public var unit: Unit
    public var paper: Double?
    public var mean: Double?
    /// Of a sample: n − 1.
    public var standardDeviation: Double?
    public var interval: Interval?
    /// What the interval is: "95 % t", "range", "95 % Wilson".
    public var intervalKind: String?
    /// Runs that the mean is over.
    public var n: Int
    public var runs: [RunValue]
    /// Recombined accuracy ÷ own accuracy of the same networks.
    public var ratio: Ratio?
    /// Of the rotation head on test images, by task: how well it is learned.
    public var rotationAccuracy: [Double]?
    public var note: String?
    /// What guessing gives.
    public var chance: Double?
    /// What the row's name leads to, from the page: the run's folder.
    public var link: String?

    public init(
      name: String, group: String? = nil, unit: Unit = .percent, paper: Double? = nil,
      mean: Double? = nil, standardDeviation: Double? = nil, interval: Interval? = nil,
      intervalKind: String? = nil, n: Int = 0, runs: [RunValue] = [], ratio: Ratio? = nil,
      rotationAccuracy: [Double]? = nil, note: String? = nil, chance: Double? = nil,
      link: String? = nil
    ) {
      self.name = name
      self.group = group
      self.unit = unit
      self.paper = paper
      self.mean = mean
      self.standardDeviation = standardDeviation
      self.interval = interval
      self.intervalKind = intervalKind
      self.n = n
      self.runs = runs
      self.ratio = ratio
      self.rotationAccuracy = rotationAccuracy
      self.note = note
      (self.chance, self.link) = (chance, link)
    }

    /// Where it leads: to the folder of its single run, unless it says.
    var target: String? { link ?? (runs.count == 1 ? runs[0].directory : nil) }

    /// Synthesized coding would leave keys out; readers of `results.json` find every one.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(name, forKey: .name)
      try container.encode(group, forKey: .group)
      try container.encode(unit, forKey: .unit)
      try container.encode(paper.finite, forKey: .paper)
      try container.encode(mean.finite, forKey: .mean)
      try container.encode(standardDeviation.finite, forKey: .standardDeviation)
      try container.encode(interval?.finite, forKey: .interval)
      try container.encode(intervalKind, forKey: .intervalKind)
      try container.encode(n, forKey: .n)
      try container.encode(runs, forKey: .runs)
      try container.encode(ratio?.finite, forKey: .ratio)
      try container.encode(rotationAccuracy, forKey: .rotationAccuracy)
      try container.encode(note, forKey: .note)
      try container.encode(chance.finite, forKey: .chance)
      try container.encode(link, forKey: .link)
    }
  }

  /// A quotient of two accuracies, the mean of some runs' quotients.
  public struct Ratio: Codable, Hashable, Sendable {
    public var paper: Double?
    public var mean: Double?
    public var standardDeviation: Double?
    /// In the order of the row's runs.
    public var runs: [Double]

    public init(paper: Double?, mean: Double?, standardDeviation: Double?, runs: [Double]) {
      (self.paper, self.mean) = (paper, mean)
      (self.standardDeviation, self.runs) = (standardDeviation, runs)
    }

    var finite: Ratio {
      Ratio(
        paper: paper.finite, mean: mean.finite, standardDeviation: standardDeviation.finite,
        runs: runs.filter(\.isFinite))
    }
  }

  /// One run's value, and where its files are.
  public struct RunValue: Codable, Hashable, Sendable {
    public var seed: UInt64
    public var value: Double?
    public var directory: String?

    public init(seed: UInt64, value: Double?, directory: String? = nil) {
      self.seed = seed
      self.value = value
      self.directory = directory
    }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(seed, forKey: .seed)
      try container.encode(value.finite, forKey: .value)
      try container.encode(directory, forKey: .directory)
    }
  }
}

extension Double? {
  /// What is no number is missing.
  var finite: Double? { flatMap { $0.isFinite ? $0 : nil } }
}

extension Report.Interval {
  var finite: Report.Interval? { low.isFinite && high.isFinite ? self : nil }
}
