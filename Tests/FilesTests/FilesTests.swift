import Files
import Foundation
import Testing

@Suite struct FilesTests {
  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("dovetail-files-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.path)
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test func aFileIsThereWholeOrNotAtAll() throws {
    try inFolder { folder in
      let path = "\(folder)/a"
      for bytes in [[UInt8](repeating: 7, count: 100_000), [], [1]] {
        try AtomicFile.write(bytes, to: path, synced: bytes.count > 1)
        #expect(try PlainFile.read(path, limit: 100_000) == bytes)
      }
      #expect(try names(folder) == ["a"])
      let error = #expect(throws: FileError.self) {
        try AtomicFile.write([1], to: "\(folder)/a/b")
      }
      #expect(error?.kind == .cannotWrite && error?.path == "\(folder)/a/b")
      #expect(error?.problem == "cannot be written: Not a directory")
      // A folder in its way: nothing is left beside it.
      #expect(throws: FileError.self) { try AtomicFile.write([1], to: folder) }
      #expect(try names(folder) == ["a"])
      // What another machine's process of our id writes aside is not ours.
      let theirs = "\(path).\(getpid())\(AtomicFile.suffix)"
      try FileManager.default.createDirectory(atPath: theirs, withIntermediateDirectories: true)
      try AtomicFile.write([2], to: path)
      #expect(try PlainFile.read(path, limit: 1) == [2])
      try FileManager.default.removeItem(atPath: theirs)
      // Folders above it that are missing are made.
      try AtomicFile.write([1], to: "\(folder)/b/c/d")
      #expect(try names("\(folder)/b/c") == ["d"])
    }
  }

  @Test func onlyPlainFilesAreRead() throws {
    try inFolder { folder in
      func error(_ path: String, limit: Int = 10) -> FileError? {
        #expect(throws: FileError.self) { try PlainFile.read(path, limit: limit) }
      }
      let path = "\(folder)/a"
      try AtomicFile.write([1, 2, 3], to: path)
      try FileManager.default.createSymbolicLink(atPath: "\(folder)/l", withDestinationPath: path)
      #expect(mkfifo("\(folder)/p", 0o600) == 0)
      #expect(error("\(folder)/l")?.problem == "is a symbolic link; none is followed here")
      #expect(error("\(folder)/p")?.problem == "is no regular file")
      #expect(error(folder)?.problem == "is no regular file")
      #expect(error(path, limit: 2)?.problem == "expected at most 2 bytes, got 3")
      #expect(error("\(folder)/b")?.kind == .missing)
      let opened = try Folder(folder)
      #expect(try opened.names() == ["a", "l", "p"] && opened.read("a") == [1, 2, 3])
      #expect(opened.isLink("l") && !opened.isLink("a") && !opened.isLink("none"))
      for (name, kind) in [("l", FileError.Kind.malformed), ("p", .malformed), ("b", .missing)] {
        let error = #expect(throws: FileError.self) { try opened.read(name) }
        #expect(error?.kind == kind && error?.path == "\(folder)/\(name)")
      }
      try Folder.make("\(folder)/c/d")
      try FileManager.default.createSymbolicLink(atPath: "\(folder)/k", withDestinationPath: "c")
      #expect(try opened.folder("c").names() == ["d"])
      #expect(throws: FileError.self) { try opened.folder("k") }
      #expect(throws: FileError.self) { try Folder("\(folder)/k") }
      #expect(try Folder("\(folder)/k", followsLink: true).names() == ["d"])
    }
  }

  @Test func aFolderIsThereWholeOrNotAtAll() throws {
    try inFolder { folder in
      let (path, aside) = ("\(folder)/x", "\(folder)/.aside")
      let files: [(String, [UInt8])] = [("a", [1]), ("b", [2, 3])]
      #expect(try AtomicFolder.make(path, aside: aside, files: files))
      #expect(try !AtomicFolder.make(path, aside: aside, files: [("c", [])], synced: false))
      #expect(try names(folder) == ["x"] && names(path) == ["a", "b"])
      // Of a file that cannot be written nothing is left.
      #expect(throws: FileError.self) {
        try AtomicFolder.make("\(folder)/y", aside: aside, files: [("no/c", [1])])
      }
      #expect(try names(folder) == ["x"])
      try AtomicFolder.remove(path, aside: aside)
      #expect(try names(folder) == [])
      let error = #expect(throws: FileError.self) { try AtomicFolder.remove(path, aside: aside) }
      #expect(error?.description == "\(path): cannot be removed: No such file or directory")
    }
  }

  @Test func aFileGrowsAndIsCut() throws {
    try inFolder { folder in
      let first = try GrowingFile(creating: "\(folder)/log")
      let second = try GrowingFile(creating: "\(folder)/log")
      #expect(second.path == "\(folder)/log.1")
      try first.append([1, 2, 3])
      try GrowingFile(first.path).append([4])
      #expect(try first.sync() == 4 && first.length() == 4)
      try first.cut(to: 2)
      try first.append([5])
      #expect(try PlainFile.read(first.path, limit: 10) == [1, 2, 5])
      #expect(throws: FileError.self) { try GrowingFile("\(folder)/none") }
    }
  }

  @Test func digestsAreThoseOfTheStandard() {
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(Digest.hex(Array("abc".utf8)) == abc && Digest.isValid(abc))
    var builder = Digest.Builder()
    builder.add(Array("a".utf8))
    Array("bc".utf8).withUnsafeBytes { builder.add($0) }
    #expect(builder.hex == abc && builder.bytes.count == 32 && builder.bytes[0] == 0xba)
    #expect(!Digest.isValid(abc.uppercased()) && !Digest.isValid(String(abc.dropLast())))
  }

  @Test func equalValuesAreEqualText() throws {
    let value = ["b/c": [1.5, 2], "a": []]
    #expect(try CanonicalJSON.text(value) == #"{"a":[],"b/c":[1.5,2]}"#)
    let file = String(decoding: try CanonicalJSON.file(["b": 1, "a": 2]), as: UTF8.self)
    #expect(file == "{\n  \"a\" : 2,\n  \"b\" : 1\n}\n")
    #expect(throws: EncodingError.self) { try CanonicalJSON.file([Double.nan]) }
    let infinite = String(
      decoding: try CanonicalJSON.file([-Double.infinity], nonFinite: true), as: UTF8.self)
    #expect(infinite.contains("\"-inf\""))
  }

  @Test func anErrorEndsInItsAdvice() {
    let plain = FileError(kind: .missing, path: "p", problem: "is gone")
    #expect("\(plain)" == "p: is gone")
    let advised = FileError(kind: .missing, path: "p", problem: "is gone", advice: "look \(1)")
    #expect("\(advised)" == "p: is gone; look 1" && advised.advice == "look 1")
  }
}
