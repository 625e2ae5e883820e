import SystemPackage

/// Reading what other programs may have put there.
package enum PlainFile {
  /// To open a file with: without following a symbolic link in the last part of its path, and
  /// without waiting for the other end of a pipe.
  static let options: FileDescriptor.OpenOptions = [.closeOnExec, .noFollow, .nonBlocking]

  /// The bytes of a regular file.
  /// - Parameter limit: a file of more bytes is not read.
  /// - Throws: `missing` or `malformed`.
  package static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    do {
      let file = try SystemCalls.typed {
        try FileDescriptor.open(path, .readOnly, options: options)
      }
      return try close(file) { () throws(FileError) in
        try bytes(of: file, path: path, limit: limit)
      }
    } catch let error as FileError {
      throw error
    } catch Errno.tooManySymbolicLinkLevels {
      throw FileError(
        kind: .malformed, path: path, problem: "is a symbolic link; none is followed here")
    } catch {
      throw FileError(kind: .missing, path: path, problem: "cannot be read: \(error)")
    }
  }

  /// The same of a file that is open.
  static func bytes(
    of file: FileDescriptor, path: String, limit: Int = .max
  ) throws(FileError) -> [UInt8] {
    func malformed(_ problem: String) -> FileError {
      FileError(kind: .malformed, path: path, problem: problem)
    }
    guard let status = try? file.stat(), status.type == .regular else {
      throw malformed("is no regular file")
    }
    guard status.size <= limit else {
      throw malformed("expected at most \(limit) bytes, got \(status.size)")
    }
    var bytes = [UInt8](repeating: 0, count: Int(status.size))
    var done = 0
    while done < bytes.count {
      let count = try? bytes.withUnsafeMutableBytes {
        try file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[done...]))
      }
      guard let count, count > 0 else { throw malformed("could not be read to its end") }
      done += count
    }
    return bytes
  }

  /// Closes the file after `body`, whatever comes of it.
  static func close<Result>(
    _ file: FileDescriptor, after body: () throws(FileError) -> Result
  ) throws(FileError) -> Result {
    defer { try? file.close() }
    return try body()
  }
}
