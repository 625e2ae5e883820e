import Foundation
import SystemPackage

/// Folders that are there whole or not at all, whoever else makes or removes the same one, and
/// whoever is killed.
package enum AtomicFolder {
  /// Makes the folder aside, with its files, syncs all, and renames it into place.
  /// - Parameters:
  ///   - aside: path of a folder beside it that does not exist.
  ///   - isPrivate: whether the user alone may enter it.
  ///   - synced: false for what may be lost when the machine goes down, such as a cache.
  /// - Returns: false where a folder of this name is there already; it stays as it is.
  package static func make(
    _ path: String, aside: String, files: [(name: String, bytes: [UInt8])],
    isPrivate: Bool = false, synced: Bool = true
  ) throws(FileError) -> Bool {
    let permissions = FilePermissions(rawValue: isPrivate ? 0o700 : 0o777)
    do { try SystemCalls.makeFolder(aside, permissions) } catch {
      throw FileError(kind: .cannotCreate, path: aside, problem: "cannot be created: \(error)")
    }
    var isInPlace = false
    defer { if !isInPlace { try? FileManager.default.removeItem(atPath: aside) } }
    for (name, bytes) in files {
      let file = "\(aside)/\(name)"
      do {
        try AtomicFile.write(bytes, to: file, [.exclusiveCreate, .noFollow], synced: synced)
      } catch {
        throw FileError(kind: .cannotWrite, path: file, problem: "cannot be written: \(error)")
      }
    }
    if synced { AtomicFile.syncFolder(aside) }
    do {
      try SystemCalls.rename(aside, to: path)
      isInPlace = true
    } catch {
      if error == .fileExists || error == .directoryNotEmpty { return false }
      throw FileError(kind: .cannotWrite, path: aside, problem: "cannot be renamed: \(error)")
    }
    if synced { AtomicFile.syncFolder(parent(path)) }
    return true
  }

  /// Renames it aside, then deletes it. Of a symbolic link the link alone is removed.
  package static func remove(_ path: String, aside: String) throws(FileError) {
    do { try SystemCalls.rename(path, to: aside) } catch {
      throw FileError(kind: .cannotWrite, path: path, problem: "cannot be removed: \(error)")
    }
    do { try FileManager.default.removeItem(atPath: aside) } catch {
      throw FileError(
        kind: .cannotWrite, path: aside, problem: "cannot be deleted: \(error.localizedDescription)"
      )
    }
    AtomicFile.syncFolder(parent(path))
  }

  private static func parent(_ path: String) -> String {
    URL(fileURLWithPath: path).deletingLastPathComponent().path
  }
}
