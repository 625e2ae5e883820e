public import ArgumentParser
public import Dovetail

/// Which network, where no recipe says so.
struct ArchitectureOptions: ParsableArguments {
  @Option(
    help:
      "Which networks: \(NetworkFamilies.names.map(\.rawValue).joined(separator: ", ")). Default: resnet."
  )
  var architecture: Architecture.Name?
  @Option(help: ArgumentHelp(ArchitectureHelp.depths { $0.benchDepth })) var depth: Int?
  @Option(help: "What the channels are multiplied by.") var width: Double?
  @Option(help: "Strides of a mobilenet-v2 or imagenet-resnet. Default: small up to 64 pixels.")
  var resolution: Architecture.Resolution?

  /// Whether any of them is.
  var isGiven: Bool { architecture != nil || depth != nil || width != nil || resolution != nil }

  /// - Throws: `ArchitectureError` where there is no such network.
  func architecture(imageSize: Int) throws -> Architecture {
    let name = architecture ?? .resnet
    let family = try NetworkFamilies.known(name)
    var network = Architecture(
      name: name, depth: depth ?? family.benchDepth, width: width, imageSize: imageSize)
    if let resolution { network.resolution = resolution }
    do { try network.validate() } catch {
      let option = error.key == "name" ? "architecture" : error.key
      throw ArchitectureError(error.key, "--\(option): \(error)")
    }
    return network
  }
}

/// What the help says of the families that there are.
enum ArchitectureHelp {
  /// “resnet, wide-resnet or mobilenet-v2.”
  static var names: String {
    let names = NetworkFamilies.names.map(\.rawValue)
    return names.dropLast().joined(separator: ", ") + " or \(names.last!)."
  }

  /// “6n + 2 of a resnet (56); …”, the number by `shown`.
  static func depths(_ shown: (any NetworkFamily.Type) -> Int? = { _ in nil }) -> String {
    NetworkFamilies.all.compactMap { family in
      family.depthRule.map { rule in
        "\(rule) of \(family.name.withArticle)" + (shown(family).map { " (\($0))" } ?? "")
      }
    }.joined(separator: "; ") + "."
  }

  /// “stage1 to stage3, … (stage2, …)”, each once.
  static var splits: String {
    func once(_ words: [String]) -> String {
      words.enumerated().filter { !words.prefix($0).contains($1) }.map(\.element)
        .joined(separator: ", ")
    }
    let families = NetworkFamilies.all
    return once(families.map { "\($0.splits.first!) to \($0.splits.last!)" })
      + ": where to cut (\(once(families.map { "\($0.defaultSplit)" })))."
  }
}

extension Architecture.Name: ExpressibleByArgument {
  /// Only names that a family has.
  public init?(argument: String) {
    let name = Architecture.Name(rawValue: argument)
    guard NetworkFamilies.family(named: name) != nil else { return nil }
    self = name
  }

  public static var allValueStrings: [String] { NetworkFamilies.names.map(\.rawValue) }
}

extension Split: ExpressibleByArgument {}

extension Architecture.Resolution: ExpressibleByArgument {}

/// `iiw,rp,dcc`.
struct MethodList: ExpressibleByArgument {
  let methods: [CompatibilityMethod]

  init(methods: [CompatibilityMethod]) { self.methods = methods }

  init?(argument: String) {
    var methods: [CompatibilityMethod] = []
    for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let method = CompatibilityMethod(named: String(name)), !methods.contains(method)
      else { return nil }
      methods.append(method)
    }
    self.methods = methods
  }

  var defaultValueDescription: String { "none" }
}
