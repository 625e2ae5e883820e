import Dispatch
import Files
import Foundation

/// Test images that are training images, too: files of equal bytes. Only files of one size are
/// opened; of those a piece from the middle is compared before the whole.
enum RepeatedImages {
  /// "3 of 40 test images stand among the training images, too (equal files): test/a = train/b";
  /// nil: none.
  /// - Parameter root: where names in the note start.
  static func note(train: [String], test: [String], root: String) -> String? {
    let ofSize = Dictionary(grouping: test.indices) { size(test[$0]) }
    let candidates = train.filter { path in
      let size = size(path)
      return size > 0 && ofSize[size] != nil
    }
    guard !candidates.isEmpty else { return nil }
    let sizes = Set(candidates.map(size))
    let tests = test.filter { sizes.contains(size($0)) }
    // First what a piece of each tells, then all bytes of those that are alike by it.
    let (trainPieces, testPieces) = (keys(candidates, piece), keys(tests, piece))
    let (inTrain, inTest) = (
      Set(trainPieces.compactMap(\.self)), Set(testPieces.compactMap(\.self))
    )
    let left = zip(candidates, trainPieces).filter { $1.map(inTest.contains) ?? false }.map(\.0)
    let leftTest = zip(tests, testPieces).filter { $1.map(inTrain.contains) ?? false }.map(\.0)
    var first: [String: String] = [:]
    for (path, key) in zip(left, keys(left, whole)) {
      if let key, first[key] == nil { first[key] = path }
    }
    let repeated = zip(leftTest, keys(leftTest, whole)).compactMap { path, key in
      key.flatMap { first[$0] }.map { (path, $0) }
    }
    guard let example = repeated.first else { return nil }
    func name(_ path: String) -> Substring {
      path.hasPrefix(root + "/") ? path.dropFirst(root.count + 1) : path[...]
    }
    return
      "\(repeated.count.grouped) of \(test.count.grouped) test images stand among the training "
      + "images, too (equal files): \(name(example.0)) = \(name(example.1))"
      + (repeated.count > 1 ? ", …" : "")
  }

  private static func size(_ path: String) -> Int {
    var found = stat()
    return stat(path, &found) == 0 ? Int(found.st_size) : 0
  }

  /// Of each path, on all cores; nil where it cannot be read.
  private static func keys(
    _ paths: [String], _ key: @Sendable (String) -> String?
  ) -> [String?] {
    var result = [String?](repeating: nil, count: paths.count)
    let chunk = 64
    result.withUnsafeMutableBufferPointer { buffer in
      // Each iteration writes its own slots alone.
      nonisolated(unsafe) let slots = buffer
      DispatchQueue.concurrentPerform(iterations: (paths.count + chunk - 1) / chunk) { block in
        for i in block * chunk..<min((block + 1) * chunk, paths.count) { slots[i] = key(paths[i]) }
      }
    }
    return result
  }

  @Sendable private static func piece(_ path: String) -> String? {
    guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? handle.close() }
    let size = size(path)
    guard (try? handle.seek(toOffset: UInt64(size / 2))) != nil,
      let data = try? handle.read(upToCount: 4096)
    else { return nil }
    return "\(size) \(Digest.hex(data))"
  }

  @Sendable private static func whole(_ path: String) -> String? {
    (try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)).map {
      Digest.hex($0)
    }
  }
}
