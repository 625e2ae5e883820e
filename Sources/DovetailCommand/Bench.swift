import ArgumentParser
import Dovetail

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure speed on a device.", subcommands: [BenchStep.self])
}

struct BenchStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "Time training steps: forward, backward and update on one minibatch.",
    discussion: """
      The median over --repeats steps after two that warm up. Images are random, the labels too; \
      nothing is read back within a step.
      """)

  @Option(
    help: "Which networks: \(Architecture.Name.allCases.map(\.rawValue).joined(separator: ", ")).",
    transform: { text in
      guard let name = Architecture.Name(rawValue: text) else {
        throw ValidationError("there is no architecture “\(text)”")
      }
      return name
    })
  var architecture = Architecture.Name.resnet
  @Option(help: "6n + 2 of a resnet (56), 6n + 4 of a wide-resnet (28).") var depth: Int?
  @Option(help: "What the channels are multiplied by.") var width: Double?
  @Option(help: "Images of a step.") var batch = 128
  @Option(help: "Height and width, pixels.") var imageSize = 32
  @Option(help: "Steps that are counted.") var repeats = 7
  @Flag(help: "List where the time of a step goes, kernel by kernel (OpenCL).") var profile = false
  @OptionGroup var device: DeviceOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    for (name, value) in [("batch", batch), ("image-size", imageSize), ("repeats", repeats)]
    where value < 1 {
      throw ValidationError("--\(name): expected 1 or more, got \(value)")
    }
  }

  private struct Results: Encodable {
    let device: String
    let architecture: String
    let batch: Int
    let millisecondsPerStep: Double
    let millisecondsOfSteps: [Double]
    let imagesPerSecond: Double
    /// Host time until everything is enqueued.
    let hostMilliseconds: Double
    let launches: Int?
    /// Device buffers at their most.
    let peakBufferBytes: Int?
  }

  func run() throws {
    try ExitStatus.reporting {
      var network = Architecture(
        name: architecture, depth: depth ?? (architecture == .resnet ? 56 : nil), width: width)
      if network.resolution != nil && imageSize >= 64 { network.resolution = .standard }
      try network.validate()
      try json.check()
      let backend = try device.open(profiles: profile)
      let openCL = backend as? OpenCLBackend
      let extractor = network.makeExtractor(on: backend, seed: 0)
      let head = network.makeHead(classes: 10, on: backend, seed: 0)
      var random = RandomStream(seed: 0, .augmentation)
      let shape: Shape = [batch, imageSize, imageSize, 3]
      let x = backend.makeTensor(shape, (0..<shape.count).map { _ in 2 * random.uniform() - 1 })
      let labels = backend.makeLabels((0..<batch).map { _ in Int32(random.below(10)) })
      let optimiser = SGD()
      var times: [Double] = []
      var hostTimes: [Double] = []
      var launches = 0
      for step in 0..<repeats + 2 {
        let before = openCL?.launches ?? 0
        _ = try openCL?.takeKernelTimes()
        let start = Console.seconds()
        let tape = Tape(on: backend)
        let context = ForwardContext(tape: tape, statistics: .batch(updateRunning: true))
        let loss = tape.softmaxCrossEntropy(
          head(extractor(Variable(x), context), context), labels, divisor: Float(batch))
        tape.backward(from: [loss])
        optimiser.step(
          extractor.parameters + head.parameters, learningRate: 0.01, on: backend)
        let enqueued = Console.seconds()
        try backend.synchronize()
        launches = (openCL?.launches ?? 0) - before
        if step >= 2 {
          times.append((Console.seconds() - start) * 1000)
          hostTimes.append((enqueued - start) * 1000)
        } else {
          Console.log("warm-up \(step + 1): \(Format.fixed(Console.seconds() - start, 2)) s")
        }
      }
      let median = times.sorted()[times.count / 2]
      let results = Results(
        device: backend.deviceDescription, architecture: "\(network)", batch: batch,
        millisecondsPerStep: median, millisecondsOfSteps: times,
        imagesPerSecond: Double(batch) / median * 1000,
        hostMilliseconds: hostTimes.sorted()[hostTimes.count / 2],
        launches: openCL == nil ? nil : launches, peakBufferBytes: openCL?.memory.peak)
      if profile, let openCL {
        var total: [String: (count: Int, seconds: Double)] = [:]
        for (name, seconds) in try openCL.takeKernelTimes() {
          total[name, default: (0, 0)].count += 1
          total[name]!.seconds += seconds
        }
        for (name, entry) in total.sorted(by: { $0.value.seconds > $1.value.seconds }) {
          Console.log(
            "\(Format.fixed(entry.seconds * 1000, 1)) ms in \(entry.count) × \(name)")
        }
      }
      try json.write(results)
      if json.takesStdout { return }
      Console.print(
        "\(network), batch \(batch): \(Format.fixed(median, 1)) ms a step, "
          + "\(Int(results.imagesPerSecond)) images/s, host \(Format.fixed(results.hostMilliseconds, 1)) ms"
          + (results.launches.map { ", \($0) launches" } ?? "")
          + (results.peakBufferBytes.map { ", \($0 >> 20) MiB of buffers" } ?? ""))
    }
  }
}
