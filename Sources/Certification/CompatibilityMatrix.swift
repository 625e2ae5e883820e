public import Components
public import Datasets
import Tensors

/// Every extractor with every head, on every data set.
public struct CompatibilityMatrix: Codable, Sendable {
  public struct Cell: Codable, Sendable {
    /// Names as given, files as a rule.
    public let extractor: String
    public let head: String
    public let data: String
    /// Where they fit and the data has a class that the head knows.
    public let certificate: Certificate?
    /// What keeps them apart.
    public let mismatches: [Fit.Mismatch]
    /// Why there is no certificate.
    public let reason: String?
  }

  public let cells: [Cell]

  /// - Parameters:
  ///   - data: as an extractor takes its images; read once for each form.
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
              extractor.part, head.part, on: images, allowDifferentSpace: allowDifferentSpace)
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
