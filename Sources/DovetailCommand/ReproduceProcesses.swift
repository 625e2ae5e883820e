import Dovetail
import Foundation

extension Reproduction {
  /// This command `jobs` times over, each with its part of the trainings; all are waited for.
  func runInProcesses(_ index: Int, _ count: Int, told: (PartMessage) -> Void) throws {
    var kept: [String] = []
    var arguments = CommandLine.arguments.dropFirst().makeIterator()
    while let argument = arguments.next() {
      if ["--jobs", "--shard", "--json"].contains(argument) {
        _ = arguments.next()
      } else if !["--jobs=", "--shard=", "--json="].contains(where: argument.hasPrefix) {
        kept.append(argument)
      }
    }
    let parts = try (0..<jobs).map { part in
      try PartProcess(
        kept + ["--shard", "\(index + part * count + 1)/\(count * jobs)", "--without-report"])
    }
    // They are process groups of their own, so a terminal's signal reaches this process alone.
    Interruption.watch()
    var isPassedOn = false
    func relay() {
      for part in parts {
        for line in part.errors.lines() { Console.log(line) }
        for line in part.output.lines() { PartMessage(line).map(told) }
      }
    }
    while parts.contains(where: \.process.isRunning) {
      if Interruption.isAsked && !isPassedOn {
        isPassedOn = true
        for part in parts where part.process.isRunning { part.process.terminate() }
      }
      relay()
      usleep(50_000)
    }
    for part in parts { part.process.waitUntilExit() }
    relay()
    func wasStopped(_ process: Process) -> Bool {
      process.terminationReason == .uncaughtSignal
        ? isPassedOn && process.terminationStatus == SIGTERM
        : process.terminationStatus == GridInterrupted.status
    }
    let failed = parts.map(\.process).filter {
      $0.terminationReason != .exit || $0.terminationStatus != 0
    }
    if let broken = failed.first(where: { !wasStopped($0) }) {
      throw PartFailed(status: broken.terminationStatus)
    }
    if !failed.isEmpty { throw GridInterrupted() }
  }
}

/// What a part says on its stdout: how far a training has come.
struct PartMessage {
  /// The run's directory: its last part.
  let run: String
  let step: Int
  let steps: Int

  init(run: String, step: Int, steps: Int) {
    (self.run, self.step, self.steps) = (run, step, steps)
  }

  init?(_ line: String) {
    let parts = line.split(separator: "\t")
    guard parts.count == 3, let step = Int(parts[1]), let steps = Int(parts[2]) else { return nil }
    self.init(run: String(parts[0]), step: step, steps: steps)
  }

  var line: String { "\(run)\t\(step)\t\(steps)" }
}

/// One of the processes, and what it says.
private final class PartProcess {
  let process = Process()
  let output = Lines()
  let errors = Lines()

  init(_ arguments: [String]) throws {
    process.executableURL = Bundle.main.executableURL
    process.arguments = arguments
    process.standardOutput = output.pipe
    process.standardError = errors.pipe
    try process.run()
  }

  /// Whole lines of a pipe, as far as they have come.
  final class Lines {
    let pipe = Pipe()
    private var rest: [UInt8] = []

    init() {
      let number = pipe.fileHandleForReading.fileDescriptor
      _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK)
    }

    func lines() -> [String] {
      var bytes = [UInt8](repeating: 0, count: 65_536)
      while true {
        let count = read(pipe.fileHandleForReading.fileDescriptor, &bytes, bytes.count)
        guard count > 0 else { break }
        rest += bytes[..<count]
      }
      guard let end = rest.lastIndex(of: 10) else { return [] }
      defer { rest.removeFirst(end + 1) }
      return rest[..<end].split(separator: 10).map { String(decoding: $0, as: UTF8.self) }
    }
  }
}

/// Asked to stop: the trainings under way have left a checkpoint.
struct GridInterrupted: Error, CustomStringConvertible {
  static let status: Int32 = 75

  var description: String { "stopped; start the command again as it was, and it goes on" }
}

/// One of several processes did not end well; it has said why.
struct PartFailed: Error, CustomStringConvertible {
  let status: Int32

  var description: String {
    "a part of the trainings ended with exit status \(status); what has finished is kept: start "
      + "the command again"
  }
}
