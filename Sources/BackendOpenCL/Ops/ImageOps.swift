import Kernels
public import Tensors

extension OpenCLBackend {
  public func gatherImages(
    _ store: ImageStore, transforms: [ImageTransform], mean: [Float], std: [Float],
    into y: Tensor
  ) {
    let g = ImageGeometry(.gatherImages, store: store, transforms: transforms, output: y.shape)
    guard let bytes = store.storage as? OpenCLStorage else {
      preconditionFailure("images of another backend were given to the OpenCL backend")
    }
    let packed = transforms.flatMap {
      [
        $0.index, Int32($0.dy), Int32($0.dx),
        ($0.flip ? 1 : 0) + 2 * Int32($0.quarterTurns) + 8 * Int32($0.halves.rawValue),
      ]
    }
    let scale = std.map { 1 / (255 * $0) }
    let shift = zip(mean, std).map { -$0 / $1 }
    let hasColors = transforms.contains { $0.color != nil }
    let colors =
      hasColors ? transforms.flatMap { ($0.color ?? .identity).values } : []
    let hasRegions = transforms.contains { $0.window != nil || $0.erased != nil }
    let regions = hasRegions ? transforms.flatMap { $0.regions(size: g.size) } : []
    attempt {
      let uploaded = makeStorage(packed.count)
      let uploadedColors = hasColors ? makeStorage(colors.count) : nil
      let uploadedRegions = hasRegions ? makeStorage(regions.count) : nil
      guard let transforms = uploaded.memory, let images = bytes.memory else { return }
      try queue.write(packed, to: transforms)
      if let memory = uploadedColors?.memory { try queue.write(colors, to: memory) }
      if let memory = uploadedRegions?.memory { try queue.write(regions, to: memory) }
      try launch(
        programs.kernel(
          ProgramKey(
            source: .image, kernel: "gather_images",
            defines: [
              "V=1", "COLORS=\(hasColors ? 1 : 0)", "REGIONS=\(hasRegions ? 1 : 0)",
            ])),
        [
          .buffer(images), .buffer(transforms),
          uploadedColors?.memory.map { .buffer($0) } ?? .none,
          uploadedRegions?.memory.map { .buffer($0) } ?? .none, .buffer(memory(y)),
          .int(g.size), .int(g.n),
          .float4(scale[0], scale[1], scale[2]), .float4(shift[0], shift[1], shift[2]),
        ],
        over: [g.size, g.n])
    }
  }
}

extension ImageTransform {
  /// The window (top, left, height, width), and what is erased (top, left, bottom, right).
  fileprivate func regions(size: Int) -> [Int32] {
    let window = window ?? .whole(size)
    let erased = erased.map { [$0.top, $0.left, $0.top + $0.height, $0.left + $0.width] }
    return ([window.top, window.left, window.height, window.width] + (erased ?? [0, 0, 0, 0]))
      .map { Int32($0) }
  }
}
