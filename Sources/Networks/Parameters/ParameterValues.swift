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
