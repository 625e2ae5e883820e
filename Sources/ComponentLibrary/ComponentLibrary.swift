public import Certification
public import Components
public import Files

/// A directory of components, models and certificates, for git or a share: one folder an entry,
/// named by the SHA-256 of the one file in it. There is no index and no lock, and nothing is
/// fetched from anywhere.
///
///     <digest>/component.safetensors
///     <digest>/certificate.json
///
/// Names that begin with a dot, and README files, are none of the library's business. No symbolic
/// link in it is followed.
public struct ComponentLibrary: Sendable {
  /// Its directory.
  public let path: String

  /// The library in a directory; nothing is read yet.
  public init(_ path: String) { self.path = path }

  /// One file of the library.
  public struct Entry: Sendable {
    /// What an entry's file holds.
    public enum Content: Sendable {
      /// A component or a model: what its file says of itself.
      case component(ComponentFile.Summary)
      case certificate(Certificate)
    }

    /// SHA-256 of its file: its name.
    public let digest: String
    /// What was read from its file.
    public let content: Content
    /// Of its file.
    public let path: String
  }

  /// What is not as it should be.
  public struct Problem: Codable, Sendable, CustomStringConvertible {
    /// The file or folder.
    public let path: String
    /// What is wrong with it.
    public let problem: String

    public init(path: String, problem: String) {
      self.path = path
      self.problem = problem
    }

    public var description: String { "\(path): \(problem)" }
  }

  /// Everything in it, by digest, and what cannot be used. Every file is read whole and checked.
  /// - Throws: `FileError` where the directory cannot be read.
  public func contents() throws(FileError) -> (
    entries: [Entry], problems: [Problem], unfinished: Int
  ) {
    let root = try Folder(path, followsLink: true)
    var entries: [Entry] = []
    var problems: [Problem] = []
    var unfinished = 0
    for name in try root.names() {
      if name.hasPrefix(Self.asidePrefix) { unfinished += 1 }
      guard !name.hasPrefix("."), !name.hasPrefix("README") else { continue }
      let place = "\(path)/\(name)"
      if root.isLink(name) {
        problems.append(Problem(path: place, problem: "is a symbolic link; none is followed"))
      } else if !Digest.isValid(name) {
        problems.append(
          Problem(path: place, problem: "is none of a library: its name is no digest"))
      } else {
        do { entries.append(try entry(name)) } catch {
          // Removed meanwhile by another process: no problem.
          if error.kind == .missing, (try? root.folder(name)) == nil { continue }
          problems.append(Problem(path: error.path, problem: error.problem))
        }
      }
    }
    return (entries, problems, unfinished)
  }

  /// - Throws: `FileError` for what is missing, damaged or more than one file.
  func entry(_ digest: String) throws(FileError) -> Entry {
    let folder = try Folder(path, followsLink: true).folder(digest)
    let names = try folder.names()
    guard names.count == 1, let name = names.first else {
      throw FileError(
        kind: .malformed, path: folder.path,
        problem: "expected one file, got \(names.joined(separator: ", "))")
    }
    let file = "\(folder.path)/\(name)"
    let bytes = try folder.read(name)
    let found = Digest.hex(bytes)
    guard found == digest else {
      throw FileError(
        kind: .malformed, path: file,
        problem: "is damaged: its bytes have the digest \(found); add it again")
    }
    let content = try Entry.Content(bytes: bytes, path: file)
    guard content.fileName == name else {
      throw FileError(
        kind: .malformed, path: file, problem: "expected the name \(content.fileName)")
    }
    return Entry(digest: digest, content: content, path: file)
  }

  /// The entry whose content digest, or else the only one whose weights' digest, begins with
  /// `prefix`.
  public func find(_ prefix: String) throws -> Entry {
    let entries = try contents().entries
    for digest in [\.digest, \.weights] as [(Entry) -> String] {
      let found = entries.filter { digest($0).hasPrefix(prefix) }
      if found.count == 1 { return found[0] }
      if found.count > 1 {
        throw FileError(
          kind: .ambiguous, path: path,
          problem: "\(found.count) entries begin with \(prefix); give more digits")
      }
    }
    throw FileError(
      kind: .missing, path: path, problem: "holds no entry that begins with \(prefix)")
  }
}

extension ComponentLibrary.Entry {
  /// Digest of the weights; none of a certificate's.
  public var weights: String { component?.digest ?? "" }

  /// What a component's or a model's file says; nil of a certificate.
  public var component: ComponentFile.Summary? {
    if case .component(let description) = content { description } else { nil }
  }

  /// The certificate; nil of a component.
  public var certificate: Certificate? {
    if case .certificate(let certificate) = content { certificate } else { nil }
  }
}

extension ComponentLibrary.Entry.Content {
  /// - Throws: `FileError` for what is neither a component nor a consistent certificate.
  init(bytes: [UInt8], path: String) throws(FileError) {
    guard bytes.first == UInt8(ascii: "{") else {
      self = .component(try ComponentFile.Contents(bytes: bytes, path: path).summary)
      return
    }
    let certificate = try Certificate(json: bytes, path: path)
    guard certificate.isConsistent else {
      throw FileError(
        kind: .malformed, path: path,
        problem: "is a certificate whose figures do not follow from its counts")
    }
    self = .certificate(certificate)
  }

  var fileName: String {
    switch self {
    case .component: "component.safetensors"
    case .certificate: "certificate.json"
    }
  }
}
