import Files
import Foundation
import Synchronization

/// Whether a device can be used, and why not.
public struct DeviceVerdict: Codable, Sendable, Equatable {
  public let isUsable: Bool
  /// Why not; empty where it is.
  public let reason: String
  /// Whether that is because a trial took too long.
  var ranOutOfTime: Bool? = nil

  public static let usable = DeviceVerdict(isUsable: true, reason: "")

  public static func unusable(_ reason: String) -> DeviceVerdict {
    DeviceVerdict(isUsable: false, reason: reason)
  }
}

/// Tries devices out, each once for its driver's version and a build of ours, in a process of its
/// own and under a time limit, as a driver may end or hang the process that compiles with it.
public struct DeviceVerdicts: Sendable {
  /// A program and its first arguments; index and family follow. It calls `DeviceTrial.run` and
  /// exits with 0 where that does not throw, else with another status and the reason on stderr.
  public let trial: [String]
  /// Where verdicts are kept; nil: nowhere. What cannot be read or written costs a trial.
  public let folder: String?
  /// Tells builds of ours apart.
  public let build: String
  /// Seconds that a trial may take. A healthy driver takes two at most, or ten on a busy machine.
  public let limit: Double

  public init(trial: [String], folder: String?, build: String, limit: Double = 60) {
    (self.trial, self.folder, self.build, self.limit) = (trial, folder, build, limit)
  }

  /// What the driver says of itself, then the verdict that is kept, then a trial.
  /// - Parameters:
  ///   - device: the device that is judged.
  ///   - family: the kernels that would run on it.
  ///   - triesAgain: whether a verdict that is kept is passed over.
  public func verdict(
    on device: OpenCLDevice, family: KernelFamily, triesAgain: Bool = false
  ) -> DeviceVerdict {
    if let objection = device.objection(to: family) { return .unusable(objection) }
    let path = folder.map { "\($0)/\(name(device, family)).json" }
    if !triesAgain, let path, let data = FileManager.default.contents(atPath: path),
      let kept = try? JSONDecoder().decode(Kept.self, from: data), !kept.hasExpired
    {
      return kept.verdict
    }
    let verdict = tryOut(device, family)
    if let path { keep(Kept(device, family, verdict), at: path) }
    return verdict
  }

  private struct Kept: Codable {
    let device: String
    let driver: String
    let kernels: String
    let verdict: DeviceVerdict
    /// Seconds since 1970.
    let madeAt: Double

    /// Time may run out on a healthy driver, where the machine was busy: that is tried again the
    /// next day.
    var hasExpired: Bool {
      verdict.ranOutOfTime == true && Date().timeIntervalSince1970 - madeAt > 86_400
    }

    init(_ device: OpenCLDevice, _ family: KernelFamily, _ verdict: DeviceVerdict) {
      self.device = device.name
      driver = "\(device.platform) \(device.driverVersion)"
      kernels = family.rawValue
      self.verdict = verdict
      madeAt = Date().timeIntervalSince1970
    }
  }

  private func name(_ device: OpenCLDevice, _ family: KernelFamily) -> String {
    let words = [
      build, device.platform, device.name, device.version, device.driverVersion, family.rawValue,
    ]
    return String(Digest.hex(Data(words.joined(separator: "\n").utf8)).prefix(16))
  }

  private func keep(_ kept: Kept, at path: String) {
    do {
      try Folder.make(URL(fileURLWithPath: path).deletingLastPathComponent().path)
      try AtomicFile.write(try CanonicalJSON.file(kept), to: path, synced: false)
    } catch {}
  }

  // MARK: The process

  private func tryOut(_ device: OpenCLDevice, _ family: KernelFamily) -> DeviceVerdict {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: trial[0])
    process.arguments = trial.dropFirst() + ["\(device.index)", family.rawValue]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    let pipe = Pipe()
    process.standardError = pipe
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    do { try process.run() } catch {
      return .unusable("no process could be started to try it out: \(error)")
    }
    let limit = limit
    let identifier = process.processIdentifier
    // So that reading ends, whatever the process does.
    let ranOut = Atomic(false)
    let watch = DispatchWorkItem {
      ranOut.store(true, ordering: .relaxed)
      kill(identifier, SIGKILL)
    }
    DispatchQueue.global().asyncAfter(deadline: .now() + limit, execute: watch)
    let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    ended.wait()
    let wasKilled = process.terminationReason == .uncaughtSignal
    watch.cancel()
    if !wasKilled && process.terminationStatus == 0 { return .usable }
    let last = Self.telling(said).map { ": \($0)" } ?? ""
    if wasKilled && ranOut.load(ordering: .relaxed) {
      return DeviceVerdict(
        isUsable: false,
        reason: "its driver did not end a small program within \(Int(limit)) s\(last)",
        ranOutOfTime: true)
    }
    if wasKilled {
      return .unusable(
        "its driver ended the process by signal \(process.terminationStatus) on a small "
          + "program\(last)")
    }
    if process.terminationStatus == Self.failure {
      return .unusable("a small program does not run on it\(last)")
    }
    return .unusable(
      "its driver ended the process with status \(process.terminationStatus) on a small "
        + "program\(last)")
  }

  /// The line that says most: the first that speaks of an error, else the last.
  private static func telling(_ text: String) -> String? {
    let lines = text.split(whereSeparator: \.isNewline)
    let telling = lines.first { line in
      ["error", "assert", "fatal"].contains { line.lowercased().contains($0) }
    }
    guard let line = telling ?? lines.last else { return nil }
    return String(line.prefix(300).drop(while: \.isWhitespace)).trimmingSuffix(of: ".")
  }

  /// The status of a trial that throws.
  public static let failure: Int32 = 1
}

extension String {
  fileprivate func trimmingSuffix(of end: Character) -> String {
    var text = self
    while text.last == end { text.removeLast() }
    return text
  }
}
