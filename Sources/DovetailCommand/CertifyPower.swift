import ArgumentParser
import Dovetail

struct CertifyPower: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "certify-power",
    abstract: "Tell how likely a pair is to be certified, by images and classes.",
    discussion: """
      Draws so many images of so many classes again and again, and applies the rule of dovetail \
      certify to each choice: how often does the pair come out as better than chance, and how \
      often as compatible? Where it is not all classes, the head's outputs of the others are left out. With it one sees how \
      many images a certificate needs, and what a pair of a given accuracy can be expected to get.

        dovetail certify-power a.extractor.safetensors b.head.safetensors \\
          --data cifar10=data/cifar-10 --images 100 --images 500 --json power.json
      """)

  @Argument(help: "The extractor's file.") var extractor: String
  @Argument(help: "The head's file.") var head: String
  @OptionGroup var data: DataOptions
  @Option(parsing: .singleValue, help: "So many images; may be repeated.")
  var images: [Int] = [50, 100, 200, 500, 1000, 2000]
  @Option(parsing: .singleValue, help: "So many classes; may be repeated (default: 5 and all).")
  var classes: [Int] = []
  @Option(help: "Random choices each.") var draws = 100
  @Option(help: "Images a batch (default: as in the extractor's training, else 128).")
  var batch: Int?
  @Option(help: "Of all that is drawn.") var seed = 0
  @Flag(help: "Measure them without a common anchor too.") var allowDifferentSpace = false
  @OptionGroup var device: DeviceOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    if let batch, batch < 2 { throw ValidationError("--batch: expected at least 2, got \(batch)") }
    if seed < 0 { throw ValidationError("--seed: expected 0 or more, got \(seed)") }
    guard 1...100_000 ~= draws else {
      throw ValidationError("--draws: expected 1 to 100000, got \(draws)")
    }
    if let wrong = images.first(where: { $0 < 1 }) {
      throw ValidationError("--images: expected 1 or more, got \(wrong)")
    }
    if let wrong = classes.first(where: { $0 < 2 }) {
      throw ValidationError("--classes: expected 2 or more, got \(wrong)")
    }
  }

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      _ = try Recombine.join(extractor, head, allowDifferentSpace: allowDifferentSpace)
      let from = try ComponentFile.read(extractor, as: .extractor)
      let to = try ComponentFile.read(head, as: .head)
      let backend = try device.open()
      let images = try data.load(from.header.preprocessing!.form)
      let known = Set(images.labelNames).intersection(to.header.classNames ?? []).count
      let power = try Certifier(batchSize: batch, seed: UInt64(seed), on: backend).power(
        from, to, on: images, images: self.images.sorted(),
        classes: classes.isEmpty ? Set([5, max(known, 2)]).sorted() : classes.sorted(),
        draws: draws, allowDifferentSpace: allowDifferentSpace)
      try json.write(power)
      if !json.takesStdout { Console.print(Self.text(power, images.name)) }
    }
  }

  static func text(_ power: CertificatePower, _ name: String) -> String {
    let rows = power.points.map {
      [
        "\($0.classes)", "\($0.images)", Format.percent($0.accuracy),
        Format.percent($0.betterThanChance), Format.percent($0.compatible),
      ]
    }
    return
      ([
        "\(name): drawn from \(power.images) images, recombination accuracy "
          + "\(Format.percent(power.accuracy)); \(power.draws) choices each", "",
      ]
      + ResultTable.aligned(
        [["classes", "images", "accuracy", "better than chance", "compatible"]] + rows))
      .joined(separator: "\n")
  }
}
