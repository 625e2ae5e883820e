import Dispatch
import Foundation
import Synchronization

/// The minibatches of one training from streamed images, decoded on other threads before they are
/// asked for.
///
/// Which images a minibatch takes is known beforehand. Its pixels and labels, and the damaged files
/// that are named, are a function of the images and the steps that were taken: they do not depend
/// on the number of threads, on their speed or on how far ahead they are.
public final class MinibatchDecoder {
  /// One minibatch, decoded.
  public struct Minibatch: Sendable {
    /// `[indices, size, size, 3]`.
    public var bytes: [UInt8] = []
    /// One label an image.
    public var labels: [Int32] = []
    /// Damaged files in whose place others stand.
    public var skipped: [String] = []
  }

  /// What is decoded ahead takes at most so many bytes, unless one minibatch alone is larger.
  static let bytesAhead = 256 << 20

  /// Damaged files in whose place others were taken so far, each once, in the order in which they
  /// were met.
  public private(set) var skipped: [String] = []
  private var known: Set<String> = []
  private let stream: ImageStream
  private let steps: Int
  private let ahead: Int
  private let indices: (Int) -> [Int]
  private let queue = OperationQueue()
  private var begun: [Int: Pending] = [:]

  /// - Parameters:
  ///   - stream: the images that stay in their files.
  ///   - batchSize: images of a minibatch.
  ///   - steps: minibatches of the training; none after them are begun unasked.
  ///   - threads: nil: as many as there are cores.
  ///   - indices: of the images of a minibatch; called with growing steps.
  public init(
    _ stream: ImageStream, batchSize: Int, steps: Int,
    threads: Int? = nil,
    indices: @escaping (_ step: Int) -> [Int]
  ) {
    (self.stream, self.steps, self.indices) = (stream, steps, indices)
    let count = max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount)
    // Ten steps are enqueued on a device before the host waits for it, so that it asks in bursts.
    let most = max(16, 2 * count)
    ahead = min(most, max(1, Self.bytesAhead / max(1, batchSize * stream.size * stream.size * 3)))
    queue.maxConcurrentOperationCount = count
  }

  deinit { queue.cancelAllOperations() }

  /// The images of minibatch `step`; those after it are begun. Waits until they are decoded.
  /// - Precondition: steps grow from call to call.
  /// - Throws: `DatasetError` for a damaged file, unless such are skipped.
  public func minibatch(_ step: Int) throws(DatasetError) -> Minibatch {
    for next in step..<max(step + 1, min(step + 1 + ahead, steps)) where begun[next] == nil {
      begun[next] = begin(indices(next))
    }
    let result = try begun.removeValue(forKey: step)!.wait()
    for path in result.skipped where known.insert(path).inserted { skipped.append(path) }
    return result
  }

  private func begin(_ indices: [Int]) -> Pending {
    let pending = Pending()
    queue.addOperation { [stream] in pending.finish(Self.decode(indices, of: stream)) }
    return pending
  }

  private static func decode(
    _ indices: [Int], of stream: ImageStream
  ) -> Result<Minibatch, DatasetError> {
    var minibatch = Minibatch()
    minibatch.bytes.reserveCapacity(indices.count * stream.size * stream.size * 3)
    do throws(DatasetError) {
      for index in indices {
        let image = try stream.decode(index)
        minibatch.bytes += image.pixels
        minibatch.labels.append(image.label)
        minibatch.skipped += image.skipped
      }
    } catch {
      return .failure(error)
    }
    return .success(minibatch)
  }
}

/// A minibatch that another thread makes.
private final class Pending: Sendable {
  private let result = Mutex<Result<MinibatchDecoder.Minibatch, DatasetError>?>(nil)
  private let done = DispatchSemaphore(value: 0)

  func finish(_ value: Result<MinibatchDecoder.Minibatch, DatasetError>) {
    result.withLock { $0 = value }
    done.signal()
  }

  /// - Precondition: called once.
  func wait() throws(DatasetError) -> MinibatchDecoder.Minibatch {
    done.wait()
    return try result.withLock { $0! }.get()
  }
}
