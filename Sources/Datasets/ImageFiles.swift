import Foundation

/// Pictures named one by one or by the folders that they are in.
public enum ImageFiles {
  /// The files themselves, and of folders all pictures below, in the order of their paths; links
  /// are not followed.
  /// - Throws: `DatasetError` for what is not there, for a folder without pictures or that
  ///   cannot be read.
  public static func list(_ paths: [String]) throws(DatasetError) -> [String] {
    var leftOut = LeftOut()
    return try list(paths, &leftOut)
  }

  static func list(
    _ paths: [String], _ leftOut: inout LeftOut
  ) throws(DatasetError) -> [String] {
    var all: [String] = []
    for path in paths {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
        var found = stat()
        throw DatasetError(
          .missing, path: path,
          problem: lstat(path, &found) == 0
            ? DataFile.reason(path) : "there is no such file or folder",
          advice: "Give pictures (\(Picture.formatNames)), or folders of them.")
      }
      guard isFolder.boolValue else {
        all.append(path)
        continue
      }
      let root = URL(fileURLWithPath: path).standardizedFileURL.path
      let found = try below(root, &leftOut).sorted()
      guard !found.isEmpty else {
        throw DatasetError(
          .malformed, path: path,
          problem: "holds no pictures (\(Picture.formatNames))" + leftOut.inWords,
          advice: "Give a folder with pictures in it or below.")
      }
      all += found
    }
    return all
  }

  private static func below(
    _ path: String, _ leftOut: inout LeftOut
  ) throws(DatasetError) -> [String] {
    let listing = try FolderListing(path)
    leftOut.add(listing.others)
    func isLink(_ name: String) -> Bool {
      var found = stat()
      return lstat("\(path)/\(name)", &found) != 0 || found.st_mode & S_IFMT == S_IFLNK
    }
    var paths = listing.pictures.filter { !isLink($0) }.map { "\(path)/\($0)" }
    for folder in listing.folders where !isLink(folder) {
      paths += try below("\(path)/\(folder)", &leftOut)
    }
    return paths
  }

  /// Decodes them on all cores, in their order.
  /// - Returns: for each file its pixels `[size, size, 3]`, or what is wrong with it.
  public static func decode(
    _ paths: [String], _ form: PictureForm
  ) -> [Result<[UInt8], DatasetError>] {
    ImageFolder.decodeAll(paths, form)
  }
}
