import Foundation

/// Files that are there whole or not at all.
public enum AtomicFile {
  /// Of what is being written.
  public static let suffix = ".partial"

  /// Writes aside in the same folder, syncs, renames into place, syncs the folder.
  public static func write(_ bytes: [UInt8], to path: String) throws(ComponentFileError) {
    let aside = "\(path).\(ProcessInfo.processInfo.processIdentifier)\(suffix)"
    do {
      try Data(bytes).write(to: URL(fileURLWithPath: aside))
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: aside))
      try handle.synchronize()
      try handle.close()
    } catch {
      try? FileManager.default.removeItem(atPath: aside)
      throw ComponentFileError(
        kind: .cannotWrite, path: path,
        problem: "cannot be written: \(error.localizedDescription)")
    }
    guard rename(aside, path) == 0 else {
      let reason = String(cString: strerror(errno))
      try? FileManager.default.removeItem(atPath: aside)
      throw ComponentFileError(
        kind: .cannotWrite, path: path, problem: "cannot be written: \(reason)")
    }
    // The new name too is on the disk before anything is built on it.
    let folder = open(URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
  }
}
