import BackendCPU
import Experiments
import Foundation
import Reporting
import Testing
import Training

@Suite struct DeclarationTests {
  @Test func namesAreUnique() {
    let names = Experiment.all.map(\.name)
    #expect(Set(names).count == names.count)
    for experiment in Experiment.all {
      let rows = experiment.rows.map { "\($0.group ?? "")/\($0.name)" }
      #expect(Set(rows).count == rows.count, "\(experiment.name)")
      #expect(experiment.rows.allSatisfy { !$0.trainings.isEmpty && ($0.paper ?? 0) < 1 })
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
  }

  /// Trainings that experiments share are run once, and every recipe can be followed.
  @Test func equalTrainingsAreOneJob() throws {
    let grid = try Grid(
      Experiment.all, scale: .smoke, seeds: 2, sources: [], output: "/nowhere")
    let datasets = try grid.loadDatasets()
    let jobs = try grid.jobs(datasets)
    #expect(Set(jobs.map(\.directory)).count == jobs.count)
    #expect(Set(jobs.map(\.recipe.yaml)).count == jobs.count)
    // Eleven of Fig. 2, then 4 of one task twice, stage 1 and 3 and (named so) 2, four counts of
    // classes, two with jigsaw; for each of two seeds.
    let names = Set(jobs.map(\.name))
    #expect(names.isSuperset(of: ["independent", "IIW+RP+DCC", "jigsaw", "own rotation heads"]))
    #expect(jobs.filter { $0.name == "independent" }.count == 4)
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

  @Test func aRoleWithoutDataIsRefusedBeyondSmoke() {
    #expect(throws: RecipeError.self) {
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

  private func finish(_ grid: Grid, _ datasets: Grid.Datasets) throws -> Int {
    let toDo = try grid.jobs(datasets).filter { grid.state($0) == .toDo }
    for job in toDo {
      try grid.run(
        job, datasets, on: backend, clock: { 0 }, startTime: nil, progress: { _ in })
    }
    return toDo.count
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
