extension Dataset {
  /// Synonyms that send several classes to one name make one class of them; it stands where the
  /// first of them stood. Other synonyms are left to `ClassMap`.
  public func mergingClasses(_ synonyms: [String: String]) -> Dataset {
    let own = classNames.map(ClassMap.canonical)
    var target = own
    for (name, synonym) in synonyms {
      if let label = ClassMap.label(of: name, in: own) {
        target[label] = ClassMap.canonical(synonym)
      }
    }
    let counts = target.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    guard counts.values.contains(where: { $0 > 1 }) else { return self }
    var names: [String] = []
    var position: [String: Int32] = [:]
    var label: [Int32] = []
    for (old, name) in target.enumerated() {
      // One that is alone keeps its name, which synonyms know.
      let shown = counts[name]! > 1 ? name : classNames[old]
      if counts[name]! > 1, let known = position[name] {
        label.append(known)
      } else {
        position[name] = Int32(names.count)
        label.append(Int32(names.count))
        names.append(shown)
      }
    }
    func relabeled(_ images: ImageSet) -> ImageSet {
      ImageSet(
        bytes: images.bytes, labels: images.labels.map { label[Int($0)] }, size: images.size)
    }
    return Dataset(
      name: self.name, classNames: names, train: relabeled(train), test: relabeled(test),
      notes: notes + ["\(classNames.count) classes merged into \(names.count) by synonyms"],
      stream: stream?.relabeled { label[Int($0)] },
      merged: Set(own.indices.filter { counts[target[$0]]! > 1 }.map { own[$0] }))
  }

  /// The synonyms that merging has not used up.
  public func synonymsLeft(_ synonyms: [String: String]) -> [String: String] {
    let before = merged.sorted()
    return synonyms.filter { ClassMap.label(of: $0.key, in: before) == nil }
  }
}
