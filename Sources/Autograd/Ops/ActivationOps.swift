import Tensors

extension Tape {
  /// max(x, 0), any shape. Keeps the output.
  public func relu(_ x: Variable) -> Variable {
    let y = backend.makeTensor(x.shape)
    backend.relu(x: x.value, into: y)
    return result(y, of: [x]) { [backend] dy in
      guard let dx = x.gradientOutput(on: backend) else { return }
      backend.reluBackward(dy: dy, y: y, into: dx.tensor, accumulate: dx.accumulate)
    }
  }

  /// a + b, equal shapes. Keeps nothing.
  public func add(_ a: Variable, _ b: Variable) -> Variable {
    let y = backend.makeTensor(a.shape)
    backend.add(a.passingValue, b.passingValue, into: y)
    return result(y, of: [a, b]) { [backend] dy in
      for input in [a, b] { input.addGradient(dy, on: backend) }
    }
  }
}
