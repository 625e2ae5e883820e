import Components
public import Files
import Foundation

extension Certificate {
  /// Does everything follow from what was counted? A certificate whose figures were changed by hand
  /// does not. Whether the counts are true, only measuring again can tell.
  public var isConsistent: Bool {
    guard Self.formats.contains(format), confusion.isValid else { return false }
    if let shuffling {
      guard shuffling.count == Rule.shufflings, shuffling.images > 0,
        (shuffling.rightShuffled + [shuffling.right]).allSatisfy({ 0...shuffling.images ~= $0 })
      else { return false }
    }
    if let upperBound {
      let (b, c) = (upperBound.onlyRecombined, upperBound.onlyOwn)
      guard 0...confusion.right ~= b, 0...(confusion.images - confusion.right) ~= c
      else { return false }
    }
    let again = Certificate(
      extractor: extractor, head: head, data: data, featureSpace: featureSpace,
      batchNorm: batchNorm, batchSize: batchSize, device: device, confusion: confusion,
      own: upperBound.map {
        OwnHead(head: $0.head, onlyRecombined: $0.onlyRecombined, onlyOwn: $0.onlyOwn)
      }, seed: relabeling.seed, format: format, shuffle: { shuffling })
    var own = self
    own.madeBy = again.madeBy
    return own == again
  }

  /// What a new measurement says otherwise; empty where it confirms this one. On another kind of
  /// device rounding differs, and up to 0.5 % of the images may be named otherwise.
  public func differences(from measured: Certificate) -> [String] {
    var found: [String] = []
    func compare(_ what: String, _ certified: some Equatable, _ now: some Equatable) {
      if "\(certified)" != "\(now)" { found.append("\(what): certified \(certified), now \(now)") }
    }
    if !isConsistent { found.append("its figures do not follow from its counts") }
    compare("extractor", extractor.digest, measured.extractor.digest)
    compare("head", head.digest, measured.head.digest)
    compare(
      "own head", upperBound?.head.digest ?? "none", measured.upperBound?.head.digest ?? "none")
    compare("data", data.digest, measured.data.digest)
    compare("classes", confusion.classes, measured.confusion.classes)
    compare("outputs", confusion.outputs, measured.confusion.outputs)
    compare("shared anchors", featureSpace.shared, measured.featureSpace.shared)
    compare("batch-norm policy", batchNorm.rawValue, measured.batchNorm.rawValue)
    // In the words of its own format.
    let relabeling = Rule.relabeling(
      of: measured.confusion, seed: measured.relabeling.seed, format: format)
    let shuffling = Rule.passes(relabeling) ? measured.shuffling : nil
    let judged = Rule.verdict(
      relabeling, shuffling, measured.upperBound, of: measured.confusion, format: format
    ).0
    compare("verdict", verdict.rawValue, judged.rawValue)
    guard found.isEmpty else { return found }
    let allowed = device == measured.device ? 0 : images / 200
    let moved =
      zip(confusion.counts.joined(), measured.confusion.counts.joined())
      .reduce(0) { $0 + abs($1.0 - $1.1) } / 2
    if moved > allowed {
      found.append(
        "accuracy: certified \(accuracy), now \(measured.accuracy); at least \(moved) of \(images) "
          + "images are named otherwise, \(allowed) may be")
    }
    if device == measured.device {
      compare("own head", upperBound?.right ?? 0, measured.upperBound?.right ?? 0)
      compare(
        "shuffled channels", self.shuffling?.rightShuffled ?? [], shuffling?.rightShuffled ?? [])
    }
    return found
  }

  /// Pretty, keys sorted, with a final newline: equal certificates are equal files.
  public var json: [UInt8] {
    get throws {
      try CanonicalJSON.file(self)
    }
  }

  /// - Throws: `FileError` for what is no certificate.
  public init(json: [UInt8], path: String) throws(FileError) {
    do {
      self = try JSONDecoder().decode(Certificate.self, from: Foundation.Data(json))
    } catch {
      throw FileError(
        kind: .malformed, path: path, problem: "is no certificate: its JSON cannot be understood")
    }
    guard Self.formats.contains(format) else {
      throw FileError(
        kind: .malformed, path: path,
        problem: "expected the format \(Self.formats.joined(separator: " or ")), got \(format)")
    }
  }
}
