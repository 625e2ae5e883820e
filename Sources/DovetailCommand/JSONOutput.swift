import ArgumentParser
import Dovetail
import Files
import Foundation

struct JSONOption: ParsableArguments {
  @Option(
    name: .customLong("json"),
    help: ArgumentHelp(
      "Also write every result as JSON to this file; - for stdout, which then holds nothing else.",
      valueName: "path"))
  var path: String?

  var takesStdout: Bool { path == "-" }

  /// Before the work: can the file be written where it shall be?
  func check() throws {
    guard let path, path != "-" else { return }
    let folder = URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent().path
    var isFolder: ObjCBool = false
    let files = FileManager.default
    try? files.createDirectory(atPath: folder, withIntermediateDirectories: true)
    guard files.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue,
      files.isWritableFile(atPath: folder)
    else {
      throw OutputError(
        description: "--json \(path): \(folder) is no folder we may write to, and cannot be made")
    }
    if files.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw OutputError(description: "--json \(path): is a folder; give a file")
    }
  }

  func write(_ value: some Encodable) throws {
    guard let path else { return }
    let text = try CanonicalJSON.file(value)
    if path == "-" {
      Console.write(text)
    } else {
      try AtomicFile.write(text, to: path)
    }
  }
}
