import ArgumentParser
import Dovetail

struct CompareFeatures: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell how alike the features of a run's extractors are.",
    discussion: """
      Both extractors of a pair see the same test images; every image and position counts. Given \
      are the mean of Pearson's correlation of channel i with channel i, the same for the best \
      permutation of channels (Hungarian algorithm), linear CKA, and the mutual alignment of the \
      10 nearest neighbors (Huh et al. 2024): how many of an image's nearest ten, by the cosine of \
      pooled features, both extractors have.

        dovetail train recipe.yaml --output runs/first
        dovetail compare-features runs/first --json features.json
      """)

  @Argument(help: ArgumentHelp("The run's directory.", valueName: "dir")) var directory: String
  @OptionGroup var device: DeviceOption
  @OptionGroup var json: JSONOption

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      _ = try RunDirectory(directory).read()
      let backend = try device.open()
      let comparisons = try Run.compareFeatures(RunDirectory(directory), on: backend)
      try json.write(comparisons)
      if json.takesStdout { return }
      for c in comparisons {
        Console.print(
          "\(c.first) and \(c.second) on \(c.imageCount) images of \(c.images), "
            + "\(c.channels) channels: correlation \(Format.fixed(c.meanCorrelation, 3)), "
            + "best permutation \(Format.fixed(c.permutedMeanCorrelation, 3)), "
            + "linear CKA \(Format.fixed(c.linearCKA, 3))"
            + (c.mutualNeighbors.map { ", mutual neighbors \(Format.fixed($0, 3))" } ?? ""))
      }
      if comparisons.isEmpty {
        Console.print("The extractors' features differ in shape: there is nothing to compare.")
      }
    }
  }
}
