public import Tensors

extension [Parameter] {
  /// Copies values by position. - Precondition: equal names and shapes, pair by pair.
  public func copyValues(from source: [Parameter], on backend: any Backend) {
    precondition(count == source.count, "copyValues: \(source.count) parameters into \(count)")
    for (target, source) in zip(self, source) {
      precondition(
        target.name == source.name && target.value.shape == source.value.shape,
        "copyValues: \(source.name) \(source.value.shape) into "
          + "\(target.name) \(target.value.shape)")
      backend.copy(source.value, to: target.value)
    }
  }

  /// Every value on the host, by name.
  public func snapshot(on backend: any Backend) throws -> [String: [Float]] {
    var values: [String: [Float]] = [:]
    for parameter in self { values[parameter.name] = try backend.download(parameter.value) }
    return values
  }
}

extension Sequential {
  /// Copies values of parameters and buffers by name; what `source` has not stays as it is.
  /// - Precondition: equal names have equal shapes.
  public func copyCommon(
    from source: Sequential, except: (String) -> Bool = { _ in false }, on backend: any Backend
  ) {
    var values: [String: Tensor] = [:]
    for parameter in source.parameters { values[parameter.name] = parameter.value }
    for buffer in source.buffers { values[buffer.name] = buffer.value }
    func copy(_ name: String, _ target: Tensor) {
      guard let value = values[name], !except(name) else { return }
      precondition(
        value.shape == target.shape, "copyCommon: \(name) \(value.shape) into \(target.shape)")
      backend.copy(value, to: target)
    }
    for parameter in parameters { copy(parameter.name, parameter.value) }
    for buffer in buffers { copy(buffer.name, buffer.value) }
  }
}
