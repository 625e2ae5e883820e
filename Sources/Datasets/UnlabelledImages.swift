import Foundation

/// Images without labels: every JPEG file below a folder, in the order of the paths; there is no
/// test part. Links are not followed.
enum UnlabelledImages {
  static func load(
    at path: String, imageSize: Int, onDamaged: DamagedImages
  ) throws(DatasetError) -> Dataset {
    try DataFile.requireFolder(path, advice: "Give a folder with JPEG files in it or below.")
    let paths = try ImageFiles.list([path])
    var notes = ["no labels"]
    let images = try ImageFolder.decode(
      paths.map { ($0, 0) }, imageSize, onDamaged, &notes)
    return Dataset(
      name: "images \(URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent)", classNames: ["image"], train: images,
      test: images.subset([]), notes: notes)
  }
}
