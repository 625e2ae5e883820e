import ArgumentParser
import Dovetail

struct LibraryVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check every digest and certificate of a library.",
    discussion: """
      With --data, certificates that were measured on these images and whose parts are in the \
      library are measured again. Exit status 3 where something is not as it should be.
      """)

  struct Report: Encodable {
    var entries: Int
    var certificates: Int
    var measuredAgain = 0
    /// Of processes that were stopped while they added; to be deleted at leisure.
    var unfinished: Int
    var problems: [ComponentLibrary.Problem]
  }

  @Argument(help: ArgumentHelp("The library.", valueName: "dir")) var library: String
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("Labeled images; may be repeated.", valueName: "kind=path"),
    transform: DataChoice.read)
  var data: [DataChoice] = []
  @OptionGroup var split: SplitOption
  @OptionGroup var device: DeviceOption
  @OptionGroup var json: JSONOption

  func validate() throws { try split.require(for: data) }

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      let contents = try ComponentLibrary(library).contents()
      let certificates = contents.entries.compactMap { entry in
        entry.certificate.map { (entry.path, $0) }
      }
      var report = Report(
        entries: contents.entries.count, certificates: certificates.count,
        unfinished: contents.unfinished, problems: contents.problems)
      if !data.isEmpty {
        let backend = try device.open()
        for (path, certificate) in certificates {
          guard let differences = try evaluate(certificate, contents.entries, on: backend) else {
            continue
          }
          report.measuredAgain += 1
          report.problems += differences.map { .init(path: path, problem: $0) }
        }
      }
      try json.write(report)
      for problem in report.problems { Console.log("dovetail: \(problem)") }
      if !json.takesStdout {
        Console.print(
          "\(report.entries) entries, \(report.certificates) of them certificates, "
            + "\(report.measuredAgain) measured again; problems: \(report.problems.count)")
        if report.unfinished > 0 {
          Console.print(
            "\(report.unfinished) unfinished additions (.adding-…): delete them when nobody adds")
        }
      }
      if !report.problems.isEmpty { throw ExitCode(3) }
    }
  }

  /// - Returns: what a new measurement says otherwise; nil where parts or images are not here.
  private func evaluate(
    _ certificate: Certificate, _ entries: [ComponentLibrary.Entry], on backend: any Backend
  ) throws -> [String]? {
    func file(_ weights: String) -> String? { entries.first { $0.weights == weights }?.path }
    guard let from = file(certificate.extractor.digest), let to = file(certificate.head.digest)
    else { return nil }
    let own = certificate.upperBound.map { file($0.head.digest) }
    if let own, own == nil { return nil }
    let extractor = try ComponentFile.read(from, as: .extractor)
    for choice in data {
      let dataset = try choice.load(extractor.header.preprocessing!.form, split)
      guard dataset.digest == certificate.data.digest else { continue }
      let measured = try Certifier(
        batchSize: certificate.batchSize, seed: certificate.relabeling.seed, on: backend
      ).certify(
        extractor, try ComponentFile.read(to, as: .head),
        on: try LabeledImages(
          dataset, kind: choice.kind, synonyms: certificate.data.synonyms),
        own: try own?.map { try ComponentFile.read($0, as: .head) },
        allowDifferentSpace: certificate.featureSpace.differentSpaceAllowed)
      return certificate.differences(from: measured)
    }
    return nil
  }
}
