import ArgumentParser
import Dovetail

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
        + CompatibilityMethod.allCases.map(\.rawValue).joined(separator: ", ") + "."))
  var methods = MethodList(methods: [])
  @Option(help: "Images of a minibatch.") var batch = 128
  @Option(help: "Height and width, pixels.") var imageSize = 32
  @Option(help: "Steps that are counted.") var repeats = 7
  @Flag(help: "List where the time of a step goes, kernel by kernel (OpenCL).") var profile = false
  @Flag(help: "List what the device's memory holds when it holds most (OpenCL).") var memory = false
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
      let backend = try device.open(profiles: profile)
      let bench = try StepBench(
        architecture, methods: methods.methods, batch: batch, imageSize: imageSize, on: backend,
        clock: Console.seconds)
      let openCL = backend as? OpenCLBackend
      var warm = 0
      let results = try bench.run(repeats: repeats) { seconds in
        warm += 1
        Console.log("warm-up \(warm): \(Format.fixed(seconds, 2)) s")
      } beforeStep: {
        if profile { _ = try openCL?.takeKernelTimes() }
      }
      if profile, let openCL { try list(openCL.takeKernelTimes()) }
      if memory { list(results.buffersAtPeak) }
      try json.write(results)
      if !json.takesStdout { Console.print(text(results)) }
    }
  }

  private func text(_ results: StepResults) -> String {
    let what =
      results.methods.isEmpty
      ? "batch \(results.batch)"
      : "\(results.tasks) tasks, batch \(results.batch) each, "
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
    return "\(results.architecture), \(what): "
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

  private func list(_ kernels: [(name: String, seconds: Double)]) {
    var total: [String: (count: Int, seconds: Double)] = [:]
    for (name, seconds) in kernels {
      total[name, default: (0, 0)].count += 1
      total[name]!.seconds += seconds
    }
    for (name, entry) in total.sorted(by: { $0.value.seconds > $1.value.seconds }) {
      Console.log("\(Format.fixed(entry.seconds * 1000, 1)) ms in \(entry.count) × \(name)")
    }
  }
}
