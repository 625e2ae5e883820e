import Foundation

/// Images without labels: every picture below a folder, in the order of the paths; there is no
/// test part. Links are not followed.
enum UnlabeledImages {
  static func load(
    at path: String, form: PictureForm, onDamaged: DamagedImages, memory: Int
  ) throws(DatasetError) -> Dataset {
    try DataFile.requireFolder(path, advice: "Give a folder with pictures in it or below.")
    let root = URL(fileURLWithPath: path).standardizedFileURL
    var leftOut = LeftOut()
    let paths = try ImageFiles.list([path], &leftOut)
    var notes = ["no labels"] + leftOut.notes
    let (images, stream) = try ImageFolder.heldOrStreamed(
      paths.map { ($0, 0) }, root: root.path, form, onDamaged, memory, &notes)
    return Dataset(
      name: "images \(root.lastPathComponent)", classNames: ["image"], train: images,
      test: ImageSet(bytes: [], labels: [], size: form.size), notes: notes, stream: stream)
  }
}
