public import ArgumentParser
import BuildInfo
public import Dovetail
import Foundation

/// What `dovetail reproduce` takes and does; `dovetail slurm reproduce` takes the same.
struct Reproduction: ParsableArguments {
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
  @OptionGroup var own: OwnGridOptions
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
  @Flag(help: "Trains alone: the same command without it and --shard makes the report.")
  var noReport = false
  /// One of several processes of `--jobs`.
  @Flag(help: .private) var withoutReport = false
  @OptionGroup var device: DeviceOption
  @OptionGroup var json: JSONOption
  @OptionGroup var log: LogOptions

  func validate() throws {
    guard !names.isEmpty else { throw ValidationError("expected names of experiments") }
    guard 1...1000 ~= seeds else { throw ValidationError("--seeds: expected 1 to 1000") }
    guard 1...256 ~= jobs else { throw ValidationError("--jobs: expected 1 to 256, got \(jobs)") }
    if noReport, plan || json.path != nil {
      throw ValidationError(
        "--no-report and \(plan ? "--plan" : "--json"): give one of them")
    }
    _ = try (experiments(), sources(), renamings(), part())
  }

  func grid() throws -> Grid {
    try Grid(
      experiments(), scale: scale, seeds: seeds, sources: sources(), synonyms: renamings(),
      output: URL(fileURLWithPath: output).standardizedFileURL.path,
      chosen: training.isEmpty ? nil : training, changes: own.changes())
  }

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      let grid = try grid()
      let output = grid.output
      if !plan { try makeFolder(output) }
      let backend = try device.open(isSaid: !withoutReport)
      let datasets = try Waiting.note("reading the images", quiet: log.quiet || withoutReport) {
        try grid.loadDatasets()
      }
      let (index, count) = try part()
      let mine = Grid.part(try grid.jobs(datasets), index: index, of: count)
      if plan {
        let plan = try Waiting.note("timing steps", quiet: log.quiet) {
          try grid.plan(mine, datasets, on: backend)
        }
        try json.write(plan)
        if !json.takesStdout { Console.print(plan.text) }
        return
      }
      let toDo = mine.filter { grid.state($0) == .toDo }
      for job in mine { RunDirectory(job.directory).clearAway() }
      if !withoutReport {
        Console.log(
          "\(scale.rawValue): \(mine.count) trainings, \(mine.count - toDo.count) of them finished "
            + "before")
      }
      let line: GridProgress? =
        try withoutReport ? nil : progress(toDo, grid, datasets, on: backend)
      if jobs > 1 && toDo.count > 1 {
        let places = Dictionary(
          uniqueKeysWithValues: toDo.enumerated().map { (Self.run($1), $0) })
        try runInProcesses(index, count) { message in
          guard let place = places[message.run] else { return }
          line?.show(place, step: message.step, of: message.steps)
        }
      } else {
        do {
          try train(toDo, grid, datasets, on: backend, line)
        } catch is RunInterrupted {
          // Of several processes the one that began them says so.
          if withoutReport { throw ExitCode(GridInterrupted.status) }
          throw GridInterrupted()
        }
      }
      if withoutReport || noReport { return }
      let report = try Waiting.note("measuring", quiet: log.quiet) {
        try grid.report(
          datasets, commit: "\(ProductVersion.current), commit \(BuildInfo.commit)",
          on: backend)
      }
      try report.write(to: output)
      try json.write(report)
      if !json.takesStdout {
        // A person gets tables of the terminal's width, a file what can be put on a page.
        let isTerminal = StandardStream.output.columns != nil
        Console.print(isTerminal ? Self.text(report) : MarkdownReport.text(report))
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
    _ toDo: [Grid.Job], _ grid: Grid, _ datasets: Grid.Datasets, on backend: any Backend,
    _ line: GridProgress?
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
    var lastTold = -Double.infinity
    let damaged = DamagedNames()
    for (position, job) in toDo.enumerated() {
      try grid.run(
        job, datasets, on: backend,
        startTime: Date().timeIntervalSince1970, control: control,
        prepare: { KernelWarmUp.run($0, $1, on: backend) },
        progress: { progress in
          line?.show(position, progress)
          // Of several processes the one that began them has the line.
          let isLast = progress.step == progress.steps
          guard line == nil, isLast || Console.seconds() - lastTold > 0.2 else { return }
          lastTold = Console.seconds()
          if !log.quiet { damaged.say(progress) }
          Console.print(
            PartMessage(run: Self.run(job), step: progress.step, steps: progress.steps).line)
        })
      // One that had nothing to say has finished all the same.
      line?.show(position, step: 1, of: 1)
      if line == nil { Console.print(PartMessage(run: Self.run(job), step: 1, steps: 1).line) }
    }
  }

  /// The last part of a job's directory, which no other has.
  private static func run(_ job: Grid.Job) -> String {
    URL(fileURLWithPath: job.directory).lastPathComponent
  }

  /// One line for all that is to do; timed steps weigh the trainings where these take longer.
  private func progress(
    _ toDo: [Grid.Job], _ grid: Grid, _ datasets: Grid.Datasets, on backend: any Backend
  ) throws -> GridProgress {
    // Timing costs more than the smoke scale's trainings.
    let plan =
      scale == .smoke || toDo.count < 2
      ? nil
      : try Waiting.note("timing steps", quiet: log.quiet) {
        try grid.plan(toDo, datasets, on: backend)
      }
    return GridProgress(
      toDo.enumerated().map { position, job in
        let item = plan?.items[position]
        return GridProgress.Training(
          name: "\(job.name), seed \(job.recipe.seed)",
          seconds: item.flatMap { item in
            item.secondsPerStep.map { $0 * Double(item.steps) }
          },
          steps: job.recipe.steps,
          done: item.map { Double($0.stepsDone) / Double(max($0.steps, 1)) } ?? 0)
      }, log)
  }

  /// What came out, and the tables, as wide as the terminal.
  private static func text(_ report: Report) -> String {
    var lines: [String] = [report.notice].compactMap(\.self)
    for experiment in report.experiments {
      lines += ["", experiment.title]
      if let finding = experiment.finding { lines.append(finding) }
      lines += [""] + ResultTable.aligned(experiment.textRows)
    }
    return lines.joined(separator: "\n")
  }
}

extension Scale: ExpressibleByArgument {}
