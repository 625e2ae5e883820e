package import Foundation
import SystemPackage

/// Files that are there whole or not at all.
package enum AtomicFile {
  /// Of what is being written.
  package static let suffix = ".partial"
  /// Of this process among those of all machines that share a folder, where ids of processes repeat.
  private static let process =
    "\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString.prefix(8))"
  /// Another process may tidy a folder while something is written in it.
  private static let attempts = 3

  /// Writes aside in the same folder, which is made where it is missing; syncs, renames into place,
  /// syncs the folder.
  /// - Parameter synced: false for what may be lost when the machine goes down, such as a cache.
  package static func write(
    _ bytes: some DataProtocol, to path: String, synced: Bool = true
  ) throws(FileError) {
    let aside = "\(path).\(process)\(suffix)"
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    if !FileManager.default.fileExists(atPath: folder) { try Folder.make(folder) }
    do {
      try put(bytes, aside: aside, at: path, synced: synced)
    } catch {
      try? FileManager.default.removeItem(atPath: aside)
      throw FileError(kind: .cannotWrite, path: path, problem: "cannot be written: \(error)")
    }
    // The new name too is on the disk before anything is built on it.
    if synced { syncFolder(folder) }
  }

  private static func put(
    _ bytes: some DataProtocol, aside: String, at path: String, synced: Bool
  ) throws(Errno) {
    for attempt in 1... {
      try write(bytes, to: aside, .truncate, synced: synced)
      do throws(Errno) {
        return try SystemCalls.rename(aside, to: path)
      } catch {
        guard error == .noSuchFileOrDirectory, attempt < attempts else { throw error }
      }
    }
  }

  /// The whole of a file.
  static func write(
    _ bytes: some DataProtocol, to path: String, _ options: FileDescriptor.OpenOptions,
    synced: Bool
  ) throws(Errno) {
    try SystemCalls.typed {
      let file = try FileDescriptor.open(
        path, .writeOnly, options: options.union([.create, .closeOnExec]),
        permissions: [.ownerReadWrite, .groupReadWrite, .otherReadWrite])
      try file.closeAfter {
        for region in bytes.regions { try region.withUnsafeBytes { _ = try file.writeAll($0) } }
        if synced { try SystemCalls.sync(file) }
      }
    }
  }

  /// Some network shares cannot sync folders; their files are synced all the same.
  static func syncFolder(_ path: String) {
    try? SystemCalls.typed {
      let folder = try FileDescriptor.open(
        path, .readOnly, options: [.directory, .closeOnExec])
      try folder.closeAfter { try SystemCalls.sync(folder) }
    }
  }
}
