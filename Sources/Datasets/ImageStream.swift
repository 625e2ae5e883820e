import Crypto
import Foundation
import Tensors

/// Training images that stay in their files and are decoded ahead of the minibatch that takes them,
/// on threads of their own.
///
/// Which images a minibatch takes is known beforehand; pixels and labels do not depend on how many
/// threads there are or how fast they are.
public final class ImageStream: Sendable {
  /// Of so many images, drawn at random, mean and deviation are taken where there are more.
  public static let normalisationSample = 10_000

  public let size: Int
  public let labels: [Int32]
  public let normalisation: Normalisation
  /// Of the relative paths, sizes and labels of the files, not of the pixels.
  let digest: [UInt8]
  private let paths: [String]
  private let onDamaged: DamagedImages
  private let state: DecodingState

  public var count: Int { labels.count }

  /// - Parameter files: below `root`, in the order of the labels.
  /// - Throws: `DatasetError` for a file without a size, and for a damaged one in the sample unless
  ///   such are skipped.
  init(
    _ files: [(path: String, label: Int32)], root: String, size: Int, onDamaged: DamagedImages
  ) throws(DatasetError) {
    self.size = size
    self.onDamaged = onDamaged
    paths = files.map(\.path)
    labels = files.map(\.label)
    var hash = SHA256()
    for file in files {
      let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
      guard let bytes = attributes?[.size] as? Int else {
        throw DatasetError(
          .malformed, path: file.path, problem: "cannot be read", advice: "Check its permissions.")
      }
      let name = file.path.dropFirst(file.path.hasPrefix(root) ? root.count : 0)
      hash.update(data: Array("\(name)\n\(bytes) \(file.label)\n".utf8))
    }
    digest = Array(hash.finalize())
    state = DecodingState()
    normalisation = try Self.normalisation(paths, size: size, onDamaged: onDamaged)
  }

  private static func normalisation(
    _ paths: [String], size: Int, onDamaged: DamagedImages
  ) throws(DatasetError) -> Normalisation {
    var chosen = Array(paths.indices)
    if paths.count > normalisationSample {
      var random = RandomStream(seed: 0, .evaluationOrder)
      chosen = Array(random.permutation(paths.count).prefix(normalisationSample))
    }
    var notes: [String] = []
    return try ImageFolder.decode(
      chosen.map { (paths[$0], 0) }, size, onDamaged, &notes
    ).normalisation
  }

  // MARK: Minibatches

  /// Seconds that minibatches had to be waited for so far.
  public var waited: Double { state.withLock { $0.waited } }

  /// Damaged files that were replaced so far, each once: the next intact file, in their order, took
  /// the place of each.
  public var skipped: [String] { state.withLock { $0.skipped.keys.sorted() } }

  /// A minibatch: pixels `[indices, size, size, 3]` and labels.
  public struct Minibatch: Sendable {
    public var bytes: [UInt8] = []
    public var labels: [Int32] = []
  }

  /// The images of minibatch `step`; those after it are begun on other threads.
  /// - Parameter indices: of the images of any minibatch.
  /// - Throws: `DatasetError` for a damaged file, unless such are skipped.
  public func minibatch(
    _ step: Int, indices: @escaping @Sendable (_ step: Int) -> [Int]
  ) throws(DatasetError) -> Minibatch {
    let start = ContinuousClock.now
    for ahead in step...step + state.depth { begin(ahead, indices) }
    let result = state.take(step)
    let passed = ContinuousClock.now - start
    state.withLock { state in
      state.waited +=
        Double(passed.components.seconds) + Double(passed.components.attoseconds) * 1e-18
    }
    return try result.get()
  }

  private func begin(_ step: Int, _ indices: @escaping @Sendable (Int) -> [Int]) {
    guard state.claim(step) else { return }
    state.queue.addOperation { [self] in
      var minibatch = Minibatch()
      for index in indices(step) {
        switch decode(index) {
        case .success(let (pixels, label)):
          minibatch.bytes += pixels
          minibatch.labels.append(label)
        case .failure(let error):
          state.finish(step, .failure(error))
          return
        }
      }
      state.finish(step, .success(minibatch))
    }
  }

  /// The image, or the next intact one where damaged ones are skipped.
  private func decode(_ index: Int) -> Result<(pixels: [UInt8], label: Int32), DatasetError> {
    for offset in 0..<count {
      let taken = (index + offset) % count
      switch ImageFolder.decode(paths[taken], size: size) {
      case .success(let pixels): return .success((pixels, labels[taken]))
      case .failure(let error):
        guard onDamaged == .skip else { return .failure(error) }
        state.withLock { $0.skipped[paths[taken]] = error }
      }
    }
    return .failure(
      DatasetError(
        .malformed, path: paths[index], problem: "and all other images are damaged",
        advice: "Restore them."))
  }
}

/// What the threads of a stream share.
private final class DecodingState: @unchecked Sendable {
  struct Content {
    /// Minibatches that are done, or begun.
    var done: [Int: Result<ImageStream.Minibatch, DatasetError>] = [:]
    var begun: Set<Int> = []
    var waited = 0.0
    var skipped: [String: DatasetError] = [:]
  }

  /// Minibatches that are decoded ahead: enough that a slow file holds nothing up.
  let depth = 8
  let queue = OperationQueue()
  private let condition = NSCondition()
  private var content = Content()

  init() {
    queue.maxConcurrentOperationCount = ProcessInfo.processInfo.activeProcessorCount
    queue.qualityOfService = .utility
  }

  deinit { queue.cancelAllOperations() }

  func withLock<Result>(_ body: (inout Content) -> Result) -> Result {
    condition.lock()
    defer { condition.unlock() }
    return body(&content)
  }

  /// Whether nobody has begun it yet.
  func claim(_ step: Int) -> Bool { withLock { $0.begun.insert(step).inserted } }

  func finish(_ step: Int, _ result: Result<ImageStream.Minibatch, DatasetError>) {
    withLock { $0.done[step] = result }
    condition.broadcast()
  }

  func take(_ step: Int) -> Result<ImageStream.Minibatch, DatasetError> {
    condition.lock()
    defer { condition.unlock() }
    while content.done[step] == nil { condition.wait() }
    content.begun.remove(step)
    return content.done.removeValue(forKey: step)!
  }
}
