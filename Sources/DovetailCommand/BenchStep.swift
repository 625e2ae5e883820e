public import ArgumentParser
public import Dovetail

struct BenchStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "Time training steps: gather, forward, backward and update.",
    discussion: """
      The median over --repeats steps after two that warm up, made by the trainer itself on \
      random images. Without --methods one network and one minibatch a step; with them a joint \
      step of two tasks, one minibatch each, with the rotated copies and auxiliary heads that the \
      methods ask for. Nothing is read back within a step.
      """)

  @OptionGroup var network: ArchitectureOptions
  @Option(
    help: ArgumentHelp(
      "Methods of a joint step, by comma: iiw, rp, dcc.",
      discussion: "Or by their full names: "
        + CompatibilityMethod.all.map(\.rawValue).joined(separator: ", ") + "."))
  var methods = MethodList(methods: [])
  @Option(help: "Images of a minibatch.") var batch = 128
  @Option(help: "Height and width, pixels.") var imageSize = 32
  @Option(help: "What the backward pass makes again, for less memory (the recipe's key).")
  var recompute = Recomputed.none
  @Option(help: "Steps that are counted.") var repeats = 7
  @Flag(help: "List where the time of a step goes, kernel by kernel (OpenCL).") var profile = false
  @Flag(help: "List what the device's memory holds when it holds most (OpenCL).") var memory = false
  @Option(
    name: .customLong("dump-programs"),
    help: ArgumentHelp(
      "Folder for the programs and commands of a step, in place of running it (OpenCL).",
      discussion: """
        Writes programs/0001-<kernel>.cl, each as the compiler gets it, and step.json: \
        options, work-groups and arguments of every launch of a warm step, in order. Takes a second.
        """, valueName: "dir"))
  var dumpPrograms: String?
  @OptionGroup var device: DeviceOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    for (name, value) in [("batch", batch), ("image-size", imageSize), ("repeats", repeats)]
    where value < 1 {
      throw ValidationError("--\(name): expected 1 or more, got \(value)")
    }
  }

  func run() throws {
    try ExitStatus.reporting {
      let architecture = try network.architecture(imageSize: imageSize)
      try json.check()
      if let dumpPrograms { return try dump(architecture, to: dumpPrograms) }
      let backend = try device.open(profiles: profile)
      let stopwatch = Stopwatch()
      let subject = ["\(architecture)", "\(methods.methods)", "\(batch)", "\(imageSize)"]
      KernelWarmUp(backend, ["bench step"] + subject)?.run { recording in
        _ = try makeBench(architecture, on: recording, stopwatch).run(repeats: 1)
      }
      let bench = try makeBench(architecture, on: backend, stopwatch)
      let openCL = backend as? OpenCLBackend
      var warm = 0
      let results = try bench.run(repeats: repeats) { seconds in
        warm += 1
        Console.log("warm-up \(warm): \(Format.fixed(seconds, 2)) s")
      } beforeStep: {
        if profile { _ = try openCL?.takeKernelTimes() }
      }
      var shares: [KernelShare]?
      if profile, let openCL {
        shares = KernelShare.by(name: try openCL.takeKernelTimes())
        shares.map(list)
      }
      if memory { list(results.buffersAtPeak) }
      try json.write(Profiled(results: results, kernels: shares))
      if !json.takesStdout { Console.print(text(results)) }
    }
  }

  /// - Parameter stopwatch: times the first step from its start on.
  private func makeBench(
    _ architecture: Architecture, on backend: any InstrumentedBackend, _ stopwatch: Stopwatch
  ) throws -> StepBench {
    try StepBench(
      architecture, methods: methods.methods, batchSize: batch, imageSize: imageSize,
      recompute: recompute, on: backend, stopwatch: stopwatch)
  }

  private func text(_ results: StepResults) -> String {
    let what =
      results.methods.isEmpty
      ? "batch \(results.batchSize)"
      : "\(results.tasks) tasks, batch \(results.batchSize) each, "
        + results.methods.joined(separator: " + ")
    let parts = [
      "\(Format.fixed(results.millisecondsPerStep, 1)) ms a step",
      "\(Int(results.imagesPerSecond)) images/s",
      "host \(Format.fixed(results.hostMilliseconds, 1)) ms",
      "first step after \(Format.fixed(results.firstStepMilliseconds / 1000, 1)) s",
      results.launches.map { "\($0) launches" },
      results.peakBufferBytes.map { "\($0 >> 20) MiB of buffers" },
      results.peakMemoryBytes.map { "\($0 >> 20) MiB resident at most" },
    ]
    let recomputed = results.recompute == .none ? "" : ", \(results.recompute) recomputed"
    return "\(results.architecture), \(what)\(recomputed): "
      + parts.compactMap { $0 }.joined(separator: ", ")
  }

  /// The shapes that make up nine tenths, and the rest.
  private func list(_ shares: [BufferShare]) {
    if shares.isEmpty {
      Console.log("--memory: buffers are counted on OpenCL devices alone")
      return
    }
    let all = shares.map(\.bytes).reduce(0, +)
    var listed = 0
    func line(_ bytes: Int, _ text: String) {
      let mebibytes = Format.fixed(Double(bytes) / Double(1 << 20), 1)
      Console.log("\(mebibytes) MiB in \(text)")
    }
    for share in shares {
      if listed * 10 >= all * 9 { break }
      line(share.bytes, "\(share.count) × \(share.shape)")
      listed += share.bytes
    }
    line(all - listed, "others; \(shares.map(\.count).reduce(0, +)) buffers in all")
  }

  private func list(_ kernels: [KernelShare]) {
    for kernel in kernels { Console.log(kernel.text) }
  }

  /// Records a step on the device instead of running it.
  private func dump(_ architecture: Architecture, to folder: String) throws {
    if case .cpu? = device.device {
      throw ValidationError(
        "--dump-programs: the CPU backend has no programs; give --device opencl")
    }
    try DeviceOption.make(folder: folder, for: "--dump-programs")
    let recording = StepRecording()
    let backend = try device.open(recording: recording)
    guard let openCL = backend as? OpenCLBackend else {
      throw NoDevice("--dump-programs: takes an OpenCL device", try OpenCLDevices.all())
    }
    let bench = try makeBench(architecture, on: backend, Stopwatch())
    let results = try bench.run(repeats: 1, beforeStep: recording.startStep)
    do {
      try recording.write(
        to: folder,
        of: RecordedStep(
          network: results.architecture, batchSize: batch, imageSize: imageSize,
          methods: results.methods, kernels: openCL.family, precision: openCL.precision))
    } catch {
      throw OutputError(description: "--dump-programs \(folder): \(error)")
    }
    Console.log("\(results.architecture): \(results.launches ?? 0) launches, in \(folder)")
  }

  /// Results, with the kernels of the last step where they were timed.
  private struct Profiled: Encodable {
    let results: StepResults
    let kernels: [KernelShare]?

    enum Key: CodingKey { case kernels }

    func encode(to encoder: any Encoder) throws {
      try results.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encodeIfPresent(kernels, forKey: .kernels)
    }
  }
}

extension Recomputed: ExpressibleByArgument {}
