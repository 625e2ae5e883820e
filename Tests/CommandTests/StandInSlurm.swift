import Foundation
import Testing

/// What Slurm does with a script: its variables, its signals, and an `scontrol` that writes down
/// what it is told.
struct StandInSlurm {
  struct Outcome {
    let status: Int32
    let log: String
    /// What `scontrol` was told, a line each time.
    let control: [String]
  }

  private let place: Workplace
  private let bash = URL(fileURLWithPath: "/bin/bash")

  init(_ place: Workplace) throws {
    self.place = place
    try program("bin/scontrol", "printf '%s\\n' \"$*\" >> '\(place.url("told").path)'")
  }

  /// A program of the place's own, in bash.
  func program(_ name: String, _ text: String) throws {
    try place.write(name, "#!/bin/bash\n\(text)\n")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o700], ofItemAtPath: place.url(name).path)
  }

  /// - Parameters:
  ///   - script: a file in the place. It is run from another folder.
  ///   - element: of an array; nil: there is none.
  ///   - restarts: how often the job was queued again.
  ///   - whileRunning: called once the shell runs.
  func start(
    _ script: String, _ arguments: [String] = [], element: Int? = nil, restarts: Int = 0,
    whileRunning: (Process) -> Void = { _ in }
  ) throws -> Outcome {
    try? FileManager.default.removeItem(at: place.url("told"))
    let process = Process()
    process.executableURL = bash
    process.arguments = [place.url(script).path] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = "\(place.url("bin").path):\(environment["PATH"] ?? "/usr/bin:/bin")"
    environment["SLURM_JOB_ID"] = "17"
    environment["SLURM_CPUS_PER_TASK"] = "1"
    environment["SLURM_RESTART_COUNT"] = restarts == 0 ? nil : "\(restarts)"
    if let element {
      environment["SLURM_ARRAY_JOB_ID"] = "17"
      environment["SLURM_ARRAY_TASK_ID"] = "\(element)"
    }
    process.environment = environment
    let log = FileManager.default.temporaryDirectory
      .appendingPathComponent("dovetail-\(UUID().uuidString).log")
    try Data().write(to: log)
    defer { try? FileManager.default.removeItem(at: log) }
    let output = try FileHandle(forWritingTo: log)
    (process.standardOutput, process.standardError) = (output, output)
    process.standardInput = FileHandle.nullDevice
    try withoutSignalMask { try process.run() }
    whileRunning(process)
    process.waitUntilExit()
    let told = (try? place.text("told")) ?? ""
    return Outcome(
      status: process.terminationStatus,
      log: String(decoding: try Data(contentsOf: log), as: UTF8.self),
      control: told.split(separator: "\n").map(String.init))
  }

  /// Threads of the dispatch queues hold signals back, and so would the shell, which inherits that.
  private func withoutSignalMask(_ body: () throws -> Void) rethrows {
    var (none, before) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try body()
  }

  /// To be called while it runs: once there is one more checkpoint below `folder`, signals the shell
  /// alone.
  func signal(_ number: Int32, onceBelow folder: String) -> (Process) -> Void {
    func checkpoints() -> Set<String> {
      Set(
        place.files(below: folder).filter {
          $0.contains("checkpoints/") && $0.hasSuffix(".safetensors")
        })
    }
    let before = checkpoints()
    return { process in
      let until = Date().addingTimeInterval(60)
      while checkpoints().isSubset(of: before) && process.isRunning && Date() < until {
        usleep(2000)
      }
      kill(process.processIdentifier, number)
    }
  }

  /// Whether bash, and shellcheck where it is installed, find nothing in it.
  func check(_ script: String) throws {
    let checks = [
      "bash -n \"$1\"",
      "! command -v shellcheck >/dev/null || shellcheck --severity=warning \"$1\"",
    ]
    for check in checks {
      let process = Process()
      process.executableURL = bash
      process.arguments = ["-c", check, "check", place.url(script).path]
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0, "\(check): \(script)")
    }
  }
}
