public import Files
import Foundation

/// Which files of an image folder are for training and which for tests, and of which class.
struct FolderLayout {
  typealias LabeledFile = (path: String, label: Int32)

  /// Sorted; in Unicode's composed form, with the case that they have.
  let classNames: [String]
  private(set) var train: [LabeledFile] = []
  private(set) var test: [LabeledFile] = []
  private(set) var notes: [String] = []

  private static let trainNames = ["train", "training"]
  private static let testNames = ["test", "testing", "val", "validation", "valid"]
  private static let advice =
    "Give a folder with train/<class>/* and test/<class>/* (or val/) in it."

  /// - Parameter fraction: of each class's images for tests, where there is no test part.
  init(_ root: String, test fraction: Double?) throws(DatasetError) {
    try DataFile.requireFolder(root, advice: Self.advice)
    let listing = try FolderListing(root)
    try listing.requireWholeLinks(root)
    let trainPart = Self.parts(Self.trainNames, of: listing).first
    let testParts = Self.parts(Self.testNames, of: listing)
    let from = trainPart.map { "\(root)/\($0)" } ?? root
    guard trainPart != nil || (fraction != nil && testParts.isEmpty) else {
      throw Self.noTrainPart(root, listing, testParts)
    }
    let classes = try Self.classes(from)
    guard !classes.isEmpty else {
      throw DatasetError(
        .malformed, path: from, problem: "has no class folders", advice: Self.advice)
    }
    classNames = classes.map(\.name)
    var leftOut = LeftOut()
    train = try Self.files(classes, &leftOut)
    for name in classNames where !train.contains(where: { classNames[Int($0.label)] == name }) {
      throw Self.noPictures(classes.first { $0.name == name }!)
    }
    if let fraction {
      guard testParts.isEmpty else {
        throw DatasetError(
          .malformed, path: "\(root)/\(testParts[0])",
          problem: "is there, and test: \(fraction) was asked for",
          advice: "Leave out test: \(fraction), or move the folder away.")
      }
      try split(fraction)
    } else if let part = testParts.first {
      try readTest("\(root)/\(part)", &leftOut)
      if testParts.count > 1 {
        notes.append(
          "\(part)/ is the test part, not looked at: "
            + testParts.dropFirst().map { "\($0)/" }.joined(separator: ", "))
      }
    } else {
      throw DatasetError(
        .missing, path: "\(root)/test", problem: "no such folder, and no val/",
        advice: .splitOrTestFolder)
    }
    notes += leftOut.notes
  }

  // MARK: Parts

  /// Folders of these names in any case, in the order of the names; of one name the one in
  /// lowercase first.
  private static func parts(_ names: [String], of listing: FolderListing) -> [String] {
    names.flatMap { name in
      listing.folders.filter { $0.lowercased() == name }.sorted { a, _ in a == name }
    }
  }

  private static func noTrainPart(
    _ root: String, _ listing: FolderListing, _ testParts: [String]
  ) -> DatasetError {
    if let part = testParts.first {
      return DatasetError(
        .missing, path: "\(root)/train", problem: "no such folder, though \(part)/ is there",
        advice: advice)
    }
    // One level too high, as archives are unpacked into a folder of their name.
    for name in listing.folders {
      if let inner = try? FolderListing("\(root)/\(name)"), !parts(trainNames, of: inner).isEmpty {
        return DatasetError(
          .missing, path: "\(root)/train", problem: "no such folder, but there is one in \(name)/",
          advice: "Give \(root)/\(name).")
      }
    }
    let classes = listing.folders.filter {
      (try? FolderListing("\(root)/\($0)"))?.pictures.isEmpty == false
    }
    guard !classes.isEmpty else {
      return DatasetError(
        .missing, path: "\(root)/train", problem: "no such folder", advice: advice)
    }
    return DatasetError(
      .missing, path: "\(root)/train",
      problem: "no such folder; there are folders of pictures without train/ and test/: "
        + classes.prefix(5).joined(separator: ", ") + (classes.count > 5 ? ", …" : ""),
      advice: .splitOrTestFolder)
  }

  // MARK: Classes

  private struct ClassFolder {
    let name: String
    /// More than one where a name stands there both composed and decomposed.
    var paths: [String]
  }

