import Foundation

extension ParsedModel {
  /// Computes the graph by the operators' definitions (onnx/docs/Operators.md), in plain loops in
  /// double precision; only the operators that a network here needs, and of each only what is used.
  /// - Returns: the value of every output.
  func compute(_ given: [String: Values]) -> [String: Values] {
    precondition(Set(given.keys) == Set(inputs.keys), "the graph takes \(inputs.keys)")
    var known = constants.merging(given) { $1 }
    for node in nodes {
      known[node.outputs[0]] = Self.run(node, node.inputs.map { known[$0]! })
    }
    return known.filter { outputs.keys.contains($0.key) }
  }

  private static func run(_ node: Node, _ x: [Values]) -> Values {
    switch node.operation {
    case "Identity": x[0]
    case "Add": broadcast(x[0], x[1], +)
    case "Sub": broadcast(x[0], x[1], -)
    case "Mul": broadcast(x[0], x[1], *)
    case "Div": broadcast(x[0], x[1], /)
    case "Sqrt": each(x[0]) { $0.squareRoot() }
    case "Relu": each(x[0]) { max($0, 0) }
    case "Clip": each(x[0]) { min(max($0, x[1].numbers[0]), x[2].numbers[0]) }
    case "ReduceMean": mean(x[0], over: node.integers["axes"] ?? x[1].numbers.map { Int($0) })
    case "GlobalAveragePool": mean(x[0], over: [2, 3])
    case "AveragePool": averagePool(x[0], node)
    case "MaxPool": maxPool(x[0], node)
    case "Flatten":
      Values(shape: [x[0].shape[0], x[0].numbers.count / x[0].shape[0]], numbers: x[0].numbers)
    case "BatchNormalization": normalized(x, epsilon: Double(node.floats["epsilon"]!))
    case "Conv": convolution(x[0], x[1], x.count > 2 ? x[2] : nil, node)
    case "Gemm": linear(x[0], x[1], x[2], transposed: node.integers["transB"] == [1])
    case "Slice": slice(x[0], x[1...].map { $0.numbers.map { Int($0) } })
    case "Pad": pad(x[0], x[1].numbers.map { Int($0) })
    default: fatalError("unknown operator \(node.operation)")
    }
  }

  private static func each(_ x: Values, _ body: (Double) -> Double) -> Values {
    Values(shape: x.shape, numbers: x.numbers.map(body))
  }

  /// Of every element of a shape, its place along each axis.
  private static func places(_ shape: [Int]) -> [[Int]] {
    shape.reduce([[]]) { places, size in places.flatMap { p in (0..<size).map { p + [$0] } } }
  }

  private static func offset(_ place: [Int], in shape: [Int]) -> Int {
    zip(place, shape).reduce(0) { $0 * $1.1 + $1.0 }
  }

  /// For every element of `shape` the one of `own` that it comes from: axes of size 1 are repeated.
  private static func sources(_ own: [Int], of shape: [Int]) -> [Int] {
    zip(own, shape).reduce([0]) { offsets, axis in
      let (size, wanted) = axis
      precondition(size == 1 || size == wanted, "\(own) does not broadcast to \(shape)")
      return offsets.flatMap { offset in
        (0..<wanted).map { offset * size + (size == 1 ? 0 : $0) }
      }
    }
  }

  private static func broadcast(
    _ a: Values, _ b: Values, _ body: (Double, Double) -> Double
  ) -> Values {
    if a.shape == b.shape {
      return Values(shape: a.shape, numbers: zip(a.numbers, b.numbers).map(body))
    }
    let rank = max(a.shape.count, b.shape.count)
    func padded(_ shape: [Int]) -> [Int] {
      [Int](repeating: 1, count: rank - shape.count) + shape
    }
    let (left, right) = (padded(a.shape), padded(b.shape))
    let shape = zip(left, right).map { max($0, $1) }
    let numbers = zip(sources(left, of: shape), sources(right, of: shape)).map {
      body(a.numbers[$0], b.numbers[$1])
    }
    return Values(shape: shape, numbers: numbers)
  }

  private static func mean(_ x: Values, over axes: [Int]) -> Values {
    let shape = x.shape.enumerated().map { axes.contains($0) ? 1 : $1 }
    var sums = [Double](repeating: 0, count: shape.reduce(1, *))
    for (place, value) in zip(sources(shape, of: x.shape), x.numbers) { sums[place] += value }
    let count = Double(x.numbers.count / sums.count)
    return Values(shape: shape, numbers: sums.map { $0 / count })
  }

  /// Without pads.
  private static func averagePool(_ x: Values, _ node: Node) -> Values {
    let (window, strides) = (node.integers["kernel_shape"]!, node.integers["strides"]!)
    let out = [0, 1].map { (x.shape[2 + $0] - window[$0]) / strides[$0] + 1 }
    let shape = [x.shape[0], x.shape[1]] + out
    let numbers = places(shape).map { place in
      places(window).reduce(0.0) { sum, tap in
        let from = [
          place[0], place[1], place[2] * strides[0] + tap[0], place[3] * strides[1] + tap[1],
        ]
        return sum + x.numbers[offset(from, in: x.shape)]
      } / Double(window[0] * window[1])
    }
    return Values(shape: shape, numbers: numbers)
  }

