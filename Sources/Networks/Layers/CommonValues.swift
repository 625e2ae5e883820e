public import Tensors

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
