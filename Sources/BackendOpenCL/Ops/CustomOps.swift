public import Tensors

extension OpenCLBackend {
  public func run(_ kernel: CustomKernel, _ arguments: [CustomArgument], items: Int) {
    attempt {
      // In use until the launch is enqueued; the in-order queue makes it safe to reuse them then.
      var uploaded: [OpenCLStorage] = []
      var list: [KernelArgument] = []
      for argument in arguments {
        switch argument {
        case .read(let tensor), .write(let tensor): list.append(.buffer(memory(tensor)))
        case .int(let value): list.append(.int(value))
        case .float(let value): list.append(.float(value))
        case .values(let values):
          let storage = makeStorage(max(values.count, 1))
          guard let buffer = storage.memory else { return }
          try queue.write(values, to: buffer)
          uploaded.append(storage)
          list.append(.buffer(buffer))
        }
      }
      try launch(
        programs.kernel(
          ProgramKey([], kernel: kernel.name, defines: [], own: kernel.source)),
        list + [.int(items)], over: [items])
      withExtendedLifetime(uploaded) {}
    }
    for case .write(let tensor) in arguments { filterChanged(tensor) }
  }
}
