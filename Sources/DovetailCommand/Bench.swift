import ArgumentParser

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure speed on a device.",
    subcommands: [BenchKernels.self, BenchStep.self, BenchPredict.self])
}
