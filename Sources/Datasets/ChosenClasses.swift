public import Files

extension Dataset {
  /// The images of these classes alone, labeled by the order in which they are given.
  /// - Throws: `DatasetError` for a class that the data set does not have.
  public func restricted(to names: [String]) throws(DatasetError) -> Dataset {
    guard stream == nil else {
      throw DatasetError(
        .malformed, path: self.name, problem: "is streamed, and classes cannot be chosen",
        advice: .heldImages)
    }
    var position: [Int32: Int32] = [:]
    for (label, name) in names.enumerated() {
      guard let own = classNames.firstIndex(of: name) else {
        throw DatasetError(
          .malformed, path: self.name, problem: "has no class “\(name)”",
          advice: "Its classes are \(classNames.prefix(20).joined(separator: ", ")).")
      }
      position[Int32(own)] = Int32(label)
    }
    func chosen(_ images: ImageSet) -> ImageSet {
      let part = images.subset(images.labels.indices.filter { position[images.labels[$0]] != nil })
      return ImageSet(
        bytes: part.bytes, labels: part.labels.map { position[$0]! }, size: part.size)
    }
    return Dataset(
      name: self.name, classNames: names, train: chosen(train), test: chosen(test),
      notes: notes + ["\(names.count) of \(classNames.count) classes"])
  }
}

extension ErrorAdvice {
  /// Where something wants images that are not streamed.
  public static let heldImages: ErrorAdvice =
    "Hold the images in memory, or make a folder of the chosen classes."
}
