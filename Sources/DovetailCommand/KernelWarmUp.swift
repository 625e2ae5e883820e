import ArgumentParser
import Dovetail
import Files
import Foundation

/// Compiles the kernels of a training before its first step, by all cores: where the driver's
/// compiler takes one thread of a process at a time and keeps what it made (PoCL), by processes that
/// fill its cache; elsewhere by threads.
///
/// What is needed is found by a rehearsal that only writes down what it would launch. Whatever goes
/// wrong here costs time alone: the training compiles what it finds missing, and says what fails.
struct KernelWarmUp {
  let backend: OpenCLBackend
  /// Stands for the programs of the training: with a mark of this name all were compiled before.
  let name: String

  /// - Parameter subject: tells trainings apart whose programs may differ.
  init?(_ backend: any Backend, _ subject: [String]) {
    guard let openCL = backend as? OpenCLBackend, !openCL.isRecording else { return nil }
    self.backend = openCL
    let device = openCL.device
    let words =
      [
        OpenCLDevices.build, device.platform, device.name, device.driverVersion,
        openCL.family.rawValue, openCL.convolutions.rawValue,
        openCL.precision.rawValue + (openCL.emulatesTensorCores ? " emulated" : ""),
      ] + subject
    name = String(Digest.hex(Data(words.joined(separator: "\n").utf8)).prefix(20))
  }

  /// - Parameter rehearse: does on the backend given what the training will do.
  func run(_ rehearse: (OpenCLBackend) throws -> Void) {
    let processors = ProcessInfo.processInfo.activeProcessorCount
    guard processors > 1, let mark, !FileManager.default.fileExists(atPath: mark) else { return }
    do {
      let recording = StepRecording()
      try rehearse(
        try OpenCLBackend(
          backend.device, family: backend.family, convolutions: backend.convolutions,
          precision: backend.precision, emulatesTensorCores: backend.emulatesTensorCores,
          recording: recording))
      if backend.compilesByProcesses {
        try compile(backend.compileJobs(recording), processes: min(processors, 8))
      } else {
        try backend.prepare(recording, threads: min(processors, 16))
      }
      let folder = URL(fileURLWithPath: mark).deletingLastPathComponent()
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data().write(to: URL(fileURLWithPath: mark))
    } catch {}
  }

  /// In the driver's own cache where we know it, so that the mark goes when that goes.
  private var mark: String? {
    let environment = ProcessInfo.processInfo.environment
    if backend.device.isPoCL {
      let folder =
        environment["POCL_CACHE_DIR"]
        ?? CacheFolder.path.map {
          "\(URL(fileURLWithPath: $0).deletingLastPathComponent().path)/pocl/kcache"
        }
      return folder.map { "\($0)/dovetail-\(name)" }
    }
    return CacheFolder.path.map { "\($0)/compiled/\(name)" }
  }

  // MARK: Processes

  private func compile(_ jobs: [CompileJob], processes count: Int) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("dovetail-kernels-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: folder) }
    try JSONEncoder().encode(jobs).write(to: folder.appendingPathComponent("jobs.json"))
    let workers = try (0..<min(count, jobs.count)).map { _ in
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/proc/self/exe")
      process.arguments = [
        CompileKernels.configuration.commandName!, "\(backend.device.index)", folder.path,
        "\(getpid())",
      ]
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      return process
    }
    let start = Console.seconds()
    var last = start
    while workers.contains(where: \.isRunning) {
      usleep(20_000)
      guard Console.seconds() - last >= 2 else { continue }
      last = Console.seconds()
      let begun = (try? FileManager.default.contentsOfDirectory(atPath: folder.path).count) ?? 1
      Console.log(
        "compiling kernels for this device, \(begun - 1) of \(jobs.count) by \(workers.count) "
          + "processes; they are kept for the next start")
    }
    for worker in workers { worker.waitUntilExit() }
    if workers.contains(where: { $0.terminationReason != .exit || $0.terminationStatus != 0 }) {
      throw ExitCode.failure
    }
  }
}

extension KernelWarmUp {
  /// Of a recipe's training.
  static func run(_ recipe: Recipe, _ datasets: [Dataset], on backend: any Backend) {
    var subject = recipe
    (subject.seed, subject.steps, subject.learningRate) = (0, 1, 0)
    let classes = datasets.map { "\($0.classNames.count)" }
    KernelWarmUp(backend, [subject.yaml] + classes)?.run {
      try Rehearsal.run(recipe, datasets: datasets, on: $0)
    }
  }
}

/// Compiles, for the driver's cache, the programs of a folder that no other process has begun.
struct CompileKernels: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compile-kernels",
    abstract: "Compile the programs that a folder names, as one of several processes.",
    shouldDisplay: false)

  @Argument var index: Int
  @Argument var folder: String
  /// The process that waits for this one.
  @Argument var parent: Int32

  func run() throws {
    let devices = try OpenCLDevices.all()
    guard devices.indices.contains(index) else { throw ExitCode.failure }
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/jobs.json"))
    let worker = try CompileWorker(devices[index])
    var failures = 0
    for (number, job) in try JSONDecoder().decode([CompileJob].self, from: data).enumerated() {
      if getppid() != parent { throw ExitCode.failure }
      let claim = open("\(folder)/\(number)", O_CREAT | O_EXCL | O_WRONLY, 0o600)
      if claim < 0 { continue }
      close(claim)
      let start = Console.seconds()
      do { try worker.compile(job) } catch { failures += 1 }
      // For who runs this by hand.
      Console.log("\(Format.fixed(Console.seconds() - start, 3)) s \(job.name)")
    }
    if failures > 0 { throw ExitCode.failure }
  }
}
