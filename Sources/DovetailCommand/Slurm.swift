import ArgumentParser
import Dovetail
import Foundation

struct Slurm: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a script for a cluster that runs Slurm.",
    discussion: """
      The script goes to stdout, what to do with it to stderr. What follows reproduce or train is \
      as there, and is checked now: data are read, recipes parsed, so that a mistake shows before \
      the queue. Relative paths are taken from the folder in which the script is written.

        dovetail slurm reproduce fig2 --scale smoke --output out --time 1:00:00 \\
          > job.sh
        dovetail slurm train recipe.yaml --output runs/first --time 1-0 > job.sh

      Before its time is up a job leaves a checkpoint and goes back into the queue by itself; one \
      that is canceled leaves a checkpoint, too. The article Clusters tells it all, from a bare \
      cluster on.
      """,
    subcommands: [SlurmReproduce.self, SlurmTrain.self])
}

struct SlurmReproduce: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reproduce",
    abstract: "Write a Slurm script for dovetail reproduce: an array of jobs, and a report.",
    discussion: """
      By default an element of the array is a training with those that build on it; elements of \
      which all has finished are left out. --jobs, --shard, --plan, --json and --no-report are \
      refused. The same file makes the report:

        dovetail slurm reproduce fig2 fig3 --scale short --seeds 3 --output out \\
          --data cifar10=cifar10:cifar-10-batches-bin --data stl10=folder:tin10 \\
          --time 2:00:00 --cpus-per-task 4 --mem 4G --at-once 8 > job.sh

        sbatch -d afterok:$(sbatch --parsable job.sh) -a 0 job.sh report
      """)

  @OptionGroup(title: "Slurm") var slurm: SlurmOptions
  @Option(
    help: ArgumentHelp(
      "Elements of the array (default: as many as there are trainings that build on no other).",
      valueName: "n"))
  var arraySize: Int?
  @Option(
    help: ArgumentHelp("Elements that run at a time (default: all).", valueName: "m"))
  var atOnce: Int?
  @OptionGroup(title: "As of dovetail reproduce") var reproduction: Reproduction

  /// As Slurm has it where nobody changed it (MaxArraySize less one).
  private static let largestArray = 1000
  private static let own = ["--array-size", "--at-once"]

  func validate() throws {
    for (option, isGiven, advice) in [
      (
        "--jobs", reproduction.jobs != 1,
        "each element of the array is a job; --at-once M says how many run at a time"
      ),
      (
        "--shard", reproduction.shard != nil,
        "the script gives each job its part; --array-size N says how many there are"
      ),
      ("--plan", reproduction.plan, "it trains nothing; give it to dovetail reproduce"),
      ("--json", reproduction.json.path != nil, "the report leaves results.json in --output"),
      ("--no-report", reproduction.noReport, "the script gives it to each job but the report's"),
    ] where isGiven {
      throw ValidationError("\(option): not in a script; \(advice)")
    }
    if let atOnce, atOnce < 1 {
      throw ValidationError("--at-once: expected 1 or more, got \(atOnce)")
    }
    if let arraySize, !(1...Self.largestArray ~= arraySize) {
      throw ValidationError(
        "--array-size: expected 1 to \(Self.largestArray), got \(arraySize)")
    }
  }

  func run() throws {
    try ExitStatus.reporting {
      let arguments = SlurmArguments(CommandLine.arguments, own: Self.own)
      _ = try Reproduce.parse(arguments.passedOn)
      let grid = try reproduction.grid()
      let quiet = reproduction.log.quiet
      let datasets = try Waiting.note("reading the images", quiet: quiet) {
        try grid.loadDatasets()
      }
      let jobs = try grid.jobs(datasets)
      let count = Grid.partCount(jobs)
      let size = arraySize ?? min(count, Self.largestArray)
      guard 1...count ~= size else {
        throw ValidationError(
          "--array-size: expected 1 to \(count), as so many of the \(jobs.count) trainings build "
            + "on no other, got \(size)")
      }
      let elements = (0..<size).filter { index in
        Grid.part(jobs, index: index, of: size).contains { grid.state($0) == .toDo }
      }
      guard !elements.isEmpty else {
        throw NothingToTrain(
          count: jobs.count, command: NextStep.command(["reproduce"] + arguments.passedOn))
      }
      let script = SlurmScript(
        command: "reproduce", arguments: arguments.passedOn,
        part: .array(elements, of: size, atOnce: atOnce),
        name: slurm.name(or: reproduction.names), logs: try slurm.logFolder(), options: slurm)
      Console.write(Array(script.text.utf8))
      guard !quiet else { return }
      let trainings = jobs.filter { grid.state($0) == .toDo }.count
      Console.log(
        """
        \(trainings) trainings in \(elements.count) jobs. The script submits them, and after them \
        the report:
          \(SlurmScript.submission)
        """)
    }
  }
}

