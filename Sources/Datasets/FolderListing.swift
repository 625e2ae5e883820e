import Foundation

/// What is in one folder, in the order of the names. Hidden files and `__MACOSX`, which macOS's
/// archives bring along, are passed over.
struct FolderListing {
  private(set) var folders: [String] = []
  /// Files, and links to such or to nothing, whose names are a picture's.
  private(set) var pictures: [String] = []
  /// Other files.
  private(set) var others: [String] = []
  /// Links that lead nowhere and may have been folders.
  private(set) var brokenLinks: [String] = []

  /// - Throws: `DatasetError` with the system's reason for a folder that cannot be read.
  init(_ path: String) throws(DatasetError) {
    guard let handle = opendir(path) else {
      throw DatasetError(
        .malformed, path: path, problem: DataFile.reason(path), advice: "Check its permissions.")
    }
    defer { closedir(handle) }
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
      }
      if name.hasPrefix(".") || name == "__MACOSX" { continue }
      switch Self.kind("\(path)/\(name)", type: Int(entry.pointee.d_type)) {
      case .folder: folders.append(name)
      case .file where Picture.isNamedLikeOne(name), .nothing where Picture.isNamedLikeOne(name):
        pictures.append(name)
      case .file: others.append(name)
      case .nothing: brokenLinks.append(name)
      }
    }
    folders.sort()
    pictures.sort()
    others.sort()
    brokenLinks.sort()
  }

  private enum Kind { case folder, file, nothing }

  private static func kind(_ path: String, type: Int) -> Kind {
    switch type {
    case Int(DT_DIR): return .folder
    case Int(DT_REG): return .file
    default:
      var found = stat()
      guard stat(path, &found) == 0 else { return .nothing }
      return found.st_mode & S_IFMT == S_IFDIR ? .folder : .file
    }
  }

  /// - Throws: `DatasetError` for the first link that leads nowhere.
  func requireWholeLinks(_ path: String) throws(DatasetError) {
    guard let name = brokenLinks.first else { return }
    throw DatasetError(
      .malformed, path: "\(path)/\(name)", problem: DataFile.reason("\(path)/\(name)"),
      advice: "Restore what it leads to, or remove it.")
  }
}

/// Files that are not looked at, counted by their extensions.
struct LeftOut {
  private var counts: [String: Int] = [:]
  /// Folders where pictures are expected.
  private var folders = 0

  mutating func add(_ names: [String]) {
    for name in names {
      let dot = name.lastIndex(of: ".")
      counts[dot.map { name[$0...].lowercased() } ?? "without extension", default: 0] += 1
    }
  }

  mutating func add(folders count: Int) { folders += count }

  /// "; 3 files are no pictures …", for messages.
  var inWords: String { notes.first.map { "; \($0)" } ?? "" }

  /// "20 files are no pictures that Dovetail reads, left out: 12 .txt, 8 .gif".
  var notes: [String] {
    var notes: [String] = []
    let count = counts.values.reduce(0, +)
    if count > 0 {
      let kinds = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      let named = kinds.prefix(6).map { "\($0.value.grouped) \($0.key)" }.joined(separator: ", ")
      notes.append(
        (count == 1 ? "1 file is no picture" : "\(count.grouped) files are no pictures")
          + " that Dovetail reads, left out: \(named)" + (kinds.count > 6 ? ", …" : ""))
    }
    if folders > 0 {
      notes.append(
        folders == 1
          ? "1 folder within a class's folder, left out"
          : "\(folders.grouped) folders within classes' folders, left out")
    }
    return notes
  }
}
