import Foundation
import Testing

/// The built `dovetail` run as a process, as a user would.
struct CommandRun {
  /// As a shell gives it: 128 + n after signal n.
  let status: Int32
  let stdout: String
  let stderr: String

  var json: [String: Any] {
    get throws {
      try #require(
        try JSONSerialization.jsonObject(with: Data(stdout.utf8)) as? [String: Any])
    }
  }

  /// stderr without the line that names the device.
  var messages: [String] {
    stderr.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("Device: ") }
  }
}

/// A folder of its own for one test, deleted with it. Commands run in it.
final class Workplace: Sendable {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("dovetail-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: url(name).path) }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    try FileManager.default.createDirectory(
      at: url(name).deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url(name))
  }

  func write(_ name: String, _ text: String) throws { try write(name, Array(text.utf8)) }

  func read(_ name: String) throws -> Data { try Data(contentsOf: url(name)) }

  func text(_ name: String) throws -> String { String(decoding: try read(name), as: UTF8.self) }

  /// Names of all files below, sorted.
  func files(below name: String = "") -> [String] {
    let names = FileManager.default.enumerator(atPath: url(name).path)?.allObjects as? [String]
    return (names ?? []).sorted()
  }

  /// Runs `dovetail`, by default where no OpenCL platform is found, so on any machine alike.
  /// - Parameters:
  ///   - more: variables besides those of this process.
  ///   - whileRunning: called once the process runs.
  func dovetail(
    _ arguments: [String], withOpenCL: Bool = false, environment more: [String: String] = [:],
    whileRunning: (Process) -> Void = { _ in }
  ) throws -> CommandRun {
    // Outside the folder, so that tests can say what a command left in it.
    let aside = try Self.make(beside: folder)
    defer { try? FileManager.default.removeItem(at: aside) }
    let process = Process()
    process.executableURL = try Self.executable()
    process.arguments = arguments
    process.currentDirectoryURL = folder
    var environment = ProcessInfo.processInfo.environment
    if !withOpenCL { environment["OCL_ICD_VENDORS"] = aside.path + "/" }
    process.environment = environment.merging(more) { $1 }
    let files = ["stdout", "stderr"].map(aside.appendingPathComponent)
    for file in files { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    process.standardInput = FileHandle.nullDevice
    try process.run()
    whileRunning(process)
    process.waitUntilExit()
    let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
    let bySignal = process.terminationReason == .uncaughtSignal
    return CommandRun(
      status: process.terminationStatus + (bySignal ? 128 : 0), stdout: texts[0],
      stderr: texts[1])
  }

  func dovetail(_ arguments: String...) throws -> CommandRun { try dovetail(arguments) }

  /// Does the command find an OpenCL device on this machine?
  static let hasOpenCL: Bool = {
    let run = try? Workplace().dovetail(["devices"], withOpenCL: true)
    return run?.stdout.hasPrefix("opencl:") ?? false
  }()

  private static func make(beside folder: URL) throws -> URL {
    let aside = folder.appendingPathExtension(UUID().uuidString)
    try FileManager.default.createDirectory(at: aside, withIntermediateDirectories: true)
    return aside
  }

  /// Beside the test bundle, where the build puts it.
  static func executable() throws -> URL {
    let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folders = [
      Bundle.main.executableURL?.deletingLastPathComponent(),
      URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent(),
      root.appendingPathComponent(".build/release"), root.appendingPathComponent(".build/debug"),
    ]
    let found = folders.compactMap { $0?.appendingPathComponent("dovetail") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    return try #require(found, "no built dovetail; run swift build -c release")
  }
}

enum Recipes {
  /// Two tasks on synthetic images, small enough for any machine.
  static let tiny = """
    tasks:
      - {name: ink, dataset: made-up-ink}
      - {name: neon, dataset: made-up-neon}
    image-size: 8
    methods: [identical-initial-weights, rotation-prediction, common-classes]
    steps: 2
    batch: 16

    """
}
