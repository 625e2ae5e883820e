import Analysis
import Testing

private func agree(_ a: Double, _ b: Double, within tolerance: Double = 1e-12) -> Bool {
  abs(a - b) <= tolerance * max(1, abs(b))
}

@Suite struct StudentTTests {
  /// scipy.stats.t.ppf (1.17) for 0.6, 0.9, 0.975 and 0.9995; the last row scipy.stats.norm.ppf.
  /// An arbitrary-precision solution (mpmath) agrees with both within 2e-14.
  static let quantiles: [[Double]] = [
    [0.5, 0.3979754267847907, 10.27032441023451, 164.55767348048818, 411396.462526262],
    [1, 0.32491969623290634, 3.0776835371752544, 12.706204736174694, 636.6192487687897],
    [2, 0.2886751345948128, 1.8856180831641272, 4.302652729749462, 31.599054576445365],
    [3, 0.2766706623326898, 1.637744353696209, 3.1824463052837078, 12.923978636687961],
    [4, 0.2707222947075976, 1.533206274058944, 2.7764451051977934, 8.610301581379522],
    [7.3, 0.2627568052507191, 1.4089223177480423, 2.345066736547703, 5.283211758939497],
    [9, 0.260955336473911, 1.3830287383966329, 2.262157162798205, 4.780912585931217],
    [29, 0.25568363457125604, 1.311433647301551, 2.045229642132703, 3.6594050194663748],
    [100, 0.25402218245822766, 1.290074761346516, 1.9839715185235518, 3.390491311164263],
    [1e4, 0.253353843445727, 1.2816362297304775, 1.960201239890626, 3.2914999659416355],
    [1e6, 0.25334717053784184, 1.281552412129939, 1.959966356814107, 3.2905364612487222],
    [.infinity, 0.2533471031357997, 1.2815515655446004, 1.959963984540054, 3.2905267314919255],
  ]

  @Test(arguments: quantiles) func quantilesAreSciPys(_ row: [Double]) {
    for (probability, expected) in zip([0.6, 0.9, 0.975, 0.9995], row.dropFirst()) {
      let found = StudentT.quantile(probability, degreesOfFreedom: row[0])
      #expect(agree(found, expected), "\(row[0]) degrees, \(probability): \(found)")
      let mirrored = StudentT.quantile(1 - probability, degreesOfFreedom: row[0])
      #expect(agree(mirrored, -expected, within: 1e-9))
    }
    #expect(StudentT.quantile(0.5, degreesOfFreedom: row[0]) == 0)
  }

  /// Where one way of computing follows on another, nothing jumps.
  @Test func theMethodsMeet() {
    for (place, tolerance) in [(100.0, 1e-10), (1e4, 1e-12)] {
      let below = StudentT.quantile(0.975, degreesOfFreedom: place * (1 - 1e-9))
      let above = StudentT.quantile(0.975, degreesOfFreedom: place * (1 + 1e-9))
      #expect(agree(below, above, within: tolerance))
    }
  }
}

@Suite struct SampleSummaryTests {
  static let values = [0.339, 0.351, 0.322, 0.347, 0.331, 0.360, 0.318]

  /// numpy.mean, numpy.std(ddof=1), scipy.stats.t.interval of 95 and of 80 %.
  @Test(arguments: [
    [
      2, 0.345, 0.008485281374238538, 0.2687627715829521, 0.42123722841704786,
      0.3265338987769485, 0.36346610122305145,
    ],
    [
      3, 0.3373333333333333, 0.014571661996262916, 0.3011353182455375, 0.3735313484211291,
      0.32146971706882244, 0.3531969495978442,
    ],
    [
      4, 0.33975, 0.012841988423397146, 0.3193155306947318, 0.3601844693052682,
      0.3292340529846746, 0.3502659470153254,
    ],
    [
      7, 0.33828571428571425, 0.015488859283522513, 0.323960908631052, 0.3526105199403765,
      0.3298570407067679, 0.3467143878646606,
    ],
  ])
  func summariesAreSciPys(_ row: [Double]) throws {
    let sample = SampleSummary(Array(Self.values.prefix(Int(row[0]))))
    #expect(agree(try #require(sample.mean), row[1]))
    #expect(agree(try #require(sample.standardDeviation), row[2]))
    let interval = try #require(sample.interval())
    #expect(agree(interval.low, row[3]) && agree(interval.high, row[4]))
    let narrower = try #require(sample.interval(confidence: 0.8))
    #expect(agree(narrower.low, row[5]) && agree(narrower.high, row[6]))
  }

