import BackendCPU
import Datasets
import Experiments
import Foundation
import Networks
import Recipes
import Reporting
import TestSupport
import Testing
import Training

/// Two data sets of a user's own in place of the paper's, and what a report says first.
@Suite struct OwnGridTests {
  private static let sources = [
    DataSource(role: .cifar10, kind: .syntheticInk, path: nil, name: "photos"),
    DataSource(role: .stl10, kind: .syntheticNeon, path: nil, name: "drawings"),
  ]

  private func grid(
    _ experiment: String, _ scale: Scale = .smoke, _ changes: GridChanges = GridChanges(),
    output: String = "/nowhere", chosen: [String]? = nil
  ) throws -> Grid {
    try Grid(
      Experiment.all.filter { $0.name == experiment }, scale: scale, seeds: 1,
      sources: Self.sources, output: output, chosen: chosen, changes: changes)
  }

  @Test func ownDataHaveTheirNamesAndNoPapersColumn() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("dovetail-own-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let changes = GridChanges(
      steps: 4, architecture: Architecture(depth: 14, split: .stage2), imageSize: 8,
      batchSize: 16)
    let grid = try grid(
      "fig2", .short, changes, output: folder, chosen: ["independent", "IIW+RP+DCC"])
    let datasets = try grid.loadDatasets()
    let jobs = try grid.jobs(datasets)
    #expect(jobs.count == 2)
    for job in jobs {
      #expect(job.recipe.tasks.map(\.name) == ["photos", "drawings"])
      #expect(job.recipe.steps == 4 && job.recipe.batchSize == 16 && job.recipe.imageSize == 8)
      #expect(job.recipe.architecture.depth == 14 && job.recipe.evaluateEvery == 1)
      try grid.run(
        job, datasets, on: CPUBackend(), clock: TurnedClock(), startTime: nil, progress: { _ in })
    }
    let report = try grid.report(datasets, commit: "c", on: CPUBackend())
    #expect(report.title.contains("photos and drawings") && report.notice == nil)
    let experiment = report.experiments[0]
    #expect(experiment.rows.allSatisfy { $0.paper == nil && $0.ratio?.paper == nil })
    #expect(!experiment.rows.contains { $0.name.contains("pre-trained") })
    #expect(experiment.rows.contains { $0.group == "on the images given for drawings" })
    let row = try #require(experiment.rows.first { $0.name == "IIW+RP+DCC" && $0.group == nil })
    #expect(row.n == 1 && row.chance == 0.1)
    let page = HTMLReport.page(report)
    for word in ["CIFAR", "STL", "the paper", "Differs from"] {
      #expect(!page.contains(word), "\(word)")
    }
    // Four accuracies make a line, fewer losses than three none.
    let titles = experiment.figures.map(\.title)
    #expect(titles.contains("Accuracies, seed 0") && !titles.contains("Losses, seed 0"))
    #expect(experiment.finding?.contains("chance is 10.0\u{a0}%. One seed.") == true)
    #expect(experiment.terms?.map(\.name) == ["IIW", "RP", "DCC"])
  }

  @Test func asTheScaleHasItRecipesAreWhatTheyWere() throws {
    let sources = [DataRole.cifar10, .stl10].map {
      DataSource(role: $0, kind: .syntheticInk, path: nil)
    }
    let grid = try Grid(
      Experiment.all.filter { $0.name == "fig2" }, scale: .medium, seeds: 1, sources: sources,
      output: "/nowhere", chosen: ["RP"])
    let job = try #require(try grid.jobs(grid.loadDatasets()).first)
    // Runs are found again by their recipes.
    #expect(job.recipe.evaluateEvery == 0 && job.recipe.learningRate == 1)
    #expect(job.directory.hasSuffix("rp-0-\(Self.known)"), "\(job.directory)")
  }

  /// Of the recipe's text, at 2026-11-27.
  private static let known = "dd16c5c9"

  @Test(arguments: ["table2", "fig4", "fig5", "same-task"])
  func experimentsWithDataOfTheirOwnAreRefused(_ name: String) throws {
    let error = #expect(throws: RecipeError.self) { try grid(name) }
    #expect(error?.problem.hasPrefix("\(name) has data and networks of its own") == true)
    #expect(throws: RecipeError.self) {
      try Grid(
        Experiment.all.filter { $0.name == name }, scale: .smoke, seeds: 1, sources: [],
        output: "/nowhere", changes: GridChanges(steps: 3))
    }
  }

  /// Nothing is drawn by code for what was not given.
  @Test func onlyWhatIsGivenIsTrainedOn() throws {
    let grid = try grid("fig2")
    #expect(Set(grid.sources.map(\.role)) == [.cifar10, .stl10])
    let jobs = try grid.jobs(grid.loadDatasets())
    #expect(jobs.allSatisfy { !$0.name.contains("pre-train") })
  }

  /// Student's interval of a few runs knows nothing of the bounds of a share.
  @Test func intervalsKeepToTheirBounds() throws {
    func interval(_ values: [Double], _ unit: Report.Unit) throws -> Report.Interval {
      try #require(
        Grid.row(
          "r", group: nil, unit: unit, paper: nil,
          runs: values.enumerated().map { .init(seed: UInt64($0), value: $1) }, note: nil
        ).interval)
    }
    #expect(try interval([0, 0.02, 0.3], .percent).low == 0)
    #expect(try interval([0.8, 0.95, 1], .percent).high == 1)
    #expect(try interval([-0.9, 0, 0.9], .points).low == -1)
    #expect(try interval([0.4, 0.5, 0.6], .percent).low > 0.2)
  }

  @Test func theFirstSentenceSaysWhatCameOut() {
    let rows = [
      Report.Row(name: "independent", mean: 0.1, n: 3, chance: 0.1),
      Report.Row(
        name: "DCC", mean: 0.4, n: 3,
        ratio: .init(paper: nil, mean: 0.8, standardDeviation: nil, runs: [0.8]), chance: 0.1),
      Report.Row(name: "own", group: "own task", mean: 0.9, n: 3),
      Report.Row(name: "not run"),
    ]
    #expect(
      Grid.finding(rows)?.replacing("\u{a0}", with: " ")
        == "The highest of 2 is DCC 40.0 % (0.80 of own accuracy), the lowest independent 10.0 %; "
        + "chance is 10.0 %.")
    #expect(Grid.finding([rows[3]]) == nil && Grid.finding([rows[0]]) == nil)
    #expect(Grid.terms(in: ["IIW+DCC, pre-trained"]).map(\.name) == ["IIW", "DCC"])
  }

  @Test func aSmokePageSaysThatOnlyRunningIsShown() throws {
    let grid = try grid("splits")
    let report = try grid.report(grid.loadDatasets(), commit: "c", on: CPUBackend())
    #expect(report.notice?.hasPrefix("A smoke run") == true)
    #expect(report.experiments[0].finding == nil)
  }
}
