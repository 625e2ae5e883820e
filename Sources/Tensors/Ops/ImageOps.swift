/// From bytes to a batch: gather by index, resize a part, crop, flip, erase, rotate, exchange
/// halves, change colors, normalize, in one pass.
public protocol ImageOps {
  /// For output pixel (i, j) of sample n, size × size images, with t = transforms[n]:
  ///
  /// 0. undo the exchange: i := (i + size/2) mod size where `halves` has `.rows`, j likewise where
  ///    it has `.columns`;
  /// 1. undo the rotation: quarterTurns counter-clockwise quarter turns of the cropped, flipped
  ///    image (NumPy's `rot90`);
  /// 2. where (i, j) lies in `erased`: y = 0, the mean color, and nothing else;
  /// 3. undo the flip: j := size − 1 − j where `flip` (left and right change places);
  /// 4. the crop: read the pixel (i + dy, j + dx); outside the image the *byte* is 0;
  /// 5. the window: pixel (i, j) of the window w resized to the whole image is read, bilinearly
  ///    and in float, at the stored row w.top + (i + ½)·w.height/size − ½ and a column likewise,
  ///    neither outside the window;
  /// 6. the colors, inside the image: (r, g, b)/255 goes through `color`;
  /// 7. y = (value − mean[channel]) / std[channel], value being byte/255 or what came of it.
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
  /// Whether left and right change places.
  public var flip: Bool
  /// Counter-clockwise quarter turns, 0 to 3.
  public var quarterTurns: UInt8
  /// Which halves of the image change places: its four tiles in one of four orders.
  public var halves: Halves
  /// nil: colors stay what they are.
  public var color: ColorTransform?
  /// The part of the stored image that is resized to the whole; nil: all of it.
  public var window: PixelRectangle?
  /// What of the cropped, flipped image becomes the mean color.
  public var erased: PixelRectangle?

  /// Halves of an image that change places.
  public struct Halves: OptionSet, Hashable, Sendable {
    /// Bit 0: `rows`, bit 1: `columns`.
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Top and bottom.
    public static let rows = Halves(rawValue: 1)
    /// Left and right.
    public static let columns = Halves(rawValue: 2)
  }

  public init(
    index: Int32, dy: Int8 = 0, dx: Int8 = 0, flip: Bool = false, quarterTurns: UInt8 = 0,
    halves: Halves = [], color: ColorTransform? = nil, window: PixelRectangle? = nil,
    erased: PixelRectangle? = nil
  ) {
    (self.index, self.dy, self.dx) = (index, dy, dx)
    (self.flip, self.quarterTurns, self.halves) = (flip, quarterTurns, halves)
    (self.color, self.window, self.erased) = (color, window, erased)
  }
}

/// Whole pixels of an image, from the top left.
public struct PixelRectangle: Hashable, Sendable {
  /// The first row and column.
  public let top: Int, left: Int
  /// Rows and columns.
  public let height: Int, width: Int

  /// - Precondition: it begins at or after pixel (0, 0) and is not empty.
  public init(top: Int, left: Int, height: Int, width: Int) {
    precondition(
      top >= 0 && left >= 0 && height > 0 && width > 0,
      "a rectangle of \(height)×\(width) pixels at (\(top), \(left))")
    (self.top, self.left, self.height, self.width) = (top, left, height, width)
  }

  /// Whether it lies within an image of so many rows and columns.
  func fits(_ size: Int) -> Bool { top + height <= size && left + width <= size }

  /// All of an image of so many rows and columns.
  public static func whole(_ size: Int) -> PixelRectangle {
    PixelRectangle(top: 0, left: 0, height: size, width: size)
  }
}

/// An affine map of colors, x := min(max(A·x + b, 0), 1), x = (r, g, b) in 0…1.
public struct ColorTransform: Hashable, Sendable {
  /// A, row by row, then b: `[3·3 + 3]`.
  public let values: [Float]

  /// - Precondition: nine and three numbers.
  public init(matrix: [Float], offset: [Float]) {
    precondition(
      matrix.count == 9 && offset.count == 3,
      "a color transform has 9 + 3 numbers, got \(matrix.count) + \(offset.count)")
    values = matrix + offset
  }

  /// Leaves everything as it is.
  public static let identity = ColorTransform(
    matrix: [1, 0, 0, 0, 1, 0, 0, 0, 1], offset: [0, 0, 0])
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
          && ($0.halves.isEmpty || store.height % 2 == 0)
          && $0.window?.fits(store.height) ?? true && $0.erased?.fits(store.height) ?? true
      },
      "\(op): an index is outside the \(store.count) images, a rotation outside 0…3, an image of "
        + "\(store.height) pixels has no halves, or a rectangle is not within it")
    (n, size) = (transforms.count, store.height)
  }
}
