import Dovetail
import Foundation

extension Reproduce {
  /// This command `jobs` times over, each with its part of the trainings; all are waited for.
  func runInProcesses(_ index: Int, _ count: Int) throws {
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
      let process = Process()
      process.executableURL = Bundle.main.executableURL
      process.arguments =
        kept + ["--shard", "\(index + part * count + 1)/\(count * jobs)", "--without-report"]
      try process.run()
      return process
    }
    // They are process groups of their own, so a terminal's signal reaches this process alone.
    Interruption.watch()
    var isPassedOn = false
    while parts.contains(where: \.isRunning) {
      if Interruption.isAsked && !isPassedOn {
        isPassedOn = true
        for process in parts where process.isRunning { process.terminate() }
      }
      usleep(50_000)
    }
    for process in parts { process.waitUntilExit() }
    func wasStopped(_ process: Process) -> Bool {
      process.terminationReason == .uncaughtSignal
        ? isPassedOn && process.terminationStatus == SIGTERM
        : process.terminationStatus == GridInterrupted.status
    }
    let failed = parts.filter { $0.terminationReason != .exit || $0.terminationStatus != 0 }
    if let broken = failed.first(where: { !wasStopped($0) }) {
      throw PartFailed(status: broken.terminationStatus)
    }
    if !failed.isEmpty { throw GridInterrupted() }
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
