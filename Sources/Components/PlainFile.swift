public import Foundation

/// Reading what other programs may have put there.
public enum PlainFile {
  /// The bytes of a regular file, none of which are read where there are more than `limit`; no
  /// symbolic link is followed in the last part of the path.
  /// - Throws: `ComponentFileError`, `missing` or `malformed`.
  public static func read(_ path: String, limit: Int) throws(ComponentFileError) -> [UInt8] {
    // Without blocking: a pipe has no place here either.
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard file >= 0 else {
      if errno == ELOOP {
        throw ComponentFileError(
          kind: .malformed, path: path, problem: "is a symbolic link; none is followed here")
      }
      throw ComponentFileError(
        kind: .missing, path: path, problem: "cannot be read: \(String(cString: strerror(errno)))")
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ComponentFileError(kind: .malformed, path: path, problem: "is no regular file")
    }
    guard status.st_size <= limit else {
      throw ComponentFileError(
        kind: .malformed, path: path,
        problem: "expected at most \(limit) bytes, got \(status.st_size)")
    }
    guard let data = try? FileHandle(fileDescriptor: file).read(upToCount: limit) ?? Data() else {
      throw ComponentFileError(kind: .missing, path: path, problem: "cannot be read to its end")
    }
    return [UInt8](data)
  }
}