  private static func classes(_ part: String) throws(DatasetError) -> [ClassFolder] {
    let listing = try FolderListing(part)
    try listing.requireWholeLinks(part)
    var classes: [ClassFolder] = []
    var position: [String: Int] = [:]
    for folder in listing.folders {
      let name = folder.precomposedStringWithCanonicalMapping
      if let known = position[name] {
        classes[known].paths.append("\(part)/\(folder)")
      } else {
        position[name] = classes.count
        classes.append(ClassFolder(name: name, paths: ["\(part)/\(folder)"]))
      }
    }
    return classes
  }

  private static func files(
    _ classes: [ClassFolder], labels: [Int]? = nil, _ leftOut: inout LeftOut
  ) throws(DatasetError) -> [LabeledFile] {
    var files: [LabeledFile] = []
    for (index, item) in classes.enumerated() {
      for path in item.paths {
        let listing = try FolderListing(path)
        leftOut.add(listing.others + listing.brokenLinks)
        leftOut.add(folders: listing.folders.count)
        let label = Int32(labels?[index] ?? index)
        files += listing.pictures.map { ("\(path)/\($0)", label) }
      }
    }
    return files
  }

  private static func noPictures(_ item: ClassFolder) -> DatasetError {
    let path = item.paths[0]
    let inner = (try? FolderListing(path))?.folders.first
    return DatasetError(
      .malformed, path: path,
      problem: "no pictures (\(Picture.formatNames)) for class \(item.name)"
        + (inner.map { "; there is a folder \($0)/ in it" } ?? ""),
      advice: "Every class needs at least one picture in its own folder in train/.")
  }

  // MARK: The test part

  private mutating func readTest(
    _ part: String, _ leftOut: inout LeftOut
  ) throws(DatasetError) {
    let classes = try Self.classes(part)
    var labels: [Int] = []
    for item in classes {
      // The name as it is; else the only one that differs in case alone.
      let alike = classNames.indices.filter {
        classNames[$0].lowercased() == item.name.lowercased()
      }
      guard let label = classNames.firstIndex(of: item.name) ?? (alike.count == 1 ? alike[0] : nil)
      else {
        throw DatasetError(
          .malformed, path: "\(part)/\(item.name)",
          problem: "is a class that train/ does not have",
          advice: "Remove it, or add it to train/.")
      }
      labels.append(label)
    }
    test = try Self.files(classes, labels: labels, &leftOut).sorted { $0.label < $1.label }
    guard !test.isEmpty else {
      throw DatasetError(
        .malformed, path: part,
        problem: "has no pictures (\(Picture.formatNames)) in class folders",
        advice: Self.advice)
    }
    let there = Set(test.map(\.label))
    let lacking = classNames.indices.filter { !there.contains(Int32($0)) }.map { classNames[$0] }
    if !lacking.isEmpty {
      notes.append(
        "the test part has no images of \(lacking.count) of \(classNames.count) classes: "
          + lacking.prefix(10).joined(separator: ", ") + (lacking.count > 10 ? ", …" : ""))
    }
  }

  /// Of each class the fraction of files whose names have the smallest digests: a random choice
  /// that is the same wherever the folder lies, and nearly so when files are added.
  private mutating func split(_ fraction: Double) throws(DatasetError) {
    let all = train
    (train, test) = ([], [])
    for (label, name) in classNames.enumerated() {
      let files = all.filter { $0.label == label }
      guard files.count >= 2 else {
        throw DatasetError(
          .malformed, path: files[0].path, problem: "is the only picture of class \(name)",
          advice: "A class needs two to be split.")
      }
      let wanted = min(max(1, Int((Double(files.count) * fraction).rounded())), files.count - 1)
      let digests = files.map { file in
        let last = file.path.split(separator: "/").last ?? ""
        return Digest.hex(Array("\(name)/\(last)".precomposedStringWithCanonicalMapping.utf8))
      }
      let chosen = Set(files.indices.sorted { digests[$0] < digests[$1] }.prefix(wanted))
      for (index, file) in files.enumerated() {
        if chosen.contains(index) { test.append(file) } else { train.append(file) }
      }
    }
    notes.append(
      "test: \(fraction): \(test.count.grouped) of \(all.count.grouped) images held out for tests, "
        + "chosen by their names' digests")
  }
}

extension ErrorAdvice {
  /// Where an image folder has no test part.
  public static let splitOrTestFolder: ErrorAdvice =
    "Give the recipe's task test: 0.2, which holds a fifth of each class out, or make test/."
}
