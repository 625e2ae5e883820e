import Tensors
import TestSupport
import Testing

/// One row of the op table: an op at one shape, what it computes on a backend, and what it should.
struct OpCase: Sendable {
  let op: OpName
  let name: String
  /// Allowed max |error| / max |reference|. Sums of n products in single precision are off by some
  /// √n · 6e-8 of their size.
  let tolerance: Double
  /// Runs the op; gives its outputs.
  let run: @Sendable (CaseContext) throws -> [Tensor]
  let expected: @Sendable () -> [[Double]]

  init(
    _ op: OpName, _ name: String, tolerance: Double = 2e-6,
    run: @escaping @Sendable (CaseContext) throws -> [Tensor],
    expected: @escaping @Sendable () -> [[Double]]
  ) {
    (self.op, self.name, self.tolerance) = (op, name, tolerance)
    (self.run, self.expected) = (run, expected)
  }

  static let all: [OpCase] =
    convolution + fusedConvolution + depthwise + batchNorm + activation + shortcut + pooling
    + linear + loss
    + optimizer + image + regions + custom
}

/// Tensors for a case: inputs that must not change, outputs that start as NaN, canaries around
/// them.
final class CaseContext {
  let backend: any Backend
  private var inputs: [(tensor: Tensor, values: [Float])] = []
  private var canaries: [Tensor] = []
  /// Elements of all inputs and outputs so far.
  private(set) var elements = 0
  private static let canary: Float = 12345.675

  init(_ backend: any Backend) { self.backend = backend }

  func input(_ shape: Shape, _ stream: UInt32) -> Tensor { input(shape, values(shape, stream)) }

  func input(_ shape: Shape, _ values: [Float]) -> Tensor {
    let tensor = backend.makeTensor(shape, values)
    inputs.append((tensor, values))
    elements += shape.count
    return tensor
  }

  func output(_ shape: Shape) -> Tensor {
    placeCanary()
    defer { placeCanary() }
    elements += shape.count
    return backend.makeTensor(shape, filledWith: .nan)
  }

  /// An output that is added to.
  func sum(_ shape: Shape, _ stream: UInt32) -> Tensor {
    placeCanary()
    defer { placeCanary() }
    elements += shape.count
    return backend.makeTensor(shape, values(shape, stream))
  }

  /// An output that holds these.
  func update(_ shape: Shape, _ values: [Float]) -> Tensor {
    placeCanary()
    defer { placeCanary() }
    elements += shape.count
    return backend.makeTensor(shape, values)
  }

  private func placeCanary() {
    canaries.append(backend.makeTensor([64], filledWith: Self.canary))
  }

  func expectNothingElseChanged() throws {
    for (tensor, values) in inputs { #expect(try backend.download(tensor) == values) }
    for canary in canaries {
      #expect(try backend.download(canary).allSatisfy { $0 == Self.canary })
    }
  }
}
