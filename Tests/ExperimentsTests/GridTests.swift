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

@Suite struct DeclarationTests {
  @Test func namesAreUnique() {
    let names = Experiment.all.map(\.name)
    #expect(Set(names).count == names.count)
    for experiment in Experiment.all {
      let rows = experiment.rows.map { "\($0.group ?? "")/\($0.name)" }
      #expect(Set(rows).count == rows.count, "\(experiment.name)")
      #expect(experiment.rows.allSatisfy { ($0.paper ?? 0) < 1 })
    }
  }

  /// The paper's main text, Fig. 2 and Fig. 3.
  @Test func thePapersNumbersAreThere() throws {
    func paper(_ experiment: String, _ row: String) throws -> Double? {
      let found = try #require(Experiment.all.first { $0.name == experiment })
      return try #require(found.rows.first { $0.name == row }).paper
    }
    #expect(try paper("fig2", "independent") == 0.106)
    #expect(try paper("fig2", "IIW") == 0.251)
    #expect(try paper("fig2", "RP") == 0.501)
    #expect(try paper("fig2", "DCC") == 0.658)
    #expect(try paper("fig2", "IIW+RP+DCC") == 0.767)
    #expect(try paper("fig2", "IIW+RP+DCC, incremental") == 0.727)
    #expect(try paper("fig3", "independent, best permutation") == 0.34)
    #expect(try paper("fig3", "DCC") == 0.19)
    #expect(try paper("fig2", "IIW, pre-trained") == 0.743)
    #expect(try paper("fig2", "RP, pre-trained") == 0.197)
    let table2 = try #require(Experiment.all.first { $0.name == "table2" })
    #expect(
      table2.rows.compactMap(\.paper) == [
        0.772, 0.820, 0.826, 0.529, 0.713, 0.731, 0.651, 0.767, 0.779,
      ])
    #expect(try paper("fig4", "ResNet") == 0.917)
  }

  /// Trainings that experiments share are run once, and every recipe can be followed.
  @Test func equalTrainingsAreOneJob() throws {
    // Without those where two roles have one made-up set.
    let grid = try Grid(
      Experiment.all.filter { $0.name != "fig5" }, scale: .smoke, seeds: 2, sources: [],
      output: "/nowhere")
    let datasets = try grid.loadDatasets()
    let jobs = try grid.jobs(datasets)
    #expect(Set(jobs.map(\.directory)).count == jobs.count)
    #expect(Set(jobs.map(\.recipe.yaml)).count == jobs.count)
    let names = Set(jobs.map(\.name))
    #expect(names.isSuperset(of: ["independent", "IIW+RP+DCC", "jigsaw", "own rotation heads"]))
    #expect(jobs.filter { $0.name == "independent" }.count == 4)
  }

  /// What a training starts from is made before it, and by the same part of the work.
  @Test(arguments: [1, 2, 3]) func whatIsNeededComesFirstAndStaysTogether(_ count: Int) throws {
    let grid = try Grid(
      Experiment.all, scale: .smoke, seeds: 2, sources: [], output: "/nowhere")
    let jobs = try grid.jobs(grid.loadDatasets())
    let parts = (0..<count).map { Grid.part(jobs, index: $0, of: count) }
    #expect(parts.joined().map(\.directory).sorted() == jobs.map(\.directory).sorted())
    for part in parts {
      #expect(!part.isEmpty)
      var done: Set<String> = []
      for job in part {
        #expect(done.isSuperset(of: job.needs), "\(job.name)")
        done.insert(job.directory)
      }
    }
  }

  @Test func asManyPartsAsBuildOnNothingInOneAnother() throws {
    let grid = try Grid(
      Experiment.all, scale: .smoke, seeds: 2, sources: [], output: "/nowhere")
    let jobs = try grid.jobs(grid.loadDatasets())
    let count = Grid.partCount(jobs)
    #expect(count > 2 && count < jobs.count)
    for index in 0..<count {
      let part = Grid.part(jobs, index: index, of: count)
      #expect(!part.isEmpty)
      #expect(part.allSatisfy { Set($0.needs).isSubset(of: part.map(\.directory)) })
    }
    #expect(Grid.partCount([]) == 0)
  }

  /// ILSVRC-12 is not everybody's: Fig. 2 can do without, Table 2 cannot.
  @Test func rowsWithoutDataStandEmpty() throws {
    let sources = [DataRole.cifar10, .stl10].map {
      DataSource(role: $0, kind: .syntheticInk, path: nil)
    }
    func grid(_ name: String) throws -> Grid {
      try Grid(
        Experiment.all.filter { $0.name == name }, scale: .short, seeds: 1, sources: sources,
        output: "/nowhere")
    }
    let fig2 = try grid("fig2")
    let datasets = try fig2.loadDatasets()
    #expect(try fig2.jobs(datasets).allSatisfy { !$0.name.contains("pre-train") })
    let rows = try fig2.report(datasets, commit: "c", on: CPUBackend()).experiments[0].rows
    let row = try #require(rows.first { $0.name == "IIW, pre-trained" })
    #expect(row.paper == 0.743 && row.note == "not run: no data given for ILSVRC-12")
    #expect(throws: MissingDataError.self) { try grid("table2") }
  }

  /// Before anything has run: every row is there, group by group, and only what is used is named.
  @Test func aReportWithoutRunsHasEveryRow() throws {
    let grid = try Grid(
      Experiment.all.filter { $0.name == "same-task" }, scale: .smoke, seeds: 1, sources: [],
      output: "/nowhere")
    let report = try grid.report(grid.loadDatasets(), commit: "c", on: CPUBackend())
    let experiment = try #require(report.experiments.first)
    #expect(
      experiment.rows.map(\.group) == [nil, nil, nil, nil] + Array(repeating: "own task", count: 4))
    #expect(experiment.rows.allSatisfy { $0.n == 0 && $0.mean == nil })
    #expect(!experiment.deviations.contains { $0.contains("STL-10") })
  }

  /// Behind the rows of their group, one below the other.
  @Test func pairedDifferencesStandBehindTheirRows() throws {
    let grid = try Grid(
      Experiment.all.filter { ["fig2", "table2"].contains($0.name) }, scale: .smoke, seeds: 1,
      sources: [], output: "/nowhere")
    let report = try grid.report(grid.loadDatasets(), commit: "c", on: CPUBackend())
    let own = report.experiments[0].rows.filter { $0.group == "own task, common classes" }
    #expect(own.last?.name == "IIW+RP+DCC − upper bound, by seed" && own.last?.unit == .points)
    let mean = report.experiments[1].rows.filter { $0.group == nil }
    #expect(
      mean.suffix(2).map(\.name) == [
        "adaptation − source model, by seed",
        "adaptation − source model, batch statistics at test, by seed",
      ])
    #expect(mean.suffix(2).map { Int((($0.paper ?? 0) * 1000).rounded()) } == [128, 12])
    #expect(report.experiments[1].rows.filter { $0.unit == .points }.count == 6)
  }

  /// The scales differ in sizes and lengths; a training that the medium scale asks for by name is
  /// run alone, with one rotation an image where it has rotations.
  @Test func trainingsAreChosenByName() throws {
    let sources = [DataRole.cifar10, .stl10].map {
      DataSource(role: $0, kind: .syntheticInk, path: nil)
    }
    let grid = try Grid(
      Experiment.all.filter { $0.name == "fig2" }, scale: .medium, seeds: 2, sources: sources,
      output: "/nowhere", chosen: ["RP", "DCC"])
    let jobs = try grid.jobs(grid.loadDatasets())
    #expect(jobs.map(\.name) == ["RP", "DCC", "RP", "DCC"])
    #expect(jobs.map(\.recipe.rotations) == [.one, .all, .one, .all])
    #expect(jobs.allSatisfy { $0.recipe.architecture.depth == 20 && $0.recipe.steps == 6000 })
    #expect(jobs.allSatisfy { $0.recipe.architecture.adapter == 16 && $0.recipe.learningRate == 1 })
    #expect(throws: RecipeError.self) {
      try Grid(
        Experiment.all, scale: .smoke, seeds: 1, sources: [], output: "/nowhere", chosen: ["R"])
    }
  }

  @Test func aRoleWithoutDataIsRefusedBeyondSmoke() {
    #expect(throws: MissingDataError.self) {
      try Grid(Experiment.all, scale: .short, seeds: 1, sources: [], output: "/nowhere")
    }
  }
}

