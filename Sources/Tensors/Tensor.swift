/// The memory behind a tensor on one backend. It returns to its backend's pool when the last
/// reference to it goes.
public protocol TensorStorage: AnyObject {
  /// Number of `Float` elements.
  var count: Int { get }
}

/// A dense array of `Float`, row-major, that lives on one backend.
///
/// A handle, not a value: copying a `Tensor` does not copy its elements.
public struct Tensor {
  public let shape: Shape
  public let storage: any TensorStorage

  /// - Precondition: the storage holds exactly as many elements as the shape.
  public init(shape: Shape, storage: any TensorStorage) {
    precondition(
      shape.count == storage.count,
      "a tensor of shape \(shape) needs \(shape.count) elements, its storage has \(storage.count)")
    self.shape = shape
    self.storage = storage
  }

  public var count: Int { shape.count }

  /// The same elements under another shape of equal count.
  public func reshaped(_ shape: Shape) -> Tensor { Tensor(shape: shape, storage: storage) }
}

/// Class labels `[N]` on one backend, as `Int32`. A negative label means: ignore this example.
public struct Labels {
  public let count: Int
  public let storage: AnyObject

  public init(count: Int, storage: AnyObject) {
    self.count = count
    self.storage = storage
  }
}

/// The images of a data set, `[count, height, width, 3]` bytes (RGB, interleaved), on one backend.
public struct ImageStore {
  public let count: Int
  public let height: Int
  public let width: Int
  public let storage: AnyObject

  public init(count: Int, height: Int, width: Int, storage: AnyObject) {
    self.count = count
    self.height = height
    self.width = width
    self.storage = storage
  }
}
