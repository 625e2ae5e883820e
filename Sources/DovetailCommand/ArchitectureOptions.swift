public import ArgumentParser
public import Dovetail

/// Which network, where no recipe says so.
struct ArchitectureOptions: ParsableArguments {
  @Option(
    help: "Which networks: \(Architecture.Name.allCases.map(\.rawValue).joined(separator: ", ")).")
  var architecture = Architecture.Name.resnet
  @Option(help: "6n + 2 of a resnet (56), 6n + 4 of a wide-resnet (28).") var depth: Int?
  @Option(help: "What the channels are multiplied by.") var width: Double?

  /// - Throws: `ArchitectureError` where there is no such network.
  func architecture(imageSize: Int) throws -> Architecture {
    var network = Architecture(
      name: architecture, depth: depth ?? (architecture == .resnet ? 56 : nil), width: width)
    if network.resolution != nil && imageSize >= 64 { network.resolution = .standard }
    try network.validate()
    return network
  }
}

extension Architecture.Name: ExpressibleByArgument {}
extension Split: ExpressibleByArgument {}

/// `iiw,rp,dcc`.
struct MethodList: ExpressibleByArgument {
  let methods: [CompatibilityMethod]

  init(methods: [CompatibilityMethod]) { self.methods = methods }

  init?(argument: String) {
    var methods: [CompatibilityMethod] = []
    for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let method: CompatibilityMethod? =
        switch name {
        case "iiw": .identicalInitialWeights
        case "rp": .rotationPrediction
        case "dcc": .commonClasses
        default: CompatibilityMethod(rawValue: String(name))
        }
      guard let method, !methods.contains(method) else { return nil }
      methods.append(method)
    }
    self.methods = methods
  }

  var defaultValueDescription: String { "none" }
}
