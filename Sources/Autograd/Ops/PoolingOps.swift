import Tensors

extension Tape {
  /// Means over window × window squares, no padding. Keeps nothing.
  public func averagePool(_ x: Variable, window: Int, stride: Int) -> Variable {
    precondition(x.shape.rank == 4, "averagePool: needs [N,H,W,C], got \(x.shape)")
    func size(_ axis: Int) -> Int {
      ConvolutionGeometry.outputSize(x.shape[axis], filter: window, stride: stride, padding: 0)
    }
    let y = backend.makeTensor([x.shape[0], size(1), size(2), x.shape[3]])
    backend.averagePool(x: x.passingValue, window: window, stride: stride, into: y)
    return result(y, of: [x]) { [backend] dy in
      guard let dx = x.gradientOutput(on: backend) else { return }
      backend.averagePoolBackward(
        dy: dy, window: window, stride: stride, into: dx.tensor, accumulate: dx.accumulate)
    }
  }

  /// The largest over window × window squares, of `padding` pixels that are never the largest on
  /// each side. Keeps where each was found, and not x.
  public func maxPool(_ x: Variable, window: Int, stride: Int, padding: Int) -> Variable {
    precondition(x.shape.rank == 4, "maxPool: needs [N,H,W,C], got \(x.shape)")
    func size(_ axis: Int) -> Int {
      ConvolutionGeometry.outputSize(
        x.shape[axis], filter: window, stride: stride, padding: padding)
    }
    let shape: Shape = [x.shape[0], size(1), size(2), x.shape[3]]
    let y = backend.makeTensor(shape)
    let winners = records([x]) ? backend.makeTensor(shape) : nil
    backend.maxPool(
      x: x.passingValue, window: window, stride: stride, padding: padding, into: y, winners: winners
    )
    return result(y, of: [x]) { [backend] dy in
      guard let winners, let dx = x.gradientOutput(on: backend) else { return }
      backend.maxPoolBackward(
        dy: dy, winners: winners, window: window, stride: stride, padding: padding,
        into: dx.tensor, accumulate: dx.accumulate)
    }
  }

  /// Means over height and width: `[N, H, W, C]` to `[N, C]`. Keeps nothing.
  public func globalAveragePool(_ x: Variable) -> Variable {
    precondition(x.shape.rank == 4, "globalAveragePool: needs [N,H,W,C], got \(x.shape)")
    let y = backend.makeTensor([x.shape[0], x.shape[3]])
    backend.globalAveragePool(x: x.passingValue, into: y)
    return result(y, of: [x]) { [backend] dy in
      guard let dx = x.gradientOutput(on: backend) else { return }
      backend.globalAveragePoolBackward(dy: dy, into: dx.tensor, accumulate: dx.accumulate)
    }
  }
}
