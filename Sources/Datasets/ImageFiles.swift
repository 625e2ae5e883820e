import Foundation

/// JPEG files named one by one or by the folders that they are in.
public enum ImageFiles {
  /// The files themselves, and of folders all JPEG files below, in the order of their paths; links
  /// are not followed.
  /// - Throws: `DatasetError` for what is not there, and for a folder without JPEG files.
  public static func list(_ paths: [String]) throws(DatasetError) -> [String] {
    var all: [String] = []
    for path in paths {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
        throw DatasetError(
          .missing, path: path, problem: "there is no such file or folder",
          advice: "Give JPEG files, or folders of them.")
      }
      guard isFolder.boolValue else {
        all.append(path)
        continue
      }
      let found = below(path)
      guard !found.isEmpty else {
        throw DatasetError(
          .malformed, path: path, problem: "holds no JPEG files",
          advice: "Give a folder with JPEG files in it or below.")
      }
      all += found
    }
    return all
  }

  static func below(_ path: String) -> [String] {
    let root = URL(fileURLWithPath: path).standardizedFileURL
    let found = FileManager.default.enumerator(
      at: root, includingPropertiesForKeys: [.isRegularFileKey], options: [.skipsHiddenFiles])
    var paths: [String] = []
    while let url = found?.nextObject() as? URL {
      let isFile = (try? url.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile ?? false
      if isFile && ImageFolder.isImage(url.lastPathComponent) { paths.append(url.path) }
    }
    return paths.sorted()
  }

  /// Decodes them on all cores, in their order, at `size` × `size` (the middle square).
  /// - Returns: for each file its pixels `[size, size, 3]`, or what is wrong with it.
  public static func decode(_ paths: [String], size: Int) -> [Result<[UInt8], DatasetError>] {
    ImageFolder.decodeAll(paths, size: size)
  }
}
