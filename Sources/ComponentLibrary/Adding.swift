import Components
import Files
import Foundation

extension ComponentLibrary {
  /// Adds a component, a model or a certificate; what is there already stays.
  ///
  /// The folder is made aside, synced, and renamed into place: at any moment a library holds whole
  /// entries only, whoever else adds to it, and whoever is killed.
  /// - Returns: its content digest, and whether it was new.
  @discardableResult
  public func add(_ file: String) throws -> (digest: String, isNew: Bool) {
    let bytes = try Folder.read(file: file)
    let content = try Entry.Content(bytes: bytes, path: file)
    let digest = Digest.hex(bytes)
    if !FileManager.default.fileExists(atPath: path) { try Folder.make(path) }
    if try holds(digest) { return (digest, false) }
    let isNew = try AtomicFolder.make(
      "\(path)/\(digest)", aside: aside, files: [(content.fileName, bytes)])
    // Where another process was faster, its entry has the same bytes.
    guard try isNew || holds(digest) else {
      throw FileError(
        kind: .cannotWrite, path: "\(path)/\(digest)",
        problem: "was added and removed meanwhile by another process; add it again")
    }
    return (digest, isNew)
  }

  /// Removes the entry whose content digest begins with `prefix`, damaged or not: it is renamed
  /// aside, then deleted. Of a symbolic link the link alone is removed.
  public func remove(_ prefix: String) throws {
    let names = try Folder(path, followsLink: true).names()
      .filter { $0.hasPrefix(prefix) && Digest.isValid($0) }
    let digest = try names.count == 1 ? names[0] : find(prefix).digest
    try AtomicFolder.remove("\(path)/\(digest)", aside: aside)
  }

  /// What is being added, or was when its process was stopped.
  static let asidePrefix = ".adding-"

  private var aside: String { "\(path)/\(Self.asidePrefix)\(UUID().uuidString)" }

  /// - Throws: where there is an entry of this name that holds something else.
  private func holds(_ digest: String) throws -> Bool {
    guard try Folder(path, followsLink: true).names().contains(digest) else { return false }
    do {
      _ = try entry(digest)
    } catch {
      throw FileError(
        kind: .malformed, path: "\(path)/\(digest)",
        problem: "is there already, and damaged (\(error)); remove it")
    }
    return true
  }
}
