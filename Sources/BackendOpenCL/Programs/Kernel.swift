import COpenCL

/// A kernel and its name, for messages.
struct Kernel {
  /// Nil where launches are recorded only.
  let handle: cl_kernel?
  let name: String
  /// Its program's number, in the order in which they were asked for.
  let program: Int
}

/// One argument of a kernel.
enum KernelArgument {
  case buffer(cl_mem)
  /// A pointer that the kernel does not read.
  case none
  case int(Int)
  case float(Float)
  case float4(Float, Float, Float)
  case ints([Int32])
  /// A struct of floats.
  case floats([Float])

  func set(on kernel: cl_kernel, at index: cl_uint) -> cl_int {
    switch self {
    case .buffer(let memory):
      var pointer: cl_mem? = memory
      return clSetKernelArg(kernel, index, MemoryLayout<cl_mem>.size, &pointer)
    case .none:
      return clSetKernelArg(kernel, index, MemoryLayout<cl_mem>.size, nil)
    case .int(let value):
      var number = cl_int(value)
      return clSetKernelArg(kernel, index, MemoryLayout<cl_int>.size, &number)
    case .float(let value):
      var number = value
      return clSetKernelArg(kernel, index, MemoryLayout<Float>.size, &number)
    case .float4(let a, let b, let c):
      var four = SIMD4<Float>(a, b, c, 0)
      return clSetKernelArg(kernel, index, MemoryLayout<SIMD4<Float>>.size, &four)
    case .ints(let values):
      return values.withUnsafeBytes {
        clSetKernelArg(kernel, index, $0.count, $0.baseAddress)
      }
    case .floats(let values):
      return values.withUnsafeBytes {
        clSetKernelArg(kernel, index, $0.count, $0.baseAddress)
      }
    }
  }
}
