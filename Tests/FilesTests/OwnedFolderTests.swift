import Files
import Foundation
import Synchronization
import Testing

/// Folders that one process works in.
@Suite struct OwnedFolderTests {
  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("dovetail-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder)
  }

  @Test func aFolderIsHeldByOneAtATime() throws {
    try inFolder { folder in
      let path = "\(folder)/runs/first"
      let held = try OwnedFolder(path, log: { _ in })
      #expect(held.isHeld)
      let taken = #expect(throws: OwnedFolder.Taken.self) { try OwnedFolder(path, log: { _ in }) }
      #expect(taken?.owner?.process == getpid())
      #expect(taken.flatMap(\.owner).map(OwnedFolder.describe)?.contains("on ") == true)
      // Nothing but the lock is left by whoever was refused.
      #expect(try names(path) == [OwnedFolder.fileName])
      held.release()
      held.release()
      #expect(!held.isHeld && !FileManager.default.fileExists(atPath: path))
      let again = try OwnedFolder(path, log: { _ in })
      try Data([1]).write(to: URL(fileURLWithPath: "\(path)/kept"))
      again.release()
      #expect(try names(path) == ["kept"])
      #expect(throws: FileError.self) { try OwnedFolder("\(path)/kept", log: { _ in }) }
    }
  }

  /// A lock as another process left it.
  private func leave(_ folder: String, _ changes: [String: Any], secondsAgo: Double = 0) throws {
    let path = "\(folder)/\(OwnedFolder.fileName)"
    let own = try OwnedFolder(folder, log: { _ in })
    var fields = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
        as? [String: Any])
    own.release()
    fields.merge(changes) { $1 }
    try JSONSerialization.data(withJSONObject: fields).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -secondsAgo)], ofItemAtPath: path)
  }

  private func ended() throws -> Int {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    return Int(process.processIdentifier)
  }

  @Test func whatAProcessLeftBehindIsTakenOver() throws {
    try inFolder { folder in
      var said: [String] = []
      func take() throws {
        try OwnedFolder(folder, log: { said.append($0) }).release()
      }
      // Of this machine: the process is asked for, however fresh the lock is.
      try leave(folder, ["process": try ended()])
      try take()
      #expect(said.count == 1 && said[0].contains("which has ended; it is taken over"))
      // Its id may be another process's by now.
      try leave(folder, ["processStart": 1])
      try take()
      // Of another machine: by its last sign of life.
      try leave(folder, ["system": "elsewhere", "host": "box"], secondsAgo: 30)
      let taken = #expect(throws: OwnedFolder.Taken.self) { try take() }
      #expect(taken?.owner?.host == "box" && (29...40).contains(taken?.age ?? 0))
      try FileManager.default.removeItem(atPath: "\(folder)/\(OwnedFolder.fileName)")
      try leave(folder, ["system": "elsewhere", "host": "box"], secondsAgo: 90)
      try take()
      #expect(said.last?.contains("on box") == true)
      #expect(said.last?.contains("last sign of life was 9") == true)
      // One that says nothing, too.
      let path = "\(folder)/\(OwnedFolder.fileName)"
      try Data().write(to: URL(fileURLWithPath: path))
      #expect(throws: OwnedFolder.Taken.self) { try take() }
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -90)], ofItemAtPath: path)
      try take()
      #expect(try names(folder) == [])
    }
  }

  @Test func ofManyOneTakesOver() throws {
    try inFolder { folder in
      for round in 0..<20 {
        if round % 2 == 0 { try leave(folder, ["process": try ended()]) }
        let winners = Mutex<[OwnedFolder]>([])
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
          guard let held = try? OwnedFolder(folder, log: { _ in }) else { return }
          winners.withLock { $0.append(held) }
        }
        let count = winners.withLock { $0.count }
        #expect(count == 1)
        winners.withLock { held in
          #expect(held.allSatisfy { $0.isHeld })
          for each in held { each.release() }
        }
        #expect(try names(folder) == [])
      }
    }
  }

  @Test func itGivesSignsOfLifeAndNoticesItsLoss() throws {
    try inFolder { folder in
      var limits = OwnedFolder.Limits()
      limits.beat = 0.05
      let held = try OwnedFolder(folder, limits, log: { _ in })
      defer { held.release() }
      let path = "\(folder)/\(OwnedFolder.fileName)"
      func age() throws -> Double {
        let date = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
        return -(try #require(date as? Date)).timeIntervalSinceNow
      }
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -1000)], ofItemAtPath: path)
      for _ in 0..<100 where try age() > 500 { usleep(20_000) }
      #expect(try age() < 500)
      // Somebody else's in its place.
      try FileManager.default.removeItem(atPath: path)
      try Data([1]).write(to: URL(fileURLWithPath: path))
      #expect(!held.isHeld)
    }
  }
}
