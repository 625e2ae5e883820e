import Foundation
import SystemPackage

/// A folder by its descriptor: what is reached through it lies in it, as no symbolic link is
/// followed on the way.
package final class Folder {
  package let path: String
  private let descriptor: FileDescriptor

  /// - Parameter followsLink: only for the folder that the user named.
  package init(_ path: String, followsLink: Bool = false) throws(FileError) {
    self.path = path
    var options: FileDescriptor.OpenOptions = [.directory, .closeOnExec]
    if !followsLink { options.insert(.noFollow) }
    do {
      descriptor = try SystemCalls.typed {
        try FileDescriptor.open(path, .readOnly, options: options)
      }
    } catch {
      throw Self.failure(error, path, "a folder")
    }
  }

  private init(_ descriptor: FileDescriptor, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { try? descriptor.close() }

  package func folder(_ name: String) throws(FileError) -> Folder {
    let path = "\(path)/\(name)"
    do {
      let child = try SystemCalls.open(
        name, in: descriptor, [.directory, .closeOnExec, .noFollow])
      return Folder(child, path: path)
    } catch {
      throw Self.failure(error, path, "a folder")
    }
  }

  /// Everything in it but `.` and `..`, sorted.
  package func names() throws(FileError) -> [String] {
    do { return try SystemCalls.names(in: descriptor) } catch {
      throw Self.failure(error, path, "a folder")
    }
  }

  package func isLink(_ name: String) -> Bool {
    let status = try? Stat(name, relativeTo: descriptor, flags: .symlinkNoFollow)
    return status?.type == .symbolicLink
  }

  /// The bytes of a regular file.
  package func read(_ name: String) throws(FileError) -> [UInt8] {
    let path = "\(path)/\(name)"
    let file: FileDescriptor
    do { file = try SystemCalls.open(name, in: descriptor, PlainFile.options) } catch {
      throw Self.failure(error, path, "a file")
    }
    return try PlainFile.close(file) { () throws(FileError) in
      try PlainFile.bytes(of: file, path: path)
    }
  }

  /// The bytes of a regular file that the user named.
  package static func read(file path: String) throws(FileError) -> [UInt8] {
    let file: FileDescriptor
    do {
      file = try SystemCalls.typed {
        try FileDescriptor.open(path, .readOnly, options: PlainFile.options)
      }
    } catch {
      throw failure(error, path, "a file")
    }
    return try PlainFile.close(file) { () throws(FileError) in
      try PlainFile.bytes(of: file, path: path)
    }
  }

  private static func failure(_ error: Errno, _ path: String, _ wanted: String) -> FileError {
    switch error {
    case .noSuchFileOrDirectory:
      FileError(kind: .missing, path: path, problem: "there is no such file or folder")
    case .tooManySymbolicLinkLevels:
      FileError(kind: .malformed, path: path, problem: "is a symbolic link; none is followed")
    case .notDirectory:
      FileError(
        kind: .malformed, path: path, problem: "is no folder, or a symbolic link to one")
    default:
      FileError(kind: .missing, path: path, problem: "is not \(wanted) that can be read: \(error)")
    }
  }

  // MARK: Making

  /// Makes a folder and those above it, where they are missing.
  /// - Parameter kind: of the error where it cannot be made.
  package static func make(
    _ path: String, otherwise kind: FileError.Kind = .cannotCreate
  ) throws(FileError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw FileError(
        kind: kind, path: path, problem: "cannot be created: \(error.localizedDescription)")
    }
  }
}