  @Test func whatThereIsDependsOnHowManyThereAre() {
    let none = SampleSummary([])
    #expect(none.mean == nil && none.range == nil && none.spread == nil)
    let one = SampleSummary([0.5])
    #expect(one.mean == 0.5 && one.standardDeviation == nil && one.interval() == nil)
    #expect(one.spread == nil)
    let two = SampleSummary([0.6, 0.5])
    #expect(two.spread?.kind == "range")
    #expect(two.spread?.interval == ValueInterval(low: 0.5, high: 0.6))
    let three = SampleSummary([0.6, 0.5, 0.55])
    #expect(three.spread?.kind == "95 % t" && three.spread?.interval == three.interval())
    #expect(three.range == ValueInterval(low: 0.5, high: 0.6))
  }

  @Test func equalRunsHaveNoSpread() {
    let sample = SampleSummary([0.25, 0.25, 0.25])
    #expect(sample.standardDeviation == 0)
    #expect(sample.interval() == ValueInterval(low: 0.25, high: 0.25))
  }

  /// scipy.stats.ttest_rel(…).confidence_interval(0.95); seed 9 has no partner.
  @Test func pairsAreOfSharedSeeds() throws {
    let first: [UInt64: Double] = [4: 0.29, 0: 0.31, 1: 0.35, 2: 0.33, 3: 0.36, 9: 0.99]
    let second: [UInt64: Double] = [0: 0.28, 1: 0.31, 2: 0.315, 3: 0.30, 4: 0.27, 8: 0.01]
    let difference = SampleSummary.paired(first, second)
    #expect(difference.count == 5)
    #expect(zip(difference.values, [0.03, 0.04, 0.015, 0.06, 0.02]).allSatisfy { agree($0, $1) })
    #expect(agree(try #require(difference.mean), 0.03299999999999999))
    let interval = try #require(difference.interval())
    #expect(agree(interval.low, 0.01078843915841764) && agree(interval.high, 0.05521156084158234))
    #expect(SampleSummary.paired([1: 0.5], [2: 0.5]).mean == nil)
  }
}

@Suite struct ProportionTests {
  /// scipy.stats.binomtest(k, n).proportion_ci(0.95, method="wilson").
  @Test(arguments: [
    (0, 1, 0.0, 0.7934506856227626),
    (1, 1, 0.20654931437723745, 1.0),
    (0, 10, 0.0, 0.27753279986288926),
    (3, 10, 0.10779126740630102, 0.6032218525388546),
    (5, 10, 0.236593090512564, 0.7634069094874361),
    (10, 10, 0.7224672001371109, 1.0),
    (1, 1000, 0.00017654637062607809, 0.0056425585979579355),
    (339, 1000, 0.3103265911536923, 0.36890562507865643),
    (7654, 9000, 0.84292695832291, 0.8576628986675539),
    (0, 9000, 0.0, 0.0004266466527940478),
  ])
  func wilsonsIntervalIsSciPys(_ k: Int, _ n: Int, _ low: Double, _ high: Double) throws {
    let interval = try #require(Proportion.wilson(k, of: n))
    #expect(agree(interval.low, low, within: 1e-14) && agree(interval.high, high, within: 1e-14))
  }

  @Test func otherConfidencesAreSciPysToo() throws {
    let interval = try #require(Proportion.wilson(3, of: 10, confidence: 0.99))
    #expect(agree(interval.low, 0.07956631652306578) && agree(interval.high, 0.6799753207988974))
    #expect(Proportion.wilson(0, of: 0) == nil)
  }
}