struct SlurmTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Write a Slurm script for dovetail train: one job, which goes on where it was.",
    discussion: """
      The job goes on from the checkpoint that is in --output, and starts where there is none: \
      submit the script again whatever became of it.

        dovetail slurm train recipe.yaml --output runs/first --time 12:00:00 \\
          --gres gpu:1 --mem 16G > job.sh

        sbatch job.sh
      """)

  @OptionGroup(title: "Slurm") var slurm: SlurmOptions
  @Argument(help: "The recipe, a YAML file.") var recipe: String
  @OptionGroup(title: "As of dovetail train") var training: TrainingOptions

  func validate() throws {
    guard training.output != nil else {
      throw ValidationError("--output: expected one, as a job goes on from what is in it")
    }
    if training.checkpoints.overwrite {
      throw ValidationError(
        "--overwrite: not in a script, as a job that is queued again would begin again; remove the "
          + "directory, or give another --output")
    }
  }

  func run() throws {
    try ExitStatus.reporting {
      let arguments = SlurmArguments(CommandLine.arguments, own: [])
      _ = try Train.parse(arguments.passedOn)
      let (recipe, datasets) = try training.settled(try training.read(self.recipe))
      let directory = RunDirectory(training.output!)
      try directory.check(for: recipe, resumes: true)
      if directory.isFinished {
        throw OutputError(
          description: "\(directory.path): holds a finished run of this recipe; remove it, or give "
            + "another --output")
      }
      _ = try datasets ?? training.load(recipe)
      let recipeName = URL(fileURLWithPath: self.recipe).deletingPathExtension().lastPathComponent
      let script = SlurmScript(
        command: "train",
        arguments: (training.checkpoints.resume ? [] : ["--resume"]) + arguments.passedOn,
        part: .whole, name: slurm.name(or: [recipeName]), logs: try slurm.logFolder(),
        options: slurm)
      Console.write(Array(script.text.utf8))
      if !training.log.quiet {
        Console.log("Submit it, now and after whatever stopped it: sbatch job.sh")
      }
    }
  }
}

/// The words after `slurm reproduce` or `slurm train`, less those that are the script's own.
struct SlurmArguments {
  let passedOn: [String]

  /// - Parameters:
  ///   - all: as the program was started.
  ///   - own: options with a value, besides those of `SlurmOptions`.
  init(_ all: [String], own: [String]) {
    let own = SlurmOptions.names + own
    var kept: [String] = []
    var words = all.dropFirst(3).makeIterator()
    while let word = words.next() {
      if own.contains(word) {
        _ = words.next()
      } else if word == "--build-options" {
        // Takes whatever follows.
        kept += [word] + [words.next()].compactMap(\.self)
      } else if !own.contains(where: { word.hasPrefix("\($0)=") }) {
        kept.append(word)
      }
    }
    passedOn = kept
  }
}

/// A grid that has finished needs no job.
struct NothingToTrain: Error, CustomStringConvertible {
  let count: Int
  let command: String

  var description: String {
    "all \(count) trainings have finished; this makes the report: \(command)"
  }
}
