import Foundation

/// Images without labels: every JPEG file below a folder, in the order of the paths; there is no
/// test part. Links are not followed.
enum UnlabelledImages {
  static func load(
    at path: String, imageSize: Int, onDamaged: DamagedImages
  ) throws(DatasetError) -> Dataset {
    let advice = "Give a folder with JPEG files in it or below."
    try DataFile.requireFolder(path, advice: advice)
    let root = URL(fileURLWithPath: path).standardizedFileURL
    let found = FileManager.default.enumerator(
      at: root, includingPropertiesForKeys: [.isRegularFileKey], options: [.skipsHiddenFiles])
    var paths: [String] = []
    while let url = found?.nextObject() as? URL {
      let isFile = (try? url.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile ?? false
      if isFile && ImageFolder.isImage(url.lastPathComponent) { paths.append(url.path) }
    }
    guard !paths.isEmpty else {
      throw DatasetError(.malformed, path: path, problem: "holds no JPEG files", advice: advice)
    }
    var notes = ["no labels"]
    let images = try ImageFolder.decode(
      paths.sorted().map { ($0, 0) }, imageSize, onDamaged, &notes)
    return Dataset(
      name: "images \(root.lastPathComponent)", classNames: ["image"], train: images,
      test: images.subset([]), notes: notes)
  }
}
