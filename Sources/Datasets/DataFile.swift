import Foundation

/// Reading files of records, with errors that say what, where, expected and got.
enum DataFile {
  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  static func requireFolder(_ path: String, advice: String) throws(DatasetError) {
    if !exists(path) {
      throw DatasetError(.missing, path: path, problem: "no such folder", advice: advice)
    }
    if !isFolder(path) {
      throw DatasetError(.malformed, path: path, problem: "is not a folder", advice: advice)
    }
  }

  /// Why something cannot be read, in the system's words.
  static func reason(_ path: String) -> String {
    var found = stat()
    if lstat(path, &found) == 0, found.st_mode & S_IFMT == S_IFLNK {
      let target = (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) ?? "?"
      if stat(path, &found) != 0 {
        let why = errno
        return why == ENOENT
          ? "is a link to \(target), which is not there"
          : "is a link to \(target), which cannot be followed: \(String(cString: strerror(why)))"
      }
    }
    let handle = open(path, O_RDONLY | O_NONBLOCK)
    guard handle < 0 else {
      close(handle)
      return "cannot be read"
    }
    return "cannot be opened: \(String(cString: strerror(errno)))"
  }

  /// A file of any size: a large one is mapped, not read.
  static func picture(_ path: String) throws(DatasetError) -> Data {
    var found = stat()
    let isThere = stat(path, &found) == 0
    guard !isThere || found.st_mode & S_IFMT == S_IFREG else {
      throw DatasetError(
        .malformed, path: path, problem: "is no regular file", advice: .wholePicture)
    }
    do {
      return try Data(
        contentsOf: URL(fileURLWithPath: path),
        options: found.st_size > 64 << 20 ? .alwaysMapped : [])
    } catch {
      throw DatasetError(
        .malformed, path: path, problem: reason(path),
        advice: "Restore the file or its permissions, or remove it.")
    }
  }

  static func read(_ path: String, advice: String) throws(DatasetError) -> [UInt8] {
    guard exists(path) else {
      throw DatasetError(.missing, path: path, problem: "no such file", advice: advice)
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw DatasetError(
        .missing, path: path, problem: "cannot be read", advice: "Check its permissions.")
    }
    return [UInt8](data)
  }

  /// A whole number of records of `recordBytes`, at least one.
  static func readRecords(
    _ path: String, recordBytes: Int, advice: String
  ) throws(DatasetError) -> [UInt8] {
    let bytes = try read(path, advice: advice)
    guard !bytes.isEmpty, bytes.count % recordBytes == 0 else {
      let whole = bytes.count / recordBytes
      throw DatasetError(
        .malformed, path: path,
        problem: "expected a whole number of records of \(recordBytes) bytes (for example "
          + "\(max(whole, 1) * recordBytes)), found \(bytes.count) bytes",
        advice: "It is truncated or not of this data set; download it again.")
    }
    return bytes
  }

  /// The non-empty lines of a file of names, or nil where it is not there.
  static func names(_ path: String, count: Int) throws(DatasetError) -> [String]? {
    guard exists(path) else { return nil }
    let text = String(decoding: try read(path, advice: ""), as: UTF8.self)
    let names = text.split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    guard names.count == count else {
      throw DatasetError(
        .malformed, path: path, problem: "expected \(count) class names, found \(names.count)",
        advice: "Restore it, or delete it: the names are built in.")
    }
    return names
  }

  /// "20,000".
  static func grouped(_ number: Int) -> String { number.grouped }

  /// Planes (R, G, B, each row-major or, as in STL-10, column-major) to interleaved RGB.
  static func interleave(_ planes: ArraySlice<UInt8>, size: Int, columnMajor: Bool) -> [UInt8] {
    let area = size * size
    var rgb = [UInt8](repeating: 0, count: 3 * area)
    for channel in 0..<3 {
      for row in 0..<size {
        for column in 0..<size {
          let at = columnMajor ? column * size + row : row * size + column
          rgb[(row * size + column) * 3 + channel] = planes[planes.startIndex + channel * area + at]
        }
      }
    }
    return rgb
  }
}
