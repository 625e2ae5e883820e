import ArgumentParser
import Dovetail

struct BenchPredict: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Time predictions: normalize, extractor, head, logits.",
    discussion: """
      The median over --repeats batches after two that warm up, on random images, batch norm by \
      running statistics: what dovetail predict does with decoded pictures. Of a model's file, or \
      of a network with fresh weights.

        dovetail bench predict --architecture imagenet-resnet --depth 18 \\
          --image-size 224
        dovetail bench predict model.safetensors --batch 1
      """)

  @Argument(help: ArgumentHelp("A model's file.", valueName: "file")) var model: String?
  @OptionGroup var network: ArchitectureOptions
  @Option(help: "Images of a batch.") var batch = 32
  @Option(help: "Height and width, pixels. Default: the model's, else 32.") var imageSize: Int?
  @Option(help: "Batches that are counted.") var repeats = 7
  @Flag(help: "List where the time of a batch goes, kernel by kernel (OpenCL).") var profile = false
  @OptionGroup var device: DeviceOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    for (name, value) in [("batch", batch), ("image-size", imageSize ?? 1), ("repeats", repeats)]
    where value < 1 {
      throw ValidationError("--\(name): expected 1 or more, got \(value)")
    }
    if model != nil && (imageSize != nil || network.isGiven) {
      throw ValidationError(
        "a model's file says its network and image size; leave out --architecture, --depth, "
          + "--width, --resolution and --image-size")
    }
  }

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      let file = try model.map { try ModelFile.read($0) }
      let backend = try device.open(profiles: profile)
      let openCL = backend as? OpenCLBackend
      let results = try PredictBench(
        try makeNetwork(file, on: backend), batchSize: batch, on: backend, stopwatch: Stopwatch()
      ).run(repeats: repeats) { if profile { _ = try openCL?.takeKernelTimes() } }
      if profile, let openCL {
        for kernel in KernelShare.by(name: try openCL.takeKernelTimes()) {
          Console.log(kernel.text)
        }
      }
      try json.write(results)
      if !json.takesStdout { Console.print(text(results)) }
    }
  }

  private func makeNetwork(_ file: Model?, on backend: any Backend) throws -> Recombination {
    if let file, let model { return try file.makeModel(path: model, on: backend) }
    let size = imageSize ?? 32
    let architecture = try network.architecture(imageSize: size)
    return try Recombination(
      FeatureExtractor(
        architecture: architecture,
        preprocessing: Preprocessing(
          imageSize: size,
          normalization: Normalization(mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2])),
        layers: architecture.makeExtractor(on: backend, seed: 0)),
      TaskHead(
        architecture: architecture, classNames: (0..<10).map { "class \($0)" },
        layers: architecture.makeHead(classes: 10, on: backend, seed: 0)))
  }

  private func text(_ results: PredictResults) -> String {
    let parts = [
      "\(Format.fixed(results.millisecondsPerBatch, 1)) ms a batch",
      "\(Format.fixed(results.imagesPerSecond, 1)) images/s",
      results.launches.map { "\($0) launches" },
      results.peakBufferBytes.map { "\($0 >> 20) MiB of buffers" },
      results.peakMemoryBytes.map { "\($0 >> 20) MiB resident at most" },
    ]
    return "\(results.architecture), \(results.imageSize) pixels, batch \(results.batchSize): "
      + parts.compactMap { $0 }.joined(separator: ", ")
  }
}
