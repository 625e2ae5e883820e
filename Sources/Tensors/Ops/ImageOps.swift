/// From bytes to a batch: gather by index, crop, flip, rotate, normalise, in one pass.
public protocol ImageOps {
  /// For output pixel (i, j) of sample n, size × size images, with t = transforms[n]:
  ///
  /// 1. undo the rotation: quarterTurns counter-clockwise quarter turns of the cropped, flipped
  ///    image (NumPy's `rot90`);
  /// 2. undo the flip: j := size − 1 − j where `flip` (left and right change places);
  /// 3. the crop: read the stored pixel (i + dy, j + dx); outside the image the *byte* is 0;
  /// 4. y = (byte/255 − mean[channel]) / std[channel].
  ///
  /// y `[N, size, size, 3]`, N = number of transforms.
  /// - Precondition: store images are square and of y's size, indices are in range.
  func gatherImages(
    _ store: ImageStore, transforms: [ImageTransform], mean: [Float], std: [Float],
    into y: Tensor)
}

/// What is done to one image on its way into a batch.
public struct ImageTransform: Hashable, Sendable {
  /// Which image of the store.
  public var index: Int32
  /// Crop offsets in pixels, down and right; with pad-4 random crop from −4 to 4.
  public var dy: Int8, dx: Int8
  public var flip: Bool
  /// Counter-clockwise quarter turns, 0 to 3.
  public var quarterTurns: UInt8

  public init(
    index: Int32, dy: Int8 = 0, dx: Int8 = 0, flip: Bool = false, quarterTurns: UInt8 = 0
  ) {
    (self.index, self.dy, self.dx) = (index, dy, dx)
    (self.flip, self.quarterTurns) = (flip, quarterTurns)
  }
}

/// The checked sizes of one gather.
public struct ImageGeometry: Hashable, Sendable {
  public let n: Int, size: Int

  public init(_ op: OpName, store: ImageStore, transforms: [ImageTransform], output: Shape) {
    precondition(
      store.height == store.width
        && output == [transforms.count, store.height, store.width, 3],
      "\(op): \(transforms.count) images of \(store.height)×\(store.width) into \(output)")
    precondition(
      transforms.allSatisfy {
        $0.index >= 0 && Int($0.index) < store.count && $0.quarterTurns < 4
      }, "\(op): an index is outside the \(store.count) images, or a rotation outside 0…3")
    (n, size) = (transforms.count, store.height)
  }
}
