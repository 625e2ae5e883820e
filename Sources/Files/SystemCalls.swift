import Foundation
import SystemPackage

/// The system calls that swift-system lacks, in its manner: they throw `Errno`.
enum SystemCalls {
  /// swift-system's own calls throw nothing but `Errno`, which their types do not say.
  static func typed<Result>(_ call: () throws -> Result) throws(Errno) -> Result {
    do { return try call() } catch { throw error as? Errno ?? .ioError }
  }

  /// A file or folder in an open folder, to be read.
  static func open(
    _ name: String, in folder: FileDescriptor, _ options: FileDescriptor.OpenOptions
  ) throws(Errno) -> FileDescriptor {
    let flags = FileDescriptor.AccessMode.readOnly.rawValue | options.rawValue
    return FileDescriptor(rawValue: try check(openat(folder.rawValue, name, flags)))
  }

  /// Everything in a folder but `.` and `..`, sorted.
  static func names(in folder: FileDescriptor) throws(Errno) -> [String] {
    // The stream owns its descriptor and moves it: a new one each time.
    let own = try open(".", in: folder, [.directory, .closeOnExec])
    guard let stream = fdopendir(own.rawValue) else { throw last }
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

  static func makeFolder(_ path: String, _ permissions: FilePermissions) throws(Errno) {
    _ = try check(mkdir(path, permissions.rawValue))
  }

  static func rename(_ old: String, to new: String) throws(Errno) {
    _ = try check(Foundation.rename(old, new))
  }

  /// Puts it on the disk.
  static func sync(_ file: FileDescriptor) throws(Errno) {
    _ = try check(fsync(file.rawValue))
  }

  private static var last: Errno { Errno(rawValue: errno) }

  private static func check(_ status: CInt) throws(Errno) -> CInt {
    guard status >= 0 else { throw last }
    return status
  }
}
