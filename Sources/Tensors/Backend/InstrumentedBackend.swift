/// A backend that can be measured: what its device does at most, what ran, what it holds.
public protocol InstrumentedBackend: Backend {
  /// Does nothing but multiply-adds in registers, on all compute units, in vectors as wide as the
  /// device's own and in enough independent chains to hide their latency.
  /// - Parameter rounds: how long.
  /// - Returns: floating-point operations, two for each multiply-add.
  func runMultiplyAdds(rounds: Int) -> Double

  /// Copies on all compute units, which `copy` need not do.
  /// - Precondition: equal counts.
  func runCopy(_ source: Tensor, to destination: Tensor)

  /// Runs `body` and tells which algorithm its ops chose (`winograd`, `patch`, `tiled`, `clblast`,
  /// else the kernels' family) and the kernels that they launched, in order; a backend without
  /// kernels names none.
  func observe(_ body: () -> Void) -> (algorithm: String, kernels: [String])

  /// Kernels enqueued so far; nil where there are none.
  var launchCount: Int? { get }
  /// Bytes of device memory held at most so far; nil where it is not counted.
  var peakBufferBytes: Int? { get }
  /// What the buffers held when most bytes were in use, the largest share first; empty where it is
  /// not counted.
  var buffersAtPeak: [BufferShare] { get }
}

/// All buffers of one shape.
public struct BufferShare: Codable, Sendable {
  /// For example `[128, 32, 32, 16]`, an activation; kernels' own workspaces have one axis.
  public let shape: String
  public let count: Int
  /// Of all of them, as allocated.
  public let bytes: Int

  public init(shape: String, count: Int, bytes: Int) {
    (self.shape, self.count, self.bytes) = (shape, count, bytes)
  }
}
