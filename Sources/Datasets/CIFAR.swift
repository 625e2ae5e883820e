/// CIFAR-10 and CIFAR-100 (Krizhevsky 2009), binary versions: per record one label byte (CIFAR-100:
/// coarse, then fine; the fine one is used) and 3,072 bytes, the planes R, G, B of 32×32.
enum CIFAR {
  static func load10(
    at path: String, imageSize: Int, framing: Framing
  ) throws(DatasetError) -> Dataset {
    try load(
      Layout(
        name: "CIFAR-10", folder: "cifar-10-batches-bin",
        trainFiles: (1...5).map { "data_batch_\($0).bin" }, testFile: "test_batch.bin",
        namesFile: "batches.meta.txt", classNames: cifar10Names, labelBytes: 1),
      at: path, imageSize: imageSize, framing: framing)
  }

  static func load100(
    at path: String, imageSize: Int, framing: Framing
  ) throws(DatasetError) -> Dataset {
    try load(
      Layout(
        name: "CIFAR-100", folder: "cifar-100-binary", trainFiles: ["train.bin"],
        testFile: "test.bin", namesFile: "fine_label_names.txt", classNames: cifar100Names,
        labelBytes: 2),
      at: path, imageSize: imageSize, framing: framing)
  }

  private struct Layout {
    let name: String, folder: String
    let trainFiles: [String]
    let testFile: String, namesFile: String
    let classNames: [String]
    let labelBytes: Int

    /// As it is named where it is published.
    var archive: String { labelBytes == 1 ? "cifar-10-binary.tar.gz" : "cifar-100-binary.tar.gz" }
  }

  private static func load(
    _ layout: Layout, at path: String, imageSize: Int, framing: Framing
  ) throws(DatasetError) -> Dataset {
    let advice =
      "Give the folder \(layout.folder) of the binary version of \(layout.name), with "
      + "\(layout.trainFiles[0]) and \(layout.testFile) in it."
    guard (1...32).contains(imageSize) else {
      throw DatasetError(
        .malformed, path: path, problem: "its images are 32×32, image-size is \(imageSize)",
        advice: "Use an image-size of at most 32.")
    }
    try DataFile.requireFolder(path, advice: advice)
    let inside = "\(path)/\(layout.folder)"
    let root = DataFile.isFolder(inside) ? inside : path
    var train: [ImageSet] = []
    for file in layout.trainFiles where DataFile.exists("\(root)/\(file)") {
      train.append(try read("\(root)/\(file)", layout, imageSize, framing, advice: advice))
    }
    guard !train.isEmpty else {
      if let python = pythonFile(root, layout) {
        throw DatasetError(
          .malformed, path: python,
          problem:
            "is of the Python version of \(layout.name) (pickled objects), which is not read",
          advice: "Fetch the binary version, \(layout.archive): its files end in .bin and hold "
            + "\(layout.labelBytes) label byte\(layout.labelBytes == 1 ? "" : "s") and 3,072 pixel "
            + "bytes for each image.")
      }
      throw DatasetError(
        .missing, path: "\(root)/\(layout.trainFiles[0])", problem: "no training file",
        advice: advice)
    }
    let all = ImageSet(
      bytes: train.flatMap(\.bytes), labels: train.flatMap(\.labels), size: imageSize)
    let test = try read(
      "\(root)/\(layout.testFile)", layout, imageSize, framing, advice: advice)
    var notes: [String] = []
    for (part, found, full) in [("training", all.count, 50_000), ("test", test.count, 10_000)]
    where found != full {
      notes.append(
        "partial: \(DataFile.grouped(found)) of \(DataFile.grouped(full)) \(part) images")
    }
    return Dataset(
      name: layout.name,
      classNames: try DataFile.names(
        "\(root)/\(layout.namesFile)", count: layout.classNames.count) ?? layout.classNames,
      train: all, test: test, notes: notes)
  }

  /// A file that the Python version has where the binary version has another.
  private static func pythonFile(_ root: String, _ layout: Layout) -> String? {
    let python = layout.labelBytes == 1 ? "cifar-10-batches-py" : "cifar-100-python"
    return [root, "\(root)/\(python)"].flatMap { folder in
      [layout.trainFiles[0].dropLast(4), "batches.meta", "meta"].map { "\(folder)/\($0)" }
    }.first { DataFile.exists($0) && !DataFile.isFolder($0) }
  }

  private static func read(
    _ path: String, _ layout: Layout, _ imageSize: Int, _ framing: Framing, advice: String
  ) throws(DatasetError) -> ImageSet {
    let recordBytes = layout.labelBytes + 3072
    let bytes = try DataFile.readRecords(path, recordBytes: recordBytes, advice: advice)
    let count = bytes.count / recordBytes
    var pixels: [UInt8] = []
    pixels.reserveCapacity(count * imageSize * imageSize * 3)
    var labels: [Int32] = []
    labels.reserveCapacity(count)
    for record in 0..<count {
      let start = record * recordBytes
      let label = bytes[start + layout.labelBytes - 1]
      guard label < layout.classNames.count else {
        throw DatasetError(
          .malformed, path: path,
          problem: "record \(record) (byte \(start)): expected a label below "
            + "\(layout.classNames.count), got \(label)",
          advice: "It is damaged or not \(layout.name); download it again.")
      }
      labels.append(Int32(label))
      let rgb = DataFile.interleave(
        bytes[start + layout.labelBytes..<start + recordBytes], size: 32, columnMajor: false)
      pixels += Resampling.square(rgb, width: 32, height: 32, to: imageSize, framing)
    }
    return ImageSet(bytes: pixels, labels: labels, size: imageSize)
  }

  static let cifar10Names = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]

  static let cifar100Names = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus \
    butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch \
    crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo \
    keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse \
    mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy \
    porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper \
    snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television \
    tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
    """.split(separator: " ").map(String.init)
}
