import Foundation

/// Reading what other programs may have put there.
public enum PlainFile {
  /// To open a file with: without following a symbolic link in the last part of its path, and
  /// without waiting for the other end of a pipe.
  public static let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK

  /// The bytes of a regular file.
  /// - Parameter limit: a file of more bytes is not read.
  /// - Throws: `ComponentFileError`, `missing` or `malformed`.
  public static func read(_ path: String, limit: Int) throws(ComponentFileError) -> [UInt8] {
    let file = open(path, flags)
    guard file >= 0 else {
      if errno == ELOOP {
        throw ComponentFileError(
          kind: .malformed, path: path, problem: "is a symbolic link; none is followed here")
      }
      throw ComponentFileError(
        kind: .missing, path: path, problem: "cannot be read: \(String(cString: strerror(errno)))")
    }
    defer { close(file) }
    return try read(file, path: path, limit: limit)
  }

  /// The same of a file that is open.
  public static func read(
    _ file: Int32, path: String, limit: Int = .max
  ) throws(ComponentFileError) -> [UInt8] {
    func malformed(_ problem: String) -> ComponentFileError {
      ComponentFileError(kind: .malformed, path: path, problem: problem)
    }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw malformed("is no regular file")
    }
    guard status.st_size <= limit else {
      throw malformed("expected at most \(limit) bytes, got \(status.st_size)")
    }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeMutableBytes {
        Foundation.read(file, $0.baseAddress! + done, $0.count - done)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw malformed("could not be read to its end") }
      done += count
    }
    return bytes
  }
}
