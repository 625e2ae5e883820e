public import ArgumentParser
import BuildInfo
public import Dovetail
import Foundation

struct Reproduce: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the paper's experiments and report them beside its numbers.",
    discussion: """
      Every training of every seed is a run in its own directory under DIR/runs; a finished one is \
      not run again, and one that was broken off goes on from its last checkpoint: start the command \
      again as it was. At the end DIR \
      holds report.html, report.md and results.json.

        dovetail list
        dovetail reproduce fig2 fig3 --scale smoke --output out
        dovetail reproduce fig2 --scale short --seeds 3 --output out \\
          --data cifar10=cifar10:cifar-10-batches-bin --data stl10=stl10:stl10_binary

      Data sets are given by role, ROLE=KIND:PATH; a role is cifar10, cifar100, stl10 or \
      ilsvrc12, KIND as in a recipe. \
      What stands in for a data set is named as what it is: --data stl10=folder:PATH. At the smoke \
      scale what is not given is drawn by code.

      --shard I/N runs every N-th training, the I-th of 1…N, for several machines that share DIR; \
      the report holds what has finished. --jobs K does so on one machine, with K processes.
      --training NAME, once or more often, runs those alone; --plan says what there is to run.
      """)

  @Argument(help: "Names of experiments; dovetail list shows them.") var names: [String]
  @Option(
    help: """
      smoke, short (two cores, half an hour a seed), medium (three hours) or full (the paper's \
      network).
      """)
  var scale = Scale.short
  @Option(help: "How many seeds: 0, 1, …") var seeds = 1
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Runs this training alone, and what it needs; may stand several times.",
      valueName: "name"))
  var training: [String] = []
  @Option(
    parsing: .singleValue, help: ArgumentHelp("A data set.", valueName: "role=kind:path"))
  var data: [String] = []
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("What a class is called elsewhere.", valueName: "car=automobile"))
  var synonyms: [String] = []
  @Option(help: ArgumentHelp("Directory for runs and report.", valueName: "dir"))
  var output = "reproduction"
  @Option(help: ArgumentHelp("Runs the I-th of every N trainings.", valueName: "i/n"))
  var shard: String?
  @Option(
    help: ArgumentHelp("Steps of each task between checkpoints.", valueName: "steps"))
  var checkpointEvery = 100
  @Option(help: "How many trainings run at the same time, each in a process of its own.")
  var jobs = 1
  @Flag(
    help: """
      Trains nothing: says what would be, in which order, how long by timed steps, what is done.
      """)
  var plan = false
  @Flag(help: .private) var withoutReport = false
  @OptionGroup var device: DeviceOption
  @OptionGroup var json: JSONOption
  @OptionGroup var log: LogOptions

  func validate() throws {
    guard !names.isEmpty else { throw ValidationError("expected names of experiments") }
    guard 1...1000 ~= seeds else { throw ValidationError("--seeds: expected 1 to 1000") }
    guard 1...256 ~= jobs else { throw ValidationError("--jobs: expected 1 to 256, got \(jobs)") }
    _ = try (experiments(), sources(), renamings(), part())
  }

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      let output = URL(fileURLWithPath: output).standardizedFileURL.path
      let grid = try Grid(
        experiments(), scale: scale, seeds: seeds, sources: sources(), synonyms: renamings(),
        output: output, chosen: training.isEmpty ? nil : training)
      if !plan { try makeFolder(output) }
      let backend = try device.open()
      let datasets = try grid.loadDatasets()
      let (index, count) = try part()
      let mine = Grid.part(try grid.jobs(datasets), index: index, of: count)
      if plan {
        let plan = try grid.plan(mine, datasets, on: backend)
        try json.write(plan)
        if !json.takesStdout { Console.print(plan.text) }
        return
      }
      let toDo = mine.filter { grid.state($0) == .toDo }
      for job in mine { RunDirectory(job.directory).clearAway() }
      Console.log(
        "\(scale.rawValue): \(mine.count) trainings, \(mine.count - toDo.count) of them finished "
          + "before")
      if jobs > 1 && toDo.count > 1 {
        try runInProcesses(index, count)
      } else {
        do {
          try train(toDo, grid, datasets, on: backend)
        } catch is RunInterrupted {
          // Of several processes the one that began them says so.
          if withoutReport { throw ExitCode(GridInterrupted.status) }
          throw GridInterrupted()
        }
      }
      if withoutReport { return }
      let report = try grid.report(
        datasets, commit: "\(ProductVersion.current), commit \(BuildInfo.commit)",
        on: backend)
      try report.write(to: output)
      try json.write(report)
      if !json.takesStdout {
        Console.print(MarkdownReport.text(report))
        Console.print("Report: \(output)/report.html")
      }
    }
  }

  private func makeFolder(_ output: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    } catch {
      throw OutputError(
        description: "--output \(output): cannot be created: \(error.localizedDescription)")
    }
  }

  private func train(
    _ toDo: [Grid.Job], _ grid: Grid, _ datasets: Grid.Datasets, on backend: any Backend
  ) throws {
    let parent = getppid()
    Interruption.watch()
    let control = RunControl(
      checkpointEvery: checkpointEvery,
      shouldStop: {
        // A part whose whole was killed would be in the way of the next start.
        if withoutReport && getppid() != parent { Foundation.exit(1) }
        return Interruption.isAsked
      },
      log: { Console.log("dovetail: \($0)") })
    // Timing costs more than the smoke scale's trainings.
    let left =
      scale == .smoke || toDo.count < 2
      ? nil
      : TimeLeft(try grid.plan(toDo, datasets, on: backend))
    for (position, job) in toDo.enumerated() {
      let line = ProgressLine(
        "\(position + 1)/\(toDo.count) \(job.name), seed \(job.recipe.seed)", log,
        leftInAll: left?.callAsFunction)
      left?.begin(position)
      try grid.run(
        job, datasets, on: backend,
        startTime: Date().timeIntervalSince1970, control: control,
        prepare: { KernelWarmUp.run($0, $1, on: backend) }, progress: line.show)
    }
  }

  // MARK: Arguments

  private func experiments() throws -> [Experiment] {
    try names.map { name in
      guard let found = Experiment.all.first(where: { $0.name == name }) else {
        throw ValidationError(
          "there is no experiment “\(name)”: there are "
            + Experiment.all.map(\.name).joined(separator: ", "))
      }
      return found
    }
  }

  private func sources() throws -> [DataSource] {
    try data.map { text in
      let parts = text.split(separator: "=", maxSplits: 1)
      let value = parts.last?.split(separator: ":", maxSplits: 1) ?? []
      guard parts.count == 2, let role = DataRole(rawValue: String(parts[0])),
        let kind = value.first.flatMap({ DatasetKind(rawValue: String($0)) }),
        kind.needsPath == (value.count == 2)
      else {
        throw ValidationError(
          "--data \(text): expected ROLE=KIND:PATH with a role of "
            + DataRole.allCases.map(\.rawValue).joined(separator: ", ") + " and a kind of "
            + DatasetKind.allCases.map(\.rawValue).joined(separator: ", ")
            + " (the synthetic ones without a path)")
      }
      let path =
        value.count == 2
        ? URL(fileURLWithPath: String(value[1])).standardizedFileURL.path : nil
      return DataSource(role: role, kind: kind, path: path)
    }
  }

  private func renamings() throws -> [String: String] {
    var all: [String: String] = [:]
    for text in synonyms {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw ValidationError("--synonyms \(text): expected its name=the common name")
      }
      all[parts[0]] = parts[1]
    }
    return all
  }

  private func part() throws -> (index: Int, count: Int) {
    guard let shard else { return (0, 1) }
    let parts = shard.split(separator: "/").compactMap { Int($0) }
    guard parts.count == 2, parts[1] >= 1, 1...parts[1] ~= parts[0] else {
      throw ValidationError("--shard \(shard): expected I/N with I from 1 to N")
    }
    return (parts[0] - 1, parts[1])
  }
}

extension Scale: ExpressibleByArgument {}
