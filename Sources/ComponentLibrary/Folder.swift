import Components
import Foundation

/// A folder by its descriptor: what is reached through it lies in it, as no symbolic link is
/// followed on the way.
final class Folder {
  let descriptor: Int32
  let path: String

  /// - Parameter followsLink: only for the folder that the user named.
  init(_ path: String, followsLink: Bool = false) throws(LibraryError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (followsLink ? 0 : O_NOFOLLOW))
    if descriptor < 0 { throw Self.failure(path, "a folder") }
  }

  private init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close(descriptor) }

  func folder(_ name: String) throws(LibraryError) -> Folder {
    let child = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
    if child < 0 { throw Self.failure("\(path)/\(name)", "a folder") }
    return Folder(descriptor: child, path: "\(path)/\(name)")
  }

  /// Everything in it but `.` and `..`, sorted.
  func names() throws(LibraryError) -> [String] {
    // The stream owns its descriptor and moves it: a new one each time.
    let own = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard own >= 0, let stream = fdopendir(own) else { throw Self.failure(path, "a folder") }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  func isLink(_ name: String) -> Bool {
    var status = stat()
    return fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0
      && status.st_mode & S_IFMT == S_IFLNK
  }

  /// The bytes of a regular file.
  func read(_ name: String) throws(LibraryError) -> [UInt8] {
    let path = "\(path)/\(name)"
    let file = openat(descriptor, name, PlainFile.flags)
    if file < 0 { throw Self.failure(path, "a file") }
    defer { close(file) }
    return try Self.read(file, path)
  }

  /// The bytes of a regular file that the user named.
  static func read(file path: String) throws(LibraryError) -> [UInt8] {
    let file = open(path, PlainFile.flags)
    if file < 0 { throw failure(path, "a file") }
    defer { close(file) }
    return try read(file, path)
  }

  private static func read(_ file: Int32, _ path: String) throws(LibraryError) -> [UInt8] {
    do { return try PlainFile.read(file, path: path) } catch {
      throw LibraryError(.malformed, path, error.problem)
    }
  }

  private static func failure(_ path: String, _ wanted: String) -> LibraryError {
    switch errno {
    case ENOENT: LibraryError(.missing, path, "there is no such file or folder")
    case ELOOP: LibraryError(.malformed, path, "is a symbolic link; none is followed")
    case ENOTDIR: LibraryError(.malformed, path, "is no folder, or a symbolic link to one")
    default: LibraryError(.missing, path, "is not \(wanted) that can be read: \(reason())")
    }
  }

  static func reason() -> String { String(cString: strerror(errno)) }
}

/// What is wrong with a library or with what shall go into it.
public struct LibraryError: Error, CustomStringConvertible, Sendable {
  public enum Kind: Sendable { case missing, malformed, cannotCreate, cannotWrite, usage }
  public let kind: Kind
  public let path: String
  public let problem: String

  public init(_ kind: Kind, _ path: String, _ problem: String) {
    (self.kind, self.path, self.problem) = (kind, path, problem)
  }

  public var description: String { "\(path): \(problem)" }
}
