import Files
import Foundation
import Reporting
import Testing

@Suite struct EventFileTests {
  /// A folder of its own for a test; gone after it.
  static func inFolder<R>(_ body: (String) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("events-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
  }

  /// RFC 3720, B.4, and the usual check value.
  @Test func checksumsAreTheKnownOnes() {
    #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(CRC32C.checksum([]) == 0)
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.checksum(Array(0..<32)) == 0x46DD_794E)
  }

  /// Fixtures/make-events.py wrote the same events with TensorBoard's package.
  @Test func bytesAreTensorBoards() throws {
    let url = try #require(
      Bundle.module.url(forResource: "Fixtures/events", withExtension: "bin"))
    let expected = try Data(contentsOf: url)
    let found = try Self.inFolder { folder in
      let file = try EventFile(
        directory: folder, startTime: 1_700_000_000.5, host: "box", resumedAt: 7)
      try file.add(
        tag: "loss/cifar10/target", value: 2.302585092994046, step: 0, wallTime: 1_700_000_001.25)
      try file.add(
        [("learning-rate", 0.1), ("recombination/é ↔ <b>", -0.0)], step: 1,
        wallTime: 1_700_000_002)
      try file.add(
        [(String(repeating: "a", count: 200), 1e-40), ("none", .infinity)], step: 3_000_000_000,
        wallTime: 1_700_000_003)
      try file.add(tag: "before", value: 1.5, step: -1, wallTime: -1)
      #expect(file.path == "\(folder)/events.out.tfevents.1700000000.box")
      // Read while the writer still has it open: nothing waits in a buffer.
      return try Data(contentsOf: URL(fileURLWithPath: file.path))
    }
    #expect(found == expected)
  }

  @Test func filesOfOneSecondStandBesideEachOther() throws {
    try Self.inFolder { folder in
      let first = try EventFile(directory: folder, startTime: 12, host: "a/b c")
      let second = try EventFile(directory: folder, startTime: 12.9, host: "a/b c")
      try second.add(tag: "x", value: 1, step: 1, wallTime: 13)
      #expect(first.path == "\(folder)/events.out.tfevents.12.a_b_c")
      #expect(second.path == "\(folder)/events.out.tfevents.12.a_b_c.1")
      let sizes = try [first, second].map {
        try Data(contentsOf: URL(fileURLWithPath: $0.path)).count
      }
      #expect(sizes[0] < sizes[1])
    }
  }

  @Test func aMissingDirectoryIsNamed() {
    do {
      _ = try EventFile(directory: "/nowhere/at/all", startTime: 1, host: "h")
      Issue.record("made a file in a missing directory")
    } catch {
      #expect(error.kind == .cannotCreate)
      #expect(
        error.description
          == "/nowhere/at/all/events.out.tfevents.1.h: cannot be created: No such file or directory"
      )
    }
  }

  @Test func theHostHasAName() { #expect(!EventFile.hostName.isEmpty) }
}
