import ArgumentParser
import Dovetail
import Files

struct Adapter: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adapter",
    abstract: "Put an extractor behind an adapter, for a head that several architectures share.",
    discussion: """
      The adapter is a fresh 1×1 convolution with batch norm to so many channels, as a recipe's \
      architecture with adapter: has it. What its features mean is learned in a training that starts \
      from it, with a recipe's initial-weights or a task's extractor: until then no head fits.

        dovetail adapter parts/resnet18.extractor.safetensors --channels 64 \\
          --output parts-64/resnet18.extractor.safetensors
      """)

  @Argument(help: "An extractor's file.") var file: String
  @Option(help: "Channels that the head will take.") var channels: Int
  @Option(help: "Of the adapter's weights.") var seed = 0
  @Option(help: ArgumentHelp("The new extractor.", valueName: "file")) var output: String

  func validate() throws {
    guard 1...Architecture.mostAdapterChannels ~= channels else {
      throw ValidationError(
        "--channels: expected 1 to \(Architecture.mostAdapterChannels), got \(channels)")
    }
    if seed < 0 { throw ValidationError("--seed: expected 0 or more, got \(seed)") }
  }

  func run() throws {
    try ExitStatus.reporting {
      let backend = CPUBackend()
      let extractor = try ComponentFile.read(file, as: .extractor).makeExtractor(
        path: file, on: backend)
      let adapted: FeatureExtractor
      do {
        adapted = try extractor.adapted(to: channels, seed: UInt64(seed), on: backend)
      } catch let error as ArchitectureError {
        throw FileError(kind: .malformed, path: file, problem: "\(error.key): \(error)")
      }
      try ComponentFile.save(adapted, to: output, on: backend)
      Console.print("\(adapted.architecture.inFull)\n\(output)")
    }
  }
}
