public import Components
public import Datasets
import Tensors

/// Every extractor with every head, on every data set.
public struct CompatibilityMatrix: Codable, Sendable {
  /// One extractor under one head, on one data set.
  public struct Cell: Codable, Sendable {
    /// The extractor's name as given, a file as a rule.
    public let extractor: String
    /// The head's name, likewise.
    public let head: String
    /// The data set, as printed: "CIFAR-10".
    public let data: String
    /// Where they fit and the data has a class that the head knows.
    public let certificate: Certificate?
    /// What keeps them apart.
    public let mismatches: [Fit.Mismatch]
    /// Why there is no certificate.
    public let reason: String?
  }

  /// Every extractor under every head on every data set.
  public let cells: [Cell]

  /// An extractor's own head among some: that which it was trained with, by the anchor that is the
  /// head itself, or the file that both were cut out of.
  static func ownHead(
    of extractor: Component, among heads: [(name: String, part: Component)]
  ) -> Component? {
    func owns(_ anchor: Anchor, _ head: Component) -> Bool {
      switch anchor.kind {
      case .sharedHead: anchor.digest == head.header.digest
      case .sourceFile: head.header.featureSpace.anchors.contains(anchor)
      default: false
      }
    }
    let anchors = extractor.header.featureSpace.anchors.filter { !$0.isAligned }
    return heads.first { head in anchors.contains { owns($0, head.part) } }?.part
  }

  /// Where an extractor's own head is among the heads, each certificate has its upper bound.
  /// - Parameters:
  ///   - extractors: the rows, with names for people.
  ///   - heads: the columns, likewise.
  ///   - data: as an extractor takes its images; read once for each form.
  ///   - certifier: what measures each pair.
  ///   - allowDifferentSpace: measure parts without a common anchor too.
  ///   - progress: called before each cell.
  public init(
    extractors: [(name: String, part: Component)], heads: [(name: String, part: Component)],
    data: (_ form: PictureForm) throws -> [LabeledImages], certifier: Certifier,
    allowDifferentSpace: Bool = false,
    progress: (_ extractor: String, _ head: String) -> Void = { _, _ in }
  ) throws {
    var byForm: [PictureForm: [LabeledImages]] = [:]
    var cells: [Cell] = []
    for extractor in extractors {
      guard let form = extractor.part.header.preprocessing?.form else {
        throw extractor.part.wrongKind(.extractor, extractor.name)
      }
      let own = Self.ownHead(of: extractor.part, among: heads)
      let sets = try byForm[form] ?? data(form)
      byForm[form] = sets
      for images in sets {
        for head in heads {
          progress(extractor.name, head.name)
          var certificate: Certificate?
          var mismatches: [Fit.Mismatch] = []
          var reason: String?
          do {
            certificate = try certifier.certify(
              extractor.part, head.part, on: images,
              own: own?.header.digest == head.part.header.digest ? nil : own,
              allowDifferentSpace: allowDifferentSpace)
          } catch let error as MisfitError {
            (mismatches, reason) = (error.mismatches, "\(error)")
          } catch let error as NoCommonClassError {
            reason = "\(error)"
          }
          cells.append(
            Cell(
              extractor: extractor.name, head: head.name, data: images.name,
              certificate: certificate, mismatches: mismatches, reason: reason))
        }
      }
    }
    self.cells = cells
  }

  /// The cells that were measured, best first.
  public static func ranked(_ cells: [Cell]) -> [Cell] {
    cells.filter { $0.certificate != nil }.sorted {
      let (a, b) = ($0.certificate!, $1.certificate!)
      return (b.accuracy, $0.extractor, $0.head) < (a.accuracy, $1.extractor, $1.head)
    }
  }
}