@Suite struct GridTests {
  let backend = CPUBackend()

  private func folder() throws -> String {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent(
      "dovetail-grid-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url.path
  }

  private func grid(_ output: String) throws -> Grid {
    try Grid(
      Experiment.all.filter { $0.name == "common-classes" }, scale: .smoke, seeds: 1, sources: [],
      output: output)
  }

  /// Of synthetic images there are as many of each class, so both kinds of difference agree.
  @Test func differencesAreAlsoTakenOverImages() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let grid = try Grid(
      Experiment.all.filter { $0.name == "table2" }, scale: .smoke, seeds: 1, sources: [],
      output: folder)
    let datasets = try grid.loadDatasets()
    #expect(try finish(grid, datasets) == 7)
    let rows = try grid.report(datasets, commit: "c", on: backend).experiments[0].rows
      .filter { $0.unit == .points && $0.group != nil }
    #expect(rows.count == 8)
    for seed in rows where seed.name.hasSuffix(", by seed") {
      let images = try #require(
        rows.first {
          $0.group == seed.group
            && $0.name == seed.name.replacing(", by seed", with: ", over images, seed 0")
        })
      let value = try #require(images.mean)
      #expect(abs(value - (try #require(seed.mean))) < 1e-9)
      let interval = try #require(images.interval)
      #expect(interval.low < value && value < interval.high && interval.high - interval.low < 0.3)
    }
  }

  /// Every way of adapting is measured, each once; one that has nothing to adapt to is nobody's.
  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["DOVETAIL_NIGHTLY"] != nil,
      "takes minutes; Tools/test --nightly runs it"))
  func corruptedTargetsAreAdaptedTo() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let grid = try Grid(
      Experiment.all.filter { $0.name == "corruptions" }, scale: .smoke, seeds: 1, sources: [],
      output: folder)
    let datasets = try grid.loadDatasets()
    // Pre-training, a source, and of each corruption an adaptation by rotation and one by SHOT.
    #expect(try finish(grid, datasets) == 12)
    let report = try grid.report(datasets, commit: "c", on: backend)
    let rows = report.experiments[0].rows
    #expect(rows.count == 7 + 1 + 5 * 7 && rows.allSatisfy { $0.n == 1 })
    // The mean row is the mean of the corruptions' rows.
    let methods = Set(rows.map(\.name)).subtracting(["source model on images as they are"])
    #expect(methods.count == 7)
    for method in methods {
      let values = rows.filter { $0.name == method }.compactMap(\.mean)
      #expect(values.count == 6)
      #expect(abs(values[0] - values.dropFirst().reduce(0, +) / 5) < 1e-9)
    }
    let blurred = rows.filter { $0.group == "gaussian-blur, strength 5" }
    #expect(blurred.count == 7)
    #expect(try grid.report(datasets, commit: "c", on: backend).json == report.json)
  }

  /// The short scale has all strengths, the others the last.
  @Test func strengthsGoWithTheScale() throws {
    let sources = [DataRole.cifar10, .ilsvrc12].map {
      DataSource(role: $0, kind: .syntheticInk, path: nil)
    }
    let counts = try [Scale.short, .medium].map { scale in
      let grid = try Grid(
        Experiment.all.filter { $0.name == "corruptions" }, scale: scale, seeds: 1,
        sources: sources, output: "/nowhere")
      let jobs = try grid.jobs(grid.loadDatasets())
      let strengths = Set(jobs.compactMap { $0.recipe.tasks[0].corruption?.strength })
      #expect(strengths == (scale == .short ? [1, 2, 3, 4, 5] : [5]))
      return jobs.count
    }
    #expect(counts == [2 + 50, 2 + 10])
  }

  private func finish(_ grid: Grid, _ datasets: Grid.Datasets) throws -> Int {
    let toDo = try grid.jobs(datasets).filter { grid.state($0) == .toDo }
    for job in toDo {
      try grid.run(
        job, datasets, on: backend, clock: TurnedClock(), startTime: nil, progress: { _ in })
    }
    return toDo.count
  }

  /// Every map between two independent networks is measured once and kept beside them.
  @Test func mapsAreMeasuredOnFinishedRuns() throws {
    let output = try folder()
    defer { try? FileManager.default.removeItem(atPath: output) }
    let grid = try Grid(
      Experiment.all.filter { $0.name == "alignment" }, scale: .smoke, seeds: 1, sources: [],
      output: output, chosen: ["independent"])
    let datasets = try grid.loadDatasets()
    #expect(try finish(grid, datasets) == 1)
    let report = try grid.report(datasets, commit: "c", on: backend)
    let rows = report.experiments[0].rows.filter { $0.group == "independent" }
    #expect(rows.count == 12 && rows.allSatisfy { $0.n == 1 && 0...1 ~= ($0.mean ?? -1) })
    #expect(rows[0].mean == rows.first { $0.name == "stitch, 0 steps" }?.mean)
    let path = "\(try grid.jobs(datasets)[0].directory)/maps.json"
    let kept = try JSONDecoder().decode(
      [String: Double].self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    #expect(kept.count == 10)
    #expect(try grid.report(datasets, commit: "c", on: backend).json == report.json)
  }

  @Test func whatWasBrokenOffIsRunAgainAndNothingElse() throws {
    let (whole, broken) = (try folder(), try folder())
    defer { for path in [whole, broken] { try? FileManager.default.removeItem(atPath: path) } }
    let (first, second) = (try grid(whole), try grid(broken))
    let datasets = try first.loadDatasets()
    #expect(try finish(first, datasets) == 4)
    #expect(try finish(first, datasets) == 0)
    // As a kill leaves it: no results yet, half a component, and one that was never begun.
    #expect(try finish(second, datasets) == 4)
    let jobs = try second.jobs(datasets)
    let files = FileManager.default
    try files.removeItem(atPath: "\(jobs[1].directory)/results.json")
    try Data("half".utf8).write(to: URL(fileURLWithPath: "\(jobs[1].directory)/metrics.jsonl"))
    try files.removeItem(atPath: jobs[2].directory)
    let partial = try second.report(datasets, commit: "c", on: backend).experiments[0].rows
    #expect(partial.map(\.n) == [1, 0, 0, 1])
    #expect(partial[1].mean == nil)
    #expect(try finish(second, datasets) == 2)
    let reports = try [first, second].map { try $0.report(datasets, commit: "c", on: backend) }
    #expect(try reports[0].json == reports[1].json)
    let page = HTMLReport.page(reports[0])
    #expect(page.contains("made-up ink") && page.contains("stands in for CIFAR-10"))
  }
}
