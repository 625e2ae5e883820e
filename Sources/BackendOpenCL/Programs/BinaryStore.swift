import COpenCL
import Files
import Foundation

/// Binaries of programs, for drivers that keep none themselves and would compile at every start.
///
/// A file a program, `<device>/<program>.bin`: its name a digest of device, driver version, source
/// and options, its content led by a digest of what follows. Files are written aside and renamed, so
/// that processes may share a folder; a file that is damaged, or that the driver no longer takes, is
/// compiled again. What cannot be read or written costs time and nothing else.
public struct BinaryStore: Sendable {
  public let folder: String
  /// The files that were not used for longest make room for new ones.
  public let mostBytes: Int

  public init(folder: String, mostBytes: Int = 256 << 20) {
    (self.folder, self.mostBytes) = (folder, mostBytes)
  }

  func binaries(of device: OpenCLDevice) -> DeviceBinaries {
    DeviceBinaries(
      store: self, device: device.handle,
      identity: [device.platform, device.name, device.version, device.driverVersion])
  }

  /// Removes what was not used for longest, down to `mostBytes`.
  func makeRoom() {
    let manager = FileManager.default
    guard let names = manager.enumerator(atPath: folder) else { return }
    var files: [(path: String, bytes: Int, used: Date)] = []
    for case let name as String in names {
      let path = "\(folder)/\(name)"
      guard let attributes = try? manager.attributesOfItem(atPath: path),
        attributes[.type] as? FileAttributeType == .typeRegular
      else { continue }
      files.append(
        (
          path, (attributes[.size] as? Int) ?? 0,
          (attributes[.modificationDate] as? Date) ?? .distantPast
        ))
    }
    var bytes = files.map(\.bytes).reduce(0, +)
    for file in files.sorted(by: { $0.used < $1.used }) {
      if bytes <= mostBytes { break }
      guard (try? manager.removeItem(atPath: file.path)) != nil else { continue }
      bytes -= file.bytes
    }
  }
}

/// The part of a store that is of one device.
final class DeviceBinaries {
  private let store: BinaryStore
  private let device: cl_device_id
  private let identity: String
  private let folder: String
  private static let mark = Data("dovetail program 1\n".utf8)

  init(store: BinaryStore, device: cl_device_id, identity: [String]) {
    (self.store, self.device) = (store, device)
    self.identity = identity.joined(separator: "\n")
    folder = "\(store.folder)/\(Digest.hex(Data(self.identity.utf8)).prefix(16))"
  }

  /// A built program; nil where none is kept, or the driver does not take it.
  func program(_ text: ProgramText, in context: cl_context) -> cl_program? {
    let path = path(text)
    guard let file = FileManager.default.contents(atPath: path), let binary = Self.content(file)
    else { return nil }
    var status: cl_int = 0
    var target: cl_device_id? = device
    var size = binary.count
    let made = binary.withUnsafeBytes { bytes in
      var pointer = bytes.bindMemory(to: UInt8.self).baseAddress
      return clCreateProgramWithBinary(context, 1, &target, &size, &pointer, nil, &status)
    }
    guard let made, status == CL_SUCCESS else { return nil }
    guard clBuildProgram(made, 1, &target, "", nil, nil) == CL_SUCCESS else {
      clReleaseProgram(made)
      return nil
    }
    // So that it is not the one that makes room.
    try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: path)
    return made
  }

  /// Whether there is one; it may turn out to be damaged.
  func holds(_ text: ProgramText) -> Bool { FileManager.default.fileExists(atPath: path(text)) }

  func keep(_ program: cl_program, _ text: ProgramText) {
    var size = 0
    guard
      clGetProgramInfo(
        program, cl_program_info(CL_PROGRAM_BINARY_SIZES), MemoryLayout<Int>.size, &size, nil)
        == CL_SUCCESS, size > 0, size < store.mostBytes
    else { return }
    var binary = Data(count: size)
    let status = binary.withUnsafeMutableBytes { bytes in
      var pointer = bytes.baseAddress
      return clGetProgramInfo(
        program, cl_program_info(CL_PROGRAM_BINARIES),
        MemoryLayout<UnsafeMutableRawPointer?>.size, &pointer, nil)
    }
    guard status == CL_SUCCESS else { return }
    let file = Self.mark + Data(Digest.hex(binary).utf8) + binary
    do {
      try Folder.make(folder)
      try AtomicFile.write(file, to: path(text), synced: false)
    } catch { return }
    store.makeRoom()
  }

  private func path(_ text: ProgramText) -> String {
    let words = [identity, text.kernel, text.options.joined(separator: "\n"), text.source]
    return "\(folder)/\(Digest.hex(Data(words.joined(separator: "\u{0}").utf8)).prefix(32)).bin"
  }

  /// What follows mark and digest, where the digest is right.
  private static func content(_ file: Data) -> Data? {
    guard file.count > mark.count + 64, file.prefix(mark.count) == mark else { return nil }
    let digest = file.dropFirst(mark.count).prefix(64)
    let binary = Data(file.dropFirst(mark.count + 64))
    return Data(Digest.hex(binary).utf8) == digest ? binary : nil
  }
}
