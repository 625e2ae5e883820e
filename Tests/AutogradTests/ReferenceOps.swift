import Foundation

/// The ops as their formulas read, one loop an index.
enum Reference {
  static func convolution(_ x: Doubles, _ w: Doubles, stride: Int, padding: Int) -> Doubles {
    let (h, width, c) = (x.sizes[1], x.sizes[2], x.sizes[3])
    let (r, s, k) = (w.sizes[0], w.sizes[1], w.sizes[3])
    let p = (h + 2 * padding - r) / stride + 1
    let q = (width + 2 * padding - s) / stride + 1
    var y = Doubles(zeros: [x.sizes[0], p, q, k])
    for n in 0..<x.sizes[0] {
      for i in 0..<p {
        for j in 0..<q {
          for a in 0..<r {
            for b in 0..<s {
              let (row, column) = (i * stride + a - padding, j * stride + b - padding)
              guard (0..<h).contains(row), (0..<width).contains(column) else { continue }
              for input in 0..<c {
                for output in 0..<k {
                  y[n, i, j, output] += x[n, row, column, input] * w[a, b, input, output]
                }
              }
            }
          }
        }
      }
    }
    return y
  }

  /// As the full convolution whose filter is 0 wherever input and output channel differ.
  static func depthwise(_ x: Doubles, _ w: Doubles, stride: Int, padding: Int) -> Doubles {
    let c = w.sizes[2]
    var full = Doubles(zeros: w.sizes + [c])
    for i in w.values.indices { full.values[i * c + i % c] = w.values[i] }
    return convolution(x, full, stride: stride, padding: padding)
  }

  /// Mean and biased variance of each channel.
  static func statistics(_ x: Doubles) -> (mean: [Double], variance: [Double]) {
    let c = x.sizes.last!
    let rows = x.values.count / c
    let mean = (0..<c).map { channel in
      (0..<rows).reduce(0) { $0 + x.values[$1 * c + channel] } / Double(rows)
    }
    let variance = (0..<c).map { channel in
      (0..<rows).reduce(0) { $0 + pow(x.values[$1 * c + channel] - mean[channel], 2) }
        / Double(rows)
    }
    return (mean, variance)
  }

  static func batchNorm(
    _ x: Doubles, gamma: Doubles, beta: Doubles, mean: [Double], variance: [Double],
    epsilon: Double
  ) -> Doubles {
    let c = x.sizes.last!
    var y = x
    for i in y.values.indices {
      let channel = i % c
      let normalized = (x.values[i] - mean[channel]) / (variance[channel] + epsilon).squareRoot()
      y.values[i] = gamma.values[channel] * normalized + beta.values[channel]
    }
    return y
  }

  static func relu(_ x: Doubles) -> Doubles { x.map { max($0, 0) } }

  static func shortcut(_ x: Doubles, stride: Int, channels: Int) -> Doubles {
    let c = x.sizes[3]
    let (p, q) = ((x.sizes[1] + stride - 1) / stride, (x.sizes[2] + stride - 1) / stride)
    var y = Doubles(zeros: [x.sizes[0], p, q, channels])
    for n in 0..<x.sizes[0] {
      for i in 0..<p {
        for j in 0..<q {
          for channel in 0..<c {
            y[n, i, j, channel + (channels - c) / 2] = x[n, i * stride, j * stride, channel]
          }
        }
      }
    }
    return y
  }

  static func averagePool(_ x: Doubles, window: Int, stride: Int) -> Doubles {
    let (p, q) = ((x.sizes[1] - window) / stride + 1, (x.sizes[2] - window) / stride + 1)
    var y = Doubles(zeros: [x.sizes[0], p, q, x.sizes[3]])
    for n in 0..<x.sizes[0] {
      for i in 0..<p {
        for j in 0..<q {
          for channel in 0..<x.sizes[3] {
            for a in 0..<window {
              for b in 0..<window {
                y[n, i, j, channel] += x[n, i * stride + a, j * stride + b, channel]
              }
            }
          }
        }
      }
    }
    return y * (1 / Double(window * window))
  }

  static func maxPool(_ x: Doubles, window: Int, stride: Int, padding: Int) -> Doubles {
    func size(_ axis: Int) -> Int { (x.sizes[axis] + 2 * padding - window) / stride + 1 }
    let (p, q) = (size(1), size(2))
    var y = Doubles(zeros: [x.sizes[0], p, q, x.sizes[3]])
    for n in 0..<x.sizes[0] {
      for i in 0..<p {
        for j in 0..<q {
          for channel in 0..<x.sizes[3] {
            var largest = -Double.infinity
            for row in i * stride - padding..<i * stride - padding + window
            where 0..<x.sizes[1] ~= row {
              for column in j * stride - padding..<j * stride - padding + window
              where 0..<x.sizes[2] ~= column {
                largest = max(largest, x[n, row, column, channel])
              }
            }
            y[n, i, j, channel] = largest
          }
        }
      }
    }
    return y
  }

  static func globalAveragePool(_ x: Doubles) -> Doubles {
    let (h, w) = (x.sizes[1], x.sizes[2])
    var y = Doubles(zeros: [x.sizes[0], x.sizes[3]])
    for n in 0..<x.sizes[0] {
      for i in 0..<h {
        for j in 0..<w {
          for channel in 0..<x.sizes[3] { y[n, channel] += x[n, i, j, channel] }
        }
      }
    }
    return y * (1 / Double(h * w))
  }

  static func linear(_ x: Doubles, _ w: Doubles, _ b: Doubles) -> Doubles {
    var y = Doubles(zeros: [x.sizes[0], w.sizes[1]])
    for n in 0..<x.sizes[0] {
      for k in 0..<w.sizes[1] {
        y[n, k] = b.values[k]
        for c in 0..<x.sizes[1] { y[n, k] += x[n, c] * w[c, k] }
      }
    }
    return y
  }

  static func crossEntropy(_ logits: Doubles, _ labels: [Int32], divisor: Double) -> Doubles {
    let k = logits.sizes[1]
    var loss = 0.0
    for (n, label) in labels.enumerated() where label >= 0 {
      let sum = (0..<k).reduce(0) { $0 + exp(logits[n, $1]) }
      loss += log(sum) - logits[n, Int(label)]
    }
    return Doubles([1], [loss / divisor])
  }
}
