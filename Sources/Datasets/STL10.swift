/// STL-10 (Coates et al. 2011), binary version: `{train,test}_X.bin` of 96×96 images, planes R, G,
/// B, each column-major; `_y.bin` of labels 1…10. Reduced by area mean: to 32×32, the 3×3 mean.
enum STL10 {
  static let classNames = [
    "airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck",
  ]
  static let size = 96

  static func load(
    at path: String, imageSize: Int, framing: Framing
  ) throws(DatasetError) -> Dataset {
    let advice =
      "Give the folder stl10_binary, with train_X.bin, train_y.bin, test_X.bin, test_y.bin."
    guard (1...size).contains(imageSize) else {
      throw DatasetError(
        .malformed, path: path, problem: "its images are 96×96, image-size is \(imageSize)",
        advice: "Use an image-size of at most 96.")
    }
    try DataFile.requireFolder(path, advice: advice)
    let inside = "\(path)/stl10_binary"
    let root = DataFile.isFolder(inside) ? inside : path
    let train = try read(root, part: "train", imageSize, framing, advice: advice)
    let test = try read(root, part: "test", imageSize, framing, advice: advice)
    var notes: [String] = []
    for (part, found, full) in [("training", train.count, 5_000), ("test", test.count, 8_000)]
    where found != full {
      notes.append(
        "partial: \(DataFile.grouped(found)) of \(DataFile.grouped(full)) \(part) images")
    }
    return Dataset(
      name: "STL-10",
      classNames: try DataFile.names("\(root)/class_names.txt", count: 10) ?? classNames,
      train: train, test: test, notes: notes)
  }

  private static func read(
    _ root: String, part: String, _ imageSize: Int, _ framing: Framing, advice: String
  ) throws(DatasetError) -> ImageSet {
    let recordBytes = 3 * size * size
    let images = try DataFile.readRecords(
      "\(root)/\(part)_X.bin", recordBytes: recordBytes, advice: advice)
    let labelPath = "\(root)/\(part)_y.bin"
    let bytes = try DataFile.read(labelPath, advice: advice)
    let count = images.count / recordBytes
    guard bytes.count == count else {
      throw DatasetError(
        .malformed, path: labelPath,
        problem: "expected \(count) labels, one an image of \(part)_X.bin, found \(bytes.count)",
        advice: "The two files are not of one download; download both again.")
    }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(count * imageSize * imageSize * 3)
    for (record, label) in bytes.enumerated() {
      guard (1...10).contains(label) else {
        throw DatasetError(
          .malformed, path: labelPath,
          problem: "record \(record): expected a label from 1 to 10, got \(label)",
          advice: "It is damaged or not STL-10; download it again.")
      }
      let rgb = DataFile.interleave(
        images[record * recordBytes..<(record + 1) * recordBytes], size: size, columnMajor: true)
      pixels += Resampling.square(rgb, width: size, height: size, to: imageSize, framing)
    }
    return ImageSet(bytes: pixels, labels: bytes.map { Int32($0) - 1 }, size: imageSize)
  }
}
