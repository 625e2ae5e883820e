import Dovetail

/// What the demonstration says.
enum DemoText {
  /// While the first pair is trained.
  static let before = """
    Two domains of synthetic images, ink on paper and neon on dark ground, ten classes each, nine
    of them in both. Each gets a network of its own: an extractor that makes features of an image,
    and a head that names its class.

    1. As usual: each network starts from other random weights and learns its own classes alone.
       Nothing says what a feature is to mean, so the two will not agree.
    """

  /// While the second is trained.
  static let between = """

    2. To be compatible: the same networks on the same images, with three things in common. They
       start from the same weights; one head that both share tells how far an image was turned;
       another that both share names the nine common classes. Features that serve both networks
       under one head mean the same in both.
    """

  /// - Parameters:
  ///   - results: of both pairs.
  ///   - pictures: a few images, and what they are taken for.
  ///   - output: where the components are; nil: nowhere.
  static func text(
    _ results: Demo.Results, _ pictures: [DemoPicture], output: String?
  ) -> String {
    let (a, b) = (results.independent, results.compatible)
    var lines = table(results) + [""]
    lines += [
      "One network's extractor under the other's head, with no fine-tuning, names",
      "\(Format.percent(b.recombinationAccuracy)) of the images rightly where the networks were trained "
        + "to be compatible, and",
      "\(Format.percent(a.recombinationAccuracy)) where they were trained as usual; guessing gives "
        + "\(Format.percent(a.recombinations.first?.chance)).", "",
      "Four of the images, through one network's extractor and the other's head:", "",
    ]
    lines += PictureText.rows(
      pictures.map { (size: $0.size, pixels: $0.pixels) }, inColor: PictureText.hasColor)
    lines += [""] + ResultTable.aligned(rows(pictures))
    lines += ["", "Device: \(a.device)"]
    if let output {
      lines += ["Components: \(output)/*/components", "Page: \(output)/report.html"]
    }
    return (lines + [""] + next(output)).joined(separator: "\n")
  }

  private static func table(_ results: Demo.Results) -> [String] {
    let (a, b) = (results.independent, results.compatible)
    func row(_ name: String, _ value: (RunResults) -> String) -> [String] {
      [name, value(a), value(b)]
    }
    var rows = [["accuracy, common classes", "as usual", "compatible"]]
    for index in a.tasks.indices {
      rows.append(
        row("\(a.tasks[index].name), own network") {
          Format.percent($0.tasks[index].ownAccuracyOnCommonClasses)
        })
    }
    for (index, pair) in a.recombinations.enumerated() {
      rows.append(
        row("\(pair.extractor) extractor, \(pair.head) head") {
          Format.percent($0.recombinations[index].accuracy)
        })
    }
    rows += [
      row("recombined, mean") { Format.percent($0.recombinationAccuracy) },
      row("chance") { Format.percent($0.recombinations.first?.chance) },
      row("images, each direction") { "\($0.recombinations.first?.images ?? 0)" },
      row("training") { Format.duration($0.seconds) },
    ]
    return ResultTable.aligned(rows)
  }

  private static func rows(_ pictures: [DemoPicture]) -> [[String]] {
    func guess(_ name: String, _ picture: DemoPicture) -> String {
      name + (name == picture.className ? " ✓" : " ✗")
    }
    return [
      ["extractor → head"] + pictures.map { "\($0.extractor) → \($0.head)" },
      ["it is"] + pictures.map { $0.className + "  " },
      ["as usual"] + pictures.map { guess($0.usual, $0) },
      ["compatible"] + pictures.map { guess($0.compatible, $0) },
    ]
  }

  /// Ready to paste.
  private static func next(_ output: String?) -> [String] {
    let folder = output ?? "runs/demo"
    let name = Invocation.name
    let parts = Invocation.quoted("\(folder)/compatible/components")
    return ["Next, ready to paste:"]
      + (output == nil ? ["  \(name) demo --output \(folder)"] : [])
      + [
        "  \(name) recombine \(parts)/ink.extractor.safetensors \\",
        "    \(parts)/neon.head.safetensors --output ink-neon.safetensors",
        "  \(name) recalibrate ink-neon.safetensors --data made-up-ink \\",
        "    --output ink-neon.fixed.safetensors",
        "  \(name) certify \(parts)/ink.extractor.safetensors \\",
        "    \(parts)/neon.head.safetensors --data made-up-ink",
        "  \(name) export ink-neon.fixed.safetensors --onnx ink-neon.onnx",
        "and for data of your own:",
        "  \(name) train --help",
      ]
  }
}
