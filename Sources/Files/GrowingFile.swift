import SystemPackage

/// A file that is written at its end while a run goes on. There is no buffer of ours: what was
/// appended is with the system.
package final class GrowingFile {
  package let path: String
  private let file: FileDescriptor

  /// A file that is there.
  package init(_ path: String) throws(FileError) {
    self.path = path
    do {
      file = try SystemCalls.typed {
        try FileDescriptor.open(path, .writeOnly, options: [.append, .closeOnExec])
      }
    } catch {
      throw FileError(kind: .cannotWrite, path: path, problem: "cannot be written: \(error)")
    }
  }

  /// A new file: of this path or, where there is one, this path with `.1` and so on at its end.
  package init(creating wanted: String) throws(FileError) {
    var path = wanted
    var copies = 0
    while true {
      do {
        file = try SystemCalls.typed {
          try FileDescriptor.open(
            path, .writeOnly, options: [.create, .exclusiveCreate, .append, .closeOnExec],
            permissions: [.ownerReadWrite, .groupRead, .otherRead])
        }
        break
      } catch .fileExists {
        copies += 1
        path = "\(wanted).\(copies)"
      } catch {
        throw FileError(kind: .cannotCreate, path: path, problem: "cannot be created: \(error)")
      }
    }
    self.path = path
  }

  deinit { try? file.close() }

  package func append(_ bytes: [UInt8]) throws(FileError) {
    try writing { _ = try file.writeAll(bytes) }
  }

  /// Puts it on the disk as it is.
  /// - Returns: its length.
  package func sync() throws(FileError) -> Int {
    try writing {
      try SystemCalls.sync(file)
      return Int(try file.seek(offset: 0, from: .end))
    }
  }

  package func length() throws(FileError) -> Int {
    try writing { Int(try file.seek(offset: 0, from: .end)) }
  }

  /// Drops what follows the first `length` bytes.
  package func cut(to length: Int) throws(FileError) {
    try writing { try file.resize(to: Int64(length)) }
  }

  private func writing<Result>(_ body: () throws -> Result) throws(FileError) -> Result {
    do { return try body() } catch {
      throw FileError(kind: .cannotWrite, path: path, problem: "cannot be written: \(error)")
    }
  }
}
