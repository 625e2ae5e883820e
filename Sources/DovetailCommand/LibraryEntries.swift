public import ArgumentParser
public import Dovetail

struct LibraryAdd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Add component, model and certificate files; make the library where there is none.")

  @Argument(help: ArgumentHelp("The library.", valueName: "dir")) var library: String
  @Argument(help: "Files to add.") var files: [String]

  func run() throws {
    try ExitStatus.reporting {
      for file in files {
        let (digest, isNew) = try ComponentLibrary(library).add(file)
        Console.print("\(digest)  \(file)\(isNew ? "" : "  (was there)")")
      }
    }
  }
}

struct LibraryList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List what a library holds.")

  @Argument(help: ArgumentHelp("The library.", valueName: "dir")) var library: String
  @OptionGroup var json: JSONOption

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      let contents = try ComponentLibrary(library).contents()
      try LibraryTable.write(contents.entries, json)
      for problem in contents.problems { Console.log("dovetail: passed over: \(problem)") }
    }
  }
}

struct LibraryShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show an entry and where it comes from.")

  @Argument(help: ArgumentHelp("The library.", valueName: "dir")) var library: String
  @Argument(help: "The beginning of the digest of an entry or of its weights.")
  var digest: String
  @OptionGroup var json: JSONOption

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      let entry = try ComponentLibrary(library).find(digest)
      try json.write(LibraryTable.Row(entry))
      guard !json.takesStdout else { return }
      Console.print("entry: \(entry.digest)\nfile: \(entry.path)")
      switch entry.content {
      case .component(let component): Console.print(ComponentText.text(component))
      case .certificate(let certificate): Console.print(CertificateTable.text(certificate))
      }
      Console.print("\n" + (try ComponentLibrary(library).lineage(of: entry)))
    }
  }
}

struct LibraryRemove: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove an entry.")

  @Argument(help: ArgumentHelp("The library.", valueName: "dir")) var library: String
  @Argument(help: "The beginning of the digest of an entry or of its weights.")
  var digest: String

  func run() throws {
    try ExitStatus.reporting { try ComponentLibrary(library).remove(digest) }
  }
}

extension ComponentKind: ExpressibleByArgument {}
extension Activation: ExpressibleByArgument {}
extension BatchNormPolicy: ExpressibleByArgument {}

struct LibrarySearch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Find components by interface, feature space and labels; all that is given holds.")

  @Argument(help: ArgumentHelp("The library.", valueName: "dir")) var library: String
  @Option(help: "extractor, head, auxiliary-head or model.") var kind: ComponentKind?
  @Option(help: "Channels at the cut.") var channels: Int?
  @Option(help: "Activation at the cut: none, relu or relu6.") var activation: Activation?
  @Option(help: "batch, running or recalibrated.") var batchNorm: BatchNormPolicy?
  @Option(help: "The beginning of the digest of an anchor of its feature space.")
  var anchor: String?
  @Option(parsing: .singleValue, help: "A class that the head knows; may be repeated.")
  var label: [String] = []
  @Option(help: ArgumentHelp("What fits this extractor or head.", valueName: "file"))
  var fits: String?
  @Flag(help: "Leave out what was aligned, not trained together.") var refuseAligned = false
  @OptionGroup var json: JSONOption

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      var query = ComponentQuery()
      query.refusesAligned = refuseAligned
      query.kind = kind
      query.channels = channels
      query.activation = activation
      query.batchNorm = batchNorm
      query.anchor = anchor
      query.labels = label
      query.fits = try fits.map { try ComponentFile.read($0).header }
      try LibraryTable.write(try ComponentLibrary(library).search(query), json)
    }
  }
}

enum LibraryTable {
  /// An entry as JSON.
  struct Row: Encodable {
    let entry: String
    let file: String
    let component: ComponentFile.Summary?
    let certificate: Certificate?

    init(_ entry: ComponentLibrary.Entry) {
      self.entry = entry.digest
      file = entry.path
      component = entry.component
      certificate = entry.certificate
    }
  }

  static func write(_ entries: [ComponentLibrary.Entry], _ json: JSONOption) throws {
    try json.write(entries.map(Row.init))
    guard !json.takesStdout else { return }
    let rows = entries.map { entry -> [String] in
      let id = String(entry.digest.prefix(12))
      guard let component = entry.component else {
        let certificate = entry.certificate!
        return [
          "\(id)  certificate", certificate.verdict.rawValue, certificate.data.name,
          "\(certificate.extractor.digest.prefix(12)) + \(certificate.head.digest.prefix(12))",
          Format.percent(certificate.accuracy),
        ]
      }
      let part = component.parts[0]
      return [
        "\(id)  \(component.kind.rawValue)",
        component.lineage?.task ?? component.lineage?.origin.rawValue ?? "–",
        "\(part.architecture) \(part.architecture.split)",
        "\(part.interface.channels) \(part.interface.activation.rawValue)",
        component.classNames.map { "\($0.count) classes" } ?? "–",
      ]
    }
    if rows.isEmpty { return Console.print("nothing") }
    // A file gets a line an entry, whatever its width.
    let columns = StandardStream.output.columns
    Console.print(ResultTable.aligned(rows, columns: columns).joined(separator: "\n"))
  }
}
