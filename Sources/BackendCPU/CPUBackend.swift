import Dispatch
import Foundation
public import Tensors

/// The contract in plain Swift: the fallback where there is no OpenCL. Several threads; work is cut
/// into chunks by shape alone, so that results do not depend on how many there are.
public final class CPUBackend: Backend {
  public let threads: Int
  private let pool = CPUPool()

  /// - Parameter threads: nil: as many as there are cores.
  public init(threads: Int? = nil) {
    self.threads = max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount)
  }

  public var kind: String { "cpu" }
  public let treatsImagesAlike = true
  public var deviceDescription: String { "CPU: Swift, \(threads) threads" }

  /// Calls `body` for 0..<chunks on all threads; each call writes what no other one touches.
  func parallel(_ chunks: Int, _ body: (Int) -> Void) {
    guard threads > 1, chunks > 1 else {
      for chunk in 0..<chunks { body(chunk) }
      return
    }
    let workers = min(threads, chunks)
    withoutActuallyEscaping(body) { body in
      // Worker w takes the chunks w, w + workers, …
      nonisolated(unsafe) let body = body
      DispatchQueue.concurrentPerform(iterations: workers) { worker in
        for chunk in stride(from: worker, to: chunks, by: workers) { body(chunk) }
      }
    }
  }

  /// Calls `body` for consecutive ranges of about `size` that make up 0..<count.
  func parallel(over count: Int, chunk size: Int, _ body: (Range<Int>) -> Void) {
    parallel((count + size - 1) / size) { body($0 * size..<min(($0 + 1) * size, count)) }
  }

  // MARK: Memory

  public func makeTensor(_ shape: Shape) -> Tensor {
    Tensor(shape: shape, storage: makeStorage(shape.count))
  }

  func makeStorage(_ count: Int) -> CPUStorage { CPUStorage(count: count, pool: pool) }

  public func upload(_ values: [Float], to tensor: Tensor) {
    precondition(
      values.count == tensor.count, "upload: \(values.count) values into \(tensor.shape)")
    pointer(tensor).update(from: values, count: values.count)
  }

  public func download(_ tensor: Tensor) throws -> [Float] {
    Array(UnsafeBufferPointer(start: pointer(tensor), count: tensor.count))
  }

  public func fill(_ tensor: Tensor, with value: Float) {
    pointer(tensor).update(repeating: value, count: tensor.count)
  }

  public func copy(_ source: Tensor, to destination: Tensor) {
    precondition(
      source.count == destination.count, "copy: \(source.shape) into \(destination.shape)")
    pointer(destination).update(from: pointer(source), count: source.count)
  }

  public func makeLabels(_ labels: [Int32]) -> Labels {
    Labels(count: labels.count, storage: CPUArray(labels))
  }

  public func makeImageStore(bytes: [UInt8], count: Int, height: Int, width: Int) -> ImageStore {
    precondition(
      bytes.count == count * height * width * 3,
      "makeImageStore: \(bytes.count) bytes for \(count) images of \(height)×\(width)×3")
    return ImageStore(count: count, height: height, width: width, storage: CPUArray(bytes))
  }

  public func synchronize() throws {}

  func pointer(_ tensor: Tensor) -> UnsafeMutablePointer<Float> {
    guard let storage = tensor.storage as? CPUStorage else {
      preconditionFailure("a tensor of another backend was given to the CPU backend")
    }
    return storage.pointer
  }

  func elements<Element>(_ storage: AnyObject, _ type: Element.Type) -> [Element] {
    guard let array = storage as? CPUArray<Element> else {
      preconditionFailure("data of another backend was given to the CPU backend")
    }
    return array.elements
  }
}

/// Labels and bytes, which are read only.
final class CPUArray<Element> {
  let elements: [Element]
  init(_ elements: [Element]) { self.elements = elements }
}

final class CPUStorage: TensorStorage {
  let count: Int
  /// Of memory that is handed out again when the last reference to this is gone. A pointer is no
  /// reference, so an op that makes a storage or a tensor for itself holds on to it until it ends:
  /// `defer { withExtendedLifetime(storage) {} }`.
  let pointer: UnsafeMutablePointer<Float>
  private let pool: CPUPool

  init(count: Int, pool: CPUPool) {
    self.count = count
    self.pool = pool
    pointer = pool.take(count)
  }

  deinit { pool.give(back: pointer, count) }
}

/// Freed memory by size, for reuse: fresh pages cost more than the ops on them.
final class CPUPool {
  private var free: [Int: [UnsafeMutablePointer<Float>]] = [:]

  func take(_ count: Int) -> UnsafeMutablePointer<Float> {
    if let pointer = free[Self.sizeClass(count)]?.popLast() { return pointer }
    return UnsafeMutableRawPointer.allocate(
      byteCount: Self.sizeClass(count) * 4, alignment: 64
    ).bindMemory(to: Float.self, capacity: Self.sizeClass(count))
  }

  func give(back pointer: UnsafeMutablePointer<Float>, _ count: Int) {
    free[Self.sizeClass(count), default: []].append(pointer)
  }

  /// Rounded up to an eighth of its power of two.
  private static func sizeClass(_ count: Int) -> Int {
    let least = max(count, 64)
    let step = max(16, 1 << (Int.bitWidth - 1 - least.leadingZeroBitCount - 3))
    return (least + step - 1) / step * step
  }

  deinit {
    for pointer in free.values.joined() { UnsafeMutableRawPointer(pointer).deallocate() }
  }
}

/// Eight floats at once; on any processor a few registers.
typealias Lanes = SIMD8<Float>

@inline(__always)
func load(_ pointer: UnsafePointer<Float>) -> Lanes {
  UnsafeRawPointer(pointer).loadUnaligned(as: Lanes.self)
}

@inline(__always)
func store(_ lanes: Lanes, _ pointer: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(pointer).storeBytes(of: lanes, as: Lanes.self)
}
