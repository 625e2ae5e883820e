import Dispatch
import Foundation

/// What happens when a file cannot be decoded.
public enum DamagedImages: String, Codable, Sendable, CaseIterable {
  /// The load fails and names it.
  case fail
  /// It is left out, counted and named in the data set's notes.
  case skip
}

/// Image folders, as ILSVRC-12 is usually unpacked: `root/train/<class>/*` and `root/test` or
/// `root/val`, JPEG files in any case. Classes are the folder names, sorted. An image that is not
/// square is cropped to its center; then area mean to the wanted size.
enum ImageFolder {
  static func load(
    at path: String, imageSize: Int, onDamaged: DamagedImages, memory: Int
  ) throws(DatasetError) -> Dataset {
    let advice = "Give a folder with train/<class>/*.JPEG and test/<class>/*.JPEG (or val/) in it."
    try DataFile.requireFolder(path, advice: advice)
    try DataFile.requireFolder("\(path)/train", advice: advice)
    let classes = folders("\(path)/train")
    guard !classes.isEmpty else {
      throw DatasetError(
        .malformed, path: "\(path)/train", problem: "has no class folders", advice: advice)
    }
    let testPart = DataFile.isFolder("\(path)/test") ? "test" : "val"
    try DataFile.requireFolder("\(path)/\(testPart)", advice: advice)
    for name in folders("\(path)/\(testPart)") where !classes.contains(name) {
      throw DatasetError(
        .malformed, path: "\(path)/\(testPart)/\(name)",
        problem: "is a class that train/ does not have", advice: "Remove it, or add it to train/.")
    }
    var notes: [String] = []
    let (train, stream) = try heldOrStreamed(
      files("\(path)/train", classes), root: path, imageSize, onDamaged, memory, &notes)
    let test = try decode(
      files("\(path)/\(testPart)", classes), imageSize, onDamaged, &notes)
    let name = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
    return Dataset(
      name: "folder \(name)", classNames: classes, train: train, test: test, notes: notes,
      stream: stream)
  }

  private static func folders(_ path: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { !$0.hasPrefix(".") && DataFile.isFolder("\(path)/\($0)") }.sorted()
  }

  private static func images(_ path: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter(isImage).sorted()
  }

  static func isImage(_ name: String) -> Bool {
    let lower = name.lowercased()
    return !name.hasPrefix(".") && (lower.hasSuffix(".jpeg") || lower.hasSuffix(".jpg"))
  }

  /// All that fits into `memory` bytes is held.
  static func heldOrStreamed(
    _ files: [(path: String, label: Int32)], root: String, _ size: Int,
    _ onDamaged: DamagedImages, _ memory: Int, _ notes: inout [String]
  ) throws(DatasetError) -> (ImageSet, ImageStream?) {
    guard files.count * size * size * 3 > memory else {
      return (try decode(files, size, onDamaged, &notes), nil)
    }
    let stream = try ImageStream(files, root: root, size: size, onDamaged: onDamaged)
    notes.append(stream.note)
    return (ImageSet(bytes: [], labels: [], size: size), stream)
  }

  private static func files(
    _ root: String, _ classes: [String]
  ) throws(DatasetError) -> [(path: String, label: Int32)] {
    var files: [(path: String, label: Int32)] = []
    for (label, name) in classes.enumerated() {
      let found = images("\(root)/\(name)")
      guard !found.isEmpty else {
        throw DatasetError(
          DataFile.isFolder("\(root)/\(name)") ? .malformed : .missing, path: "\(root)/\(name)",
          problem: "no JPEG files for class \(name)",
          advice: "Every class needs at least one image in train/ and in test/ or val/.")
      }
      files += found.map { ("\(root)/\(name)/\($0)", Int32(label)) }
    }
    return files
  }

  /// The images of the files, in their order; what cannot be decoded is left out or thrown.
  static func decode(
    _ files: [(path: String, label: Int32)], _ size: Int, _ onDamaged: DamagedImages,
    _ notes: inout [String]
  ) throws(DatasetError) -> ImageSet {
    let decoded = decodeAll(files.map(\.path), size: size)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(files.count * size * size * 3)
    var labels: [Int32] = []
    var damaged: [DatasetError] = []
    for (file, result) in zip(files, decoded) {
      switch result {
      case .success(let pixels):
        bytes += pixels
        labels.append(file.label)
      case .failure(let error): damaged.append(error)
      }
    }
    if let first = damaged.first {
      guard onDamaged == .skip, !labels.isEmpty else {
        throw DatasetError(
          first.kind, path: first.path,
          problem: first.problem
            + (damaged.count > 1 ? " (and \(damaged.count - 1) more damaged files)" : ""),
          advice: first.advice)
      }
      notes.append(
        "\(damaged.count) damaged images skipped: "
          + damaged.prefix(3).map(\.path).joined(separator: ", ")
          + (damaged.count > 3 ? ", …" : ""))
    }
    return ImageSet(bytes: bytes, labels: labels, size: size)
  }

  /// Decodes on all cores; results stand in the order of the paths, whatever the threads did.
  static func decodeAll(
    _ paths: [String], size: Int
  ) -> [Result<[UInt8], DatasetError>] {
    let empty = Result<[UInt8], DatasetError>.success([])
    var results = [Result<[UInt8], DatasetError>](repeating: empty, count: paths.count)
    let chunk = 64
    results.withUnsafeMutableBufferPointer { buffer in
      // Each iteration writes its own slots alone.
      nonisolated(unsafe) let slots = buffer
      DispatchQueue.concurrentPerform(iterations: (paths.count + chunk - 1) / chunk) { block in
        for i in block * chunk..<min((block + 1) * chunk, paths.count) {
          slots[i] = decode(paths[i], size: size)
        }
      }
    }
    return results
  }

  static func decode(_ path: String, size: Int) -> Result<[UInt8], DatasetError> {
    guard let data = FileManager.default.contents(atPath: path) else {
      return .failure(
        DatasetError(
          .malformed, path: path, problem: "cannot be read", advice: "Check its permissions."))
    }
    do {
      let image = try JPEG.decode([UInt8](data), atLeastTwice: size)
      return .success(
        Resampling.centreSquare(image.rgb, width: image.width, height: image.height, to: size))
    } catch {
      return .failure(
        DatasetError(
          .malformed, path: path, problem: "is not a whole JPEG image: \(error)",
          advice: "Restore or remove the file."))
    }
  }
}
