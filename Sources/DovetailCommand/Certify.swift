import ArgumentParser
import Dovetail
import Foundation

struct Certify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure an extractor under a head, and certify what they are to each other.",
    discussion: """
      \(DataOptions.kinds) Measured are the images of the classes that the head knows.

      compatible: the accuracy exceeds that of 99 % of all namings of the classes by the head's \
      outputs (of 10,000 random ones where there are more; of all other ones where there are fewer \
      than a hundred), and the head does worse with the extractor's channels in any of 199 random orders \
      (unrelated networks share more than their features, such as where in the image things are). \
      perfectly compatible: besides, the lower 95 % limit of its difference to the \
      extractor under --own-head is above -1 point. better than chance: the namings are \
      exceeded, the shuffled channels are not; weakly compatible pairs end there, and so do \
      unrelated ones at times. Else incompatible.

        dovetail certify a.extractor.safetensors b.head.safetensors \\
          --data cifar10=data/cifar-10 --own-head a.head.safetensors --json ab.json
        dovetail certify a.extractor.safetensors b.head.safetensors \\
          --data cifar10=data/cifar-10 --own-head a.head.safetensors --verify ab.json

      Exit status 3 where they are not compatible, for components that do not fit, and where a certificate is \
      not confirmed.
      """)

  @Argument(help: "The extractor's file.") var extractor: String
  @Argument(help: "The head's file.") var head: String
  @OptionGroup var data: DataOptions
  @Option(
    help: ArgumentHelp("The extractor's own head: the upper bound.", valueName: "file"))
  var ownHead: String?
  @Option(help: "Images a batch (default: as in the extractor's training, else 128).")
  var batch: Int?
  @Option(help: "Of the random relabelings.") var seed: Int?
  @Flag(help: "Measure them without a common anchor too.") var allowDifferentSpace = false
  @Option(
    help: ArgumentHelp(
      "Measure again, with this certificate's batch and synonyms, and compare.",
      valueName: "certificate"))
  var verify: String?
  @OptionGroup var device: DeviceOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    if let batch, batch < 2 {
      throw ValidationError("--batch: expected at least 2, got \(batch)")
    }
    if let seed, seed < 0 { throw ValidationError("--seed: expected 0 or more, got \(seed)") }
  }

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      let given = try verify.map(Self.read)
      // Before a device is opened and data are read: do the parts fit?
      _ = try Recombine.join(
        extractor, head,
        allowDifferentSpace: allowDifferentSpace
          || given?.featureSpace.differentSpaceAllowed == true)
      let from = try ComponentFile.read(extractor, as: .extractor)
      let backend = try device.open()
      let images = try data.load(
        from.header.preprocessing!.form, synonyms: given?.data.synonyms ?? [:])
      let certifier = Certifier(
        batchSize: batch ?? given?.batchSize,
        seed: seed.map(UInt64.init) ?? given?.relabeling.seed ?? 0,
        on: backend)
      let to = try ComponentFile.read(head, as: .head)
      Self.note(certifier.leftOut(of: images, by: to))
      let measured = try Waiting.note("measuring") {
        try certifier.certify(
          from, to, on: images,
          own: try ownHead.map { try ComponentFile.read($0, as: .head) },
          allowDifferentSpace: allowDifferentSpace
            || given?.featureSpace.differentSpaceAllowed == true)
      }
      try json.write(measured)
      if !json.takesStdout { Console.print(CertificateTable.text(measured)) }
      if let given {
        let differences = given.differences(from: measured)
        guard differences.isEmpty else {
          throw NotConfirmed(path: verify!, differences: differences)
        }
        if !json.takesStdout { Console.print("\(verify!): confirmed") }
      }
      if !measured.verdict.isCompatible { throw ExitCode(3) }
    }
  }

  /// Not measured, which a misspelled class may be meant to be.
  private static func note(_ left: [(className: String, images: Int)]) {
    guard !left.isEmpty else { return }
    let shown =
      left.prefix(5).map { "\($0.className) (\($0.images))" } + (left.count > 5 ? ["…"] : [])
    Console.log(
      "dovetail: \(left.count) of the data's classes, \(left.map(\.images).reduce(0, +)) images, are none "
        + "of the head's and left out: \(shown.joined(separator: ", ")); where one is another name of "
        + "the head's, give --synonyms ITS-NAME=THE-HEADS")
  }

  private static func read(_ path: String) throws -> Certificate {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw InputMissing(description: "\(path): no such certificate, or it cannot be read")
    }
    return try Certificate(json: [UInt8](data), path: path)
  }
}

/// A certificate that a new measurement contradicts.
struct NotConfirmed: Error, CustomStringConvertible {
  let path: String
  let differences: [String]

  var description: String { "\(path): not confirmed: \(differences.joined(separator: "; "))" }
}

enum CertificateTable {
  static func text(_ certificate: Certificate) -> String {
    let interval = certificate.interval
    var lines = [
      "\(certificate.data.name): \(certificate.images) images of "
        + "\(certificate.confusion.classes.count) classes",
      "recombination accuracy: \(Format.percent(certificate.accuracy)) (95 %: "
        + "\(Format.percent(interval.low)) to \(Format.percent(interval.high))), chance: "
        + Format.percent(certificate.chance),
    ]
    if let upper = certificate.upperBound {
      lines.append(
        "own head: \(Format.percent(upper.accuracy)); difference (95 %): "
          + "\(points(upper.difference.low)) to \(points(upper.difference.high)) points")
      lines.append(
        "negative flips: \(flips(upper.negativeFlips, certificate)), right under the own head and "
          + "wrong here; positive: \(flips(upper.positiveFlips, certificate)), the reverse")
      if let ratio = certificate.ratio {
        lines.append("recombined / own: \(Format.fixed(ratio, 3))")
      }
    }
    let shared = certificate.featureSpace.shared
    lines += [
      "feature space: "
        + (shared.isEmpty
          ? "none in common, as allowed" : shared.map(\.description).joined(separator: ", ")),
      "verdict: \(certificate.verdict.rawValue)", "  \(certificate.reason)",
    ]
    if certificate.featureSpace.isAligned {
      lines.append("  \(Fit.alignedWords): what they share was reached by dovetail align")
    }
    let confusion = certificate.confusion
    if confusion.outputs.count <= 16 {
      let header = ["", "of"] + confusion.outputs.map { String($0.prefix(10)) }
      lines += [""]
      lines += ResultTable.aligned(
        [header]
          + zip(confusion.classes, confusion.counts).map { name, row in
            [name, "\(row.reduce(0, +))"] + row.map(String.init)
          })
    }
    return lines.joined(separator: "\n")
  }

  private static func flips(_ count: Int, _ certificate: Certificate) -> String {
    "\(count) (\(Format.percent(Double(count) / Double(certificate.images))))"
  }

  private static func points(_ share: Double) -> String {
    (share < 0 ? "" : "+") + Format.fixed(share * 100, 1)
  }
}
