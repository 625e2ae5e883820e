extension Architecture {
  /// The most channels that an adapter may have.
  public static let mostAdapterChannels = 4096

  /// Throws what is wrong with it. The family's bounds keep an architecture from a file within
  /// memory: nothing of a network is made before.
  /// - Throws: `ArchitectureError`.
  public func validate() throws(ArchitectureError) {
    try validateExtractor()
    if let affineAdapter { try validateAdapter(affineAdapter.channels) }
  }

  /// The same of an extractor alone: an affine adapter makes what some other network's head takes,
  /// and need not suit what follows the cut here.
  /// - Throws: `ArchitectureError`.
  public func validateExtractor() throws(ArchitectureError) {
    let family = try NetworkFamilies.known(name)
    if !family.settings.contains(.depth), depth != family.defaultDepth {
      throw ArchitectureError(
        "depth",
        "\(family.title) has \(family.defaultDepth) layers and no choice, got \(depth); "
          + "leave it out")
    }
    try family.validate(self)
    guard family.settings.contains(.width) || width == family.defaultWidth else {
      throw ArchitectureError(
        "width", "\(name.withArticle) has none, got \(widthText); leave it out")
    }
    // Whatever the family's own bounds are, its sizes are computed from these.
    guard depth > 0, width.isFinite, width > 0 else {
      throw ArchitectureError(
        "width", "expected a depth and a width above 0, got \(depth) and \(widthText)")
    }
    guard family.splits.contains(split) else {
      let (first, last) = (family.splits.first!, family.splits.last!)
      throw ArchitectureError(
        "split",
        "\(name.withArticle) is cut after \(first)\(first == last ? "" : " to \(last)"), got \(split)"
      )
    }
    try validateResolution(of: family)
    guard shortcut == .standard || family.settings.contains(.shortcut) else {
      throw ArchitectureError("shortcut", "\(name.withArticle) has no choice of it; leave it out")
    }
    if let adapter {
      guard 1...Self.mostAdapterChannels ~= adapter else {
        throw ArchitectureError(
          "adapter", "has from 1 to \(Self.mostAdapterChannels) channels, got \(adapter)")
      }
      try validateAdapter(adapter)
    }
    if let channels = affineAdapter?.channels, !(1...Self.mostAdapterChannels ~= channels) {
      throw ArchitectureError(
        "affine-adapter", "has from 1 to \(Self.mostAdapterChannels) channels, got \(channels)")
    }
  }

  private func validateResolution(of family: any NetworkFamily.Type) throws(ArchitectureError) {
    guard family.settings.contains(.resolution) != (resolution != nil) else { return }
    guard resolution != nil else {
      throw ArchitectureError("resolution", "\(name.withArticle) has one, got none")
    }
    let others = NetworkFamilies.all.filter { $0.settings.contains(.resolution) }
      .map { "\($0.title)'s" }
    throw ArchitectureError(
      "resolution",
      "is \(others.joined(separator: " and ")) alone, \(name.withArticle) has none; leave it out")
  }
}