  /// Pads are never the largest.
  private static func maxPool(_ x: Values, _ node: Node) -> Values {
    let (window, strides) = (node.integers["kernel_shape"]!, node.integers["strides"]!)
    let pads = node.integers["pads"]!
    let out = [0, 1].map { (axis: Int) -> Int in
      let padded: Int = x.shape[2 + axis] + pads[axis] + pads[2 + axis]
      return (padded - window[axis]) / strides[axis] + 1
    }
    let shape = [x.shape[0], x.shape[1]] + out
    let numbers = places(shape).map { (place: [Int]) -> Double in
      places(window).compactMap { (tap: [Int]) -> Double? in
        let row = place[2] * strides[0] + tap[0] - pads[0]
        let column = place[3] * strides[1] + tap[1] - pads[1]
        guard 0..<x.shape[2] ~= row, 0..<x.shape[3] ~= column else { return nil }
        return x.numbers[offset([place[0], place[1], row, column], in: x.shape)]
      }.max()!
    }
    return Values(shape: shape, numbers: numbers)
  }

  private static func normalized(_ x: [Values], epsilon: Double) -> Values {
    let image = x[0].shape[2] * x[0].shape[3]
    let numbers = x[0].numbers.enumerated().map { index, value in
      let channel = index / image % x[0].shape[1]
      let v = x[1...].map { $0.numbers[channel] }
      return v[0] * (value - v[2]) / (v[3] + epsilon).squareRoot() + v[1]
    }
    return Values(shape: x[0].shape, numbers: numbers)
  }

  private static func linear(
    _ x: Values, _ w: Values, _ bias: Values, transposed: Bool
  ) -> Values {
    precondition(transposed && x.shape[1] == w.shape[1] && bias.shape == [w.shape[0]])
    let (rows, inputs, outputs) = (x.shape[0], x.shape[1], w.shape[0])
    let numbers = (0..<rows * outputs).map { index in
      let (row, output) = (index / outputs, index % outputs)
      return (0..<inputs).reduce(bias.numbers[output]) {
        $0 + x.numbers[row * inputs + $1] * w.numbers[output * inputs + $1]
      }
    }
    return Values(shape: [rows, outputs], numbers: numbers)
  }

  private static func convolution(
    _ x: Values, _ w: Values, _ bias: Values?, _ node: Node
  ) -> Values {
    let (pads, strides) = (node.integers["pads"]!, node.integers["strides"]!)
    let groups = node.integers["group"]![0]
    precondition(node.integers["kernel_shape"]! == Array(w.shape[2...]))
    precondition(x.shape[1] == w.shape[1] * groups)
    let out = [0, 1].map { axis -> Int in
      let free = x.shape[2 + axis] + pads[axis] + pads[2 + axis] - w.shape[2 + axis]
      return free / strides[axis] + 1
    }
    let shape = [x.shape[0], w.shape[0], out[0], out[1]]
    let (height, width, depth) = (x.shape[2], x.shape[3], w.shape[1])
    var numbers: [Double] = []
    numbers.reserveCapacity(shape.reduce(1, *))
    for n in 0..<shape[0] {
      for k in 0..<shape[1] {
        let first = k / (w.shape[0] / groups) * depth
        for p in 0..<out[0] {
          for q in 0..<out[1] {
            var sum = bias?.numbers[k] ?? 0
            for c in 0..<depth {
              for r in 0..<w.shape[2] {
                let i = p * strides[0] - pads[0] + r
                guard 0..<height ~= i else { continue }
                for s in 0..<w.shape[3] {
                  let j = q * strides[1] - pads[1] + s
                  guard 0..<width ~= j else { continue }
                  sum +=
                    x.numbers[((n * x.shape[1] + first + c) * height + i) * width + j]
                    * w.numbers[((k * depth + c) * w.shape[2] + r) * w.shape[3] + s]
                }
              }
            }
            numbers.append(sum)
          }
        }
      }
    }
    return Values(shape: shape, numbers: numbers)
  }

  /// - Parameter arguments: starts, ends, axes, steps.
  private static func slice(_ x: Values, _ arguments: [[Int]]) -> Values {
    var chosen = x.shape.map { Array(0..<$0) }
    for (index, axis) in arguments[2].enumerated() {
      chosen[axis] = Array(
        stride(
          from: arguments[0][index], to: min(arguments[1][index], x.shape[axis]),
          by: arguments[3][index]))
    }
    let shape = chosen.map(\.count)
    let numbers = places(shape).map { place in
      x.numbers[offset(zip(place, chosen).map { $1[$0] }, in: x.shape)]
    }
    return Values(shape: shape, numbers: numbers)
  }

  /// By zeros: before each axis, then after each.
  private static func pad(_ x: Values, _ pads: [Int]) -> Values {
    let rank = x.shape.count
    let shape = x.shape.enumerated().map { $1 + pads[$0] + pads[rank + $0] }
    var numbers = [Double](repeating: 0, count: shape.reduce(1, *))
    for (place, value) in zip(places(x.shape), x.numbers) {
      numbers[offset(zip(place, pads).map { $0 + $1 }, in: shape)] = value
    }
    return Values(shape: shape, numbers: numbers)
  }
}
