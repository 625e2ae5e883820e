/// Ops that another package brings.
public protocol CustomOps {
  /// Runs a kernel for each of 0..<items.
  /// - Parameters:
  ///   - kernel: what runs.
  ///   - arguments: in the order of the kernel's parameters.
  ///   - items: how often.
  func run(_ kernel: CustomKernel, _ arguments: [CustomArgument], items: Int)
}

/// An op that no backend knows, written twice: as a kernel in OpenCL C and as a loop in Swift for the
/// CPU backend.
public struct CustomKernel: Sendable {
  /// What items of the range do in Swift; no two ranges may write to the same element.
  public typealias Loop = @Sendable (_ items: Range<Int>, _ arguments: CustomArguments) -> Void

  /// The kernel function's name.
  public let name: String
  /// OpenCL C 1.2 with one kernel of that name over one dimension. Its range is rounded up to whole
  /// work-groups, so it has to return at once for `get_global_id(0)` from `items` on; the last
  /// parameter, an `int` that is added to the arguments, says how many there are.
  public let source: String
  /// Items of a range: the unit that the CPU backend's threads share.
  public let chunk: Int
  /// The twin in Swift.
  public let loop: Loop

  /// - Precondition: chunk ≥ 1.
  public init(name: String, source: String, chunk: Int = 1024, loop: @escaping Loop) {
    precondition(chunk > 0, "the kernel \(name): chunks of \(chunk) items")
    (self.name, self.source, self.chunk, self.loop) = (name, source, chunk, loop)
  }
}

/// An argument of a custom kernel, and the type of its parameter in OpenCL C.
public enum CustomArgument {
  /// `__global const float *`.
  case read(Tensor)
  /// `__global float *`; what it holds may be read, too.
  case write(Tensor)
  /// `int`.
  case int(Int)
  /// `float`.
  case float(Float)
  /// `__global const float *`: numbers of the host, for this launch alone.
  case values([Float])
}

/// The arguments of a custom kernel, as its loop in Swift sees them.
public struct CustomArguments {
  /// An argument as a loop reads it.
  public enum Value {
    case memory(UnsafeMutableBufferPointer<Float>)
    case int(Int)
    case float(Float)
  }

  private let values: [Value]

  public init(_ values: [Value]) { self.values = values }

  /// The elements of a tensor, or values.
  /// - Precondition: the argument is one of these.
  public func floats(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
    guard case .memory(let memory) = values[index] else {
      preconditionFailure("argument \(index) of a custom kernel has no elements")
    }
    return memory
  }

  /// - Precondition: the argument is an `int`.
  public func int(_ index: Int) -> Int {
    guard case .int(let value) = values[index] else {
      preconditionFailure("argument \(index) of a custom kernel is no int")
    }
    return value
  }

  /// - Precondition: the argument is a `float`.
  public func float(_ index: Int) -> Float {
    guard case .float(let value) = values[index] else {
      preconditionFailure("argument \(index) of a custom kernel is no float")
    }
    return value
  }
}
