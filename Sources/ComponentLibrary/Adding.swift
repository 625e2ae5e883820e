import Components
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
    try create()
    if try holds(digest) { return (digest, false) }
    let aside = "\(path)/\(Self.asidePrefix)\(UUID().uuidString)"
    guard mkdir(aside, 0o777) == 0 else {
      throw LibraryError(.cannotCreate, aside, "cannot be created: \(Folder.reason())")
    }
    do {
      try Self.write(bytes, to: "\(aside)/\(content.fileName)")
      try Self.sync(aside)
      if rename(aside, "\(path)/\(digest)") != 0 {
        // Another process was faster: its entry has the same bytes.
        guard errno == EEXIST || errno == ENOTEMPTY, try holds(digest) else {
          throw LibraryError(.cannotWrite, aside, "cannot be renamed: \(Folder.reason())")
        }
        try? FileManager.default.removeItem(atPath: aside)
        return (digest, false)
      }
    } catch {
      try? FileManager.default.removeItem(atPath: aside)
      throw error
    }
    try Self.sync(path)
    return (digest, true)
  }

  /// Removes the entry whose content digest begins with `prefix`, damaged or not: it is renamed
  /// aside, then deleted. Of a symbolic link the link alone is removed.
  public func remove(_ prefix: String) throws {
    let names = try Folder(path, followsLink: true).names()
      .filter { $0.hasPrefix(prefix) && Digest.isValid($0) }
    let digest = try names.count == 1 ? names[0] : find(prefix).digest
    let aside = "\(path)/\(Self.asidePrefix)\(UUID().uuidString)"
    guard rename("\(path)/\(digest)", aside) == 0 else {
      throw LibraryError(
        .cannotWrite, "\(path)/\(digest)", "cannot be removed: \(Folder.reason())")
    }
    do {
      try FileManager.default.removeItem(atPath: aside)
    } catch {
      throw LibraryError(
        .cannotWrite, aside, "cannot be deleted: \(error.localizedDescription)")
    }
    try Self.sync(path)
  }

  /// What is being added, or was when its process was stopped.
  static let asidePrefix = ".adding-"

  private func create() throws {
    guard !FileManager.default.fileExists(atPath: path) else { return }
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw LibraryError(
        .cannotCreate, path, "cannot be created: \(error.localizedDescription)")
    }
  }

  /// - Throws: where there is an entry of this name that holds something else.
  private func holds(_ digest: String) throws -> Bool {
    guard try Folder(path, followsLink: true).names().contains(digest) else { return false }
    do {
      _ = try entry(digest)
    } catch {
      throw LibraryError(
        .malformed, "\(path)/\(digest)", "is there already, and damaged (\(error)); remove it")
    }
    return true
  }

  private static func write(_ bytes: [UInt8], to path: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o666)
    guard file >= 0 else {
      throw LibraryError(.cannotWrite, path, "cannot be created: \(Folder.reason())")
    }
    defer { close(file) }
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.write(file, $0.baseAddress! + done, $0.count - done)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw LibraryError(.cannotWrite, path, "cannot be written: \(Folder.reason())")
      }
      done += count
    }
    guard fsync(file) == 0 else {
      throw LibraryError(.cannotWrite, path, "cannot be synced: \(Folder.reason())")
    }
  }

  private static func sync(_ folder: String) throws {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw LibraryError(.cannotWrite, folder, "cannot be synced: \(Folder.reason())")
    }
    // Some network shares cannot sync folders; their files are synced all the same.
    fsync(descriptor)
    close(descriptor)
  }
}
