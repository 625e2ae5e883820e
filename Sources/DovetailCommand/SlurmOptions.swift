import ArgumentParser
import Foundation

/// What a job asks Slurm for. Values are checked here: what `sbatch` finds wrong in a script shows
/// late, and what stands in the script must not be taken for anything else.
struct SlurmOptions: ParsableArguments {
  /// Of all options here; each has a value.
  static let names = [
    "--time", "--cpus-per-task", "--mem", "--partition", "--gres", "--job-name", "--logs",
    "--sbatch",
  ]

  @Option(
    help: ArgumentHelp(
      "Longest time of a job: minutes, hours:minutes:seconds, days-hours.",
      discussion: """
        A training that takes longer goes on in the next job. Two minutes before the end it is \
        told to stop. Default: the partition's.
        """, valueName: "time"))
  var time: String?
  @Option(help: "CPUs of a job, and threads that compute in it.") var cpusPerTask = 4
  @Option(
    help: ArgumentHelp(
      "Memory of a job: a number with K, M, G or T (default: the partition's).", valueName: "16G"))
  var mem: String?
  @Option(help: ArgumentHelp("Where to run, or several with commas.", valueName: "name"))
  var partition: String?
  @Option(
    help: ArgumentHelp("Generic resources of a job, such as a GPU.", valueName: "gpu:1"))
  var gres: String?
  @Option(help: ArgumentHelp("Name of the job and its logs.", valueName: "name"))
  var jobName: String?
  @Option(help: ArgumentHelp("Folder of the logs (default: this one).", valueName: "dir"))
  var logs: String?
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Any other option of sbatch, without its dashes; may stand several times.",
      discussion: "For example --sbatch account=lab --sbatch exclusive.", valueName: "key=value"))
  var sbatch: [String] = []

  /// That `--sbatch` cannot change: what the script relies on, and what has an option of its own.
  private static let reserved: Set = [
    "array", "chdir", "cpus-per-task", "dependency", "error", "gres", "job-name", "mem",
    "no-requeue", "nodes", "ntasks", "open-mode", "output", "parsable", "partition", "requeue",
    "signal", "test-only", "time", "wait", "wrap",
  ]
  /// Seconds: Slurm's signal comes two minutes before the end, or up to a minute earlier.
  private static let shortest = 300

  func validate() throws {
    if let time {
      guard let seconds = Self.seconds(time) else {
        throw ValidationError(
          "--time \(time): expected minutes, minutes:seconds, hours:minutes:seconds, days-hours, "
            + "days-hours:minutes or days-hours:minutes:seconds")
      }
      guard seconds >= Self.shortest else {
        throw ValidationError(
          "--time \(time): expected \(Self.shortest / 60) minutes or more, as a job is told to "
            + "stop up to three minutes before its end")
      }
    }
    guard 1...4096 ~= cpusPerTask else {
      throw ValidationError("--cpus-per-task: expected 1 to 4096, got \(cpusPerTask)")
    }
    if let mem, mem.wholeMatch(of: /[0-9]{1,12}[KMGTkmgt]?/) == nil {
      throw ValidationError(
        "--mem \(mem): expected a number, of megabytes or with K, M, G or T after it")
    }
    if let partition, partition.wholeMatch(of: /[A-Za-z0-9_.,-]+/) == nil {
      throw ValidationError(
        "--partition \(partition): expected names of letters, digits, _, . and -, with commas")
    }
    let resource = /[A-Za-z][A-Za-z0-9_]*(?::[A-Za-z0-9_.-]+)*/
    if let gres,
      !gres.split(separator: ",", omittingEmptySubsequences: false)
        .allSatisfy({ $0.wholeMatch(of: resource) != nil })
    {
      throw ValidationError(
        "--gres \(gres): expected NAME, NAME:COUNT or NAME:TYPE:COUNT, with commas")
    }
    if let jobName, jobName != Self.name(jobName) || jobName.isEmpty {
      throw ValidationError("--job-name \(jobName): expected letters, digits, _, . and -")
    }
    for text in sbatch { try Self.check(text) }
  }

  private static func check(_ text: String) throws {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    // What `sbatch` would take for a quotation or a comment, or for the line's end, is no value.
    let isPlain = parts.dropFirst().allSatisfy { value in
      !value.isEmpty
        && value.unicodeScalars.allSatisfy {
          0x21...0x7E ~= $0.value && !"\"'#\\".unicodeScalars.contains($0)
        }
    }
    let key = String(parts[0])
    guard isPlain, key.wholeMatch(of: /[a-z][a-z0-9-]*/) != nil else {
      throw ValidationError(
        "--sbatch \(text): expected KEY or KEY=VALUE, an option of sbatch without its dashes, "
          + "and no blanks, quotes, # or backslashes")
    }
    guard !reserved.contains(key) else {
      let option = names.first { $0 == "--\(key)" } ?? (key == "array" ? "--array-size" : nil)
      throw ValidationError(
        "--sbatch \(text): "
          + (option.map { "give \($0) itself" } ?? "the script relies on its own \(key)"))
    }
  }

  /// Of a time limit as Slurm writes it; nil: it is none.
  static func seconds(_ text: String) -> Int? {
    func numbers(_ text: Substring) -> [Int]? {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      let numbers = parts.compactMap { $0.wholeMatch(of: /[0-9]{1,6}/) == nil ? nil : Int($0) }
      return numbers.count == parts.count ? numbers : nil
    }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard let last = parts.last.flatMap(numbers), 1...3 ~= last.count else { return nil }
    func at(_ index: Int) -> Int { index < last.count ? last[index] : 0 }
    switch parts.count {
    case 1:
      return last.count == 3 ? at(0) * 3600 + at(1) * 60 + at(2) : at(0) * 60 + at(1)
    case 2:
      guard let days = numbers(parts[0]), days.count == 1 else { return nil }
      return days[0] * 86_400 + at(0) * 3600 + at(1) * 60 + at(2)
    default:
      return nil
    }
  }

  /// The job's: the one given, else made of what it does.
  func name(or words: [String]) -> String {
    jobName ?? Self.name((["dovetail"] + words).joined(separator: "-"))
  }

  /// A text with a dash for what cannot stand in a job's name.
  private static func name(_ text: String) -> String {
    func isKept(_ scalar: Unicode.Scalar) -> Bool {
      scalar.isASCII
        && (scalar.properties.isAlphabetic || "0123456789_.-".unicodeScalars.contains(scalar))
    }
    return String(text.unicodeScalars.map { isKept($0) ? Character($0) : "-" })
  }

  /// Where logs go, made where it is missing: Slurm does not, and its job fails without a word.
  func logFolder() throws -> String {
    let folder = URL(fileURLWithPath: logs ?? ".").standardizedFileURL.path
    guard !folder.unicodeScalars.contains(where: { $0 == "\\" || $0.value < 0x20 }) else {
      throw OutputError(
        description: "--logs \(folder): Slurm cannot name logs in a folder with a backslash or a "
          + "line break in its path; give another")
    }
    if logs != nil { try DeviceOption.make(folder: folder, for: "--logs") }
    return folder
  }
}
