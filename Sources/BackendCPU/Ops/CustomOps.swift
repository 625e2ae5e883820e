public import Tensors

extension CPUBackend {
  public func run(_ kernel: CustomKernel, _ arguments: [CustomArgument], items: Int) {
    // Tensors of the caller's hold their memory until the end; values are copied for this call.
    var lent: [UnsafeMutableBufferPointer<Float>] = []
    defer { for memory in lent { memory.deallocate() } }
    let values = arguments.map { argument -> CustomArguments.Value in
      switch argument {
      case .read(let tensor), .write(let tensor):
        return .memory(.init(start: pointer(tensor), count: tensor.count))
      case .int(let value): return .int(value)
      case .float(let value): return .float(value)
      case .values(let values):
        let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
        _ = memory.initialize(from: values)
        lent.append(memory)
        return .memory(memory)
      }
    }
    let all = CustomArguments(values + [.int(items)])
    withExtendedLifetime(arguments) {
      parallel(over: items, chunk: kernel.chunk) { kernel.loop($0, all) }
    }
  }
}
