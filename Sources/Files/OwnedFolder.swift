import Dispatch
import Foundation
import Synchronization
import SystemPackage

/// A folder that one process works in: a file in it, created exclusively, which holds on network
/// shares too, says whose it is. While the folder is held the file is touched every few seconds;
/// one that was left behind, its process gone or its last sign of life long ago, is taken over.
///
/// Ages are differences between times of files in the folder, so clocks of two machines need not
/// agree.
package final class OwnedFolder: Sendable {
  package static let fileName = "run.lock"
  /// What begins with it in a folder is the lock's own.
  package static func isOwn(_ name: String) -> Bool { name.hasPrefix(fileName) }

  /// Who holds a folder.
  package struct Owner: Codable, Equatable, Sendable {
    package let host: String
    /// The running system and its space of process ids: only within both does an id mean anything.
    let system: String
    package let process: Int32
    /// When the process started, as its system counts; 0 where that is not known.
    let processStart: UInt64
    /// Seconds since 1970.
    package let since: Double
    /// Told apart from every other.
    let key: String
  }

  /// Another process has it.
  package struct Taken: Error, Sendable {
    package let owner: Owner?
    /// Seconds since the last sign of life.
    package let age: Double
    package let file: String
  }

  package struct Limits: Sendable {
    /// Seconds between signs of life.
    package var beat = 5.0
    /// Of a process that cannot be asked for, seconds without one until it counts as gone.
    package var silence = 60.0

    package init() {}
  }

  package let path: String
  private let file: FileDescriptor
  private let inode: UInt64
  private let madeFolder: Bool
  private let timer: Heartbeat

  private var lockPath: String { Self.lockPath(path) }
  private static func lockPath(_ folder: String) -> String { "\(folder)/\(fileName)" }

  /// Makes the folder where it is missing, and takes it.
  /// - Parameter log: told where what somebody left behind is taken over.
  /// - Throws: `Taken`, `FileError`.
  package convenience init(_ path: String, log: (String) -> Void) throws {
    try self.init(path, Limits(), log: log)
  }

  package init(_ path: String, _ limits: Limits, log: (String) -> Void) throws {
    self.path = path
    let madeFolder = !FileManager.default.fileExists(atPath: path)
    try Folder.make(path)
    let owner = try Self.owner()
    let text = try CanonicalJSON.line(owner) + [UInt8(ascii: "\n")]
    let lockPath = Self.lockPath(path)
    var file = try Self.create(lockPath, text)
    for _ in 0..<3 where file == nil {
      file = try Self.takeOver(path, text, owner, limits, log: log)
    }
    guard let file else { throw Taken(owner: Self.holder(lockPath), age: 0, file: lockPath) }
    self.file = file
    self.madeFolder = madeFolder
    inode = Self.status(file.rawValue).map { UInt64($0.st_ino) } ?? 0
    timer = Heartbeat(file, every: limits.beat)
  }

  /// Whether the folder is still ours: a process that was held up for long may find that another
  /// one took it for gone.
  package var isHeld: Bool {
    guard let status = Self.status(lockPath) else { return false }
    return UInt64(status.st_ino) == inode
  }

  /// Lets go of it. A folder that was made for it and holds nothing goes, too.
  package func release() {
    guard timer.stop() else { return }
    if isHeld { unlink(lockPath) }
    try? file.close()
    if madeFolder { rmdir(path) }
  }

  deinit { release() }

  // MARK: Taking it

  /// - Returns: nil where there is one.
  private static func create(_ path: String, _ text: [UInt8]) throws -> FileDescriptor? {
    do {
      let file = try SystemCalls.typed {
        try FileDescriptor.open(
          path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
          permissions: [.ownerReadWrite, .groupRead, .otherRead])
      }
      do {
        try SystemCalls.typed { _ = try file.writeAll(text) }
        try SystemCalls.sync(file)
      } catch {
        unlink(path)
        try? file.close()
        throw error
      }
      return file
    } catch Errno.fileExists {
      return nil
    } catch {
      let isFull = [Errno.noSpace, .diskQuotaExceeded].contains { $0 == error as? Errno }
      throw FileError(
        kind: isFull ? .cannotWrite : .cannotCreate, path: path,
        problem: "cannot be created: \(error)")
    }
  }

  /// Where the one that is there was left behind, makes ours in its place. Of several that try one
  /// is alone while it does, by a file that is created exclusively like the lock itself.
  private static func takeOver(
    _ folder: String, _ text: [UInt8], _ us: Owner, _ limits: Limits, log: (String) -> Void
  ) throws -> FileDescriptor? {
    let path = lockPath(folder)
    let guardPath = "\(path).taking"
    guard let ours = try create(guardPath, text) else {
      // Held for an instant; one that is old was left by a process that was killed in it.
      let there = status(guardPath)?.st_ino
      if let age = age(of: guardPath, in: folder, us), age > limits.silence {
        let aside = "\(guardPath).\(us.key)"
        if rename(guardPath, aside) == 0 {
          // Another process may have done the same, and be in it: its file goes back.
          if status(aside)?.st_ino == there { unlink(aside) } else { rename(aside, guardPath) }
        }
      } else {
        usleep(100_000)
      }
      return nil
    }
    defer {
      unlink(guardPath)
      try? ours.close()
    }
    guard status(path) != nil else { return try create(path, text) }
    let there = holder(path)
    let age = self.age(of: path, in: folder, us) ?? 0
    guard let reason = gone(there, us, age: age, limits) else {
      throw Taken(owner: there, age: age, file: path)
    }
    log(
      "\(path): left behind by \(there.map(describe) ?? "a process that did not say its name"), "
        + "\(reason); it is taken over")
    unlink(path)
    return try create(path, text)
  }

  /// Why it counts as gone; nil where it does not.
  private static func gone(
    _ there: Owner?, _ us: Owner, age: Double, _ limits: Limits
  ) -> String? {
    if let there, there.system == us.system, !us.system.isEmpty {
      let start = processStart(there.process)
      let lives = start != nil && (there.processStart == 0 || start == there.processStart)
      return lives ? nil : "which has ended"
    }
    return age > limits.silence ? "whose last sign of life was \(Int(age)) s ago" : nil
  }

  package static func describe(_ owner: Owner) -> String {
    let date = ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: owner.since))
    return "process \(owner.process) on \(owner.host), since \(date)"
  }

  private static func holder(_ path: String) -> Owner? {
    guard let bytes = try? PlainFile.read(path, limit: 1 << 16) else { return nil }
    return try? JSONDecoder().decode(Owner.self, from: Data(bytes))
  }

  /// By the times that the folder's file system gives to files.
  private static func age(of path: String, in folder: String, _ us: Owner) -> Double? {
    let probe = "\(folder)/\(fileName).now.\(us.key)"
    guard let now = (try? create(probe, [0])) ?? nil else { return nil }
    defer {
      try? now.close()
      unlink(probe)
    }
    guard let there = status(path), let here = status(now.rawValue) else { return nil }
    func seconds(_ status: stat) -> Double {
      Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) * 1e-9
    }
    return max(0, seconds(here) - seconds(there))
  }

  // MARK: The system

  private static func owner() throws -> Owner {
    func text(_ path: String) -> String {
      (try? String(contentsOfFile: path, encoding: .utf8))?
        .trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    }
    let boot = text("/proc/sys/kernel/random/boot_id")
    let space =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
    let process = getpid()
    return Owner(
      host: ProcessInfo.processInfo.hostName,
      system: boot.isEmpty || space.isEmpty ? "" : "\(boot) \(space)", process: process,
      processStart: processStart(process) ?? 0, since: Date().timeIntervalSince1970,
      key: UUID().uuidString)
  }

  /// Field 22 of `/proc/<id>/stat`; nil where there is no such process, or it is dead already.
  private static func processStart(_ process: Int32) -> UInt64? {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
    return UInt64(fields[19])
  }

  private static func status(_ path: String) -> stat? {
    var status = stat()
    return lstat(path, &status) == 0 ? status : nil
  }

  private static func status(_ file: CInt) -> stat? {
    var status = stat()
    return fstat(file, &status) == 0 ? status : nil
  }
}

/// Touches a file every few seconds.
private final class Heartbeat: Sendable {
  /// Nil once it has stopped: the number may then be another file's.
  private let file: Mutex<CInt?>
  private let seconds: Double

  init(_ file: FileDescriptor, every seconds: Double) {
    self.file = Mutex(file.rawValue)
    self.seconds = seconds
    wait()
  }

  private func wait() {
    DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + seconds) { [weak self] in
      guard let self, self.beat() else { return }
      self.wait()
    }
  }

  private func beat() -> Bool {
    file.withLock { file in
      guard let file else { return false }
      _ = futimens(file, nil)
      return true
    }
  }

  /// - Returns: false where it was stopped before.
  func stop() -> Bool {
    file.withLock { file in
      defer { file = nil }
      return file != nil
    }
  }
}
