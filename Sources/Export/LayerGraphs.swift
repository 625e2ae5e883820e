import Components
import Networks
import Tensors

/// A layer that has an ONNX form. Images and features are NCHW there.
protocol ONNXExportable {
  /// - Returns: the name of the output.
  func append(to graph: inout GraphBuilder, _ x: String) -> String
}

extension Convolution: ONNXExportable {
  func append(to graph: inout GraphBuilder, _ x: String) -> String {
    let size = weight.value.shape[0]
    return graph.convolution(
      x, weight.name, size: size, stride: stride, padding: padding, groups: 1)
  }
}

extension DepthwiseConvolution: ONNXExportable {
  func append(to graph: inout GraphBuilder, _ x: String) -> String {
    let shape = weight.value.shape
    return graph.convolution(
      x, weight.name, size: shape[0], stride: stride, padding: padding, groups: shape[2])
  }
}

extension GraphBuilder {
  fileprivate mutating func convolution(
    _ x: String, _ name: String, size: Int, stride: Int, padding: Int, groups: Int
  ) -> String {
    add(
      "Conv", [x, weight(name)],
      [
        ("group", .integer(groups)), ("kernel_shape", .integers([size, size])),
        ("pads", .integers([padding, padding, padding, padding])),
        ("strides", .integers([stride, stride])),
      ])
  }

  fileprivate mutating func activation(_ activation: Activation, _ x: String) -> String {
    switch activation {
    case .none: x
    case .relu: add("Relu", [x])
    case .relu6: add("Clip", [x, floats("zero", [0]), floats("six", [6])])
    }
  }
}

extension BatchNorm: ONNXExportable {
  func append(to graph: inout GraphBuilder, _ x: String) -> String {
    append(to: &graph, x, residual: nil)
  }

  /// act(norm(x) + residual).
  func append(to graph: inout GraphBuilder, _ x: String, residual: String?) -> String {
    var y =
      graph.batchNorm == .batch
      ? normalisedByBatch(&graph, x)
      : graph.add(
        "BatchNormalization",
        [
          x, graph.weight(gamma.name), graph.weight(beta.name), graph.weight(runningMean.name),
          graph.weight(runningVariance.name),
        ], [("epsilon", .float(Self.epsilon))])
    if let residual { y = graph.add("Add", [y, residual]) }
    return graph.activation(activation, y)
  }

  /// γ (x − mean) / √(variance + ε) + β over N, H, W, the variance biased, as it is trained.
  private func normalisedByBatch(_ graph: inout GraphBuilder, _ x: String) -> String {
    let channels = [1, gamma.value.shape[0], 1, 1]
    let over: [(String, ONNXModel.Attribute)] = [
      ("axes", .integers([0, 2, 3])), ("keepdims", .integer(1)),
    ]
    let centred = graph.add("Sub", [x, graph.add("ReduceMean", [x], over)])
    let variance = graph.add(
      "ReduceMean", [graph.add("Mul", [centred, centred])], over)
    let deviation = graph.add(
      "Sqrt", [graph.add("Add", [variance, graph.floats("epsilon", [Self.epsilon])])])
    let unit = graph.add("Div", [centred, deviation])
    return graph.add(
      "Add",
      [
        graph.add("Mul", [unit, graph.weight(gamma.name, shape: channels)]),
        graph.weight(beta.name, shape: channels),
      ])
  }
}

extension ResidualBlock: ONNXExportable {
  func append(to graph: inout GraphBuilder, _ x: String) -> String {
    let channels = conv1.weight.value.shape[2]
    var shortcut = x
    if stride > 1 || channels != outputs {
      // Option A: every stride-th position, zeros for the new channels on both sides.
      if stride > 1 {
        shortcut = graph.add(
          "Slice",
          [
            x, graph.integers("slice_starts", [0, 0]),
            graph.integers("slice_ends", [Int(Int32.max), Int(Int32.max)]),
            graph.integers("slice_axes", [2, 3]),
            graph.integers("slice_steps_\(stride)", [stride, stride]),
          ])
      }
      if channels != outputs {
        let before = (outputs - channels) / 2
        shortcut = graph.add(
          "Pad",
          [
            shortcut,
            graph.integers(
              "pads_\(channels)_\(outputs)",
              [0, before, 0, 0, 0, outputs - channels - before, 0, 0]),
          ])
      }
    }
    let hidden = bn1.append(to: &graph, conv1.append(to: &graph, x))
    return bn2.append(to: &graph, conv2.append(to: &graph, hidden), residual: shortcut)
  }
}

extension PreactivationBlock: ONNXExportable {
  func append(to graph: inout GraphBuilder, _ x: String) -> String {
    let active = bn1.append(to: &graph, x)
    let hidden = bn2.append(to: &graph, conv1.append(to: &graph, active))
    let sum = conv2.append(to: &graph, hidden)
    return graph.add("Add", [sum, projection?.append(to: &graph, active) ?? x])
  }
}

extension InvertedResidual: ONNXExportable {
  func append(to graph: inout GraphBuilder, _ x: String) -> String {
    var hidden = x
    if let expansion {
      hidden = expansion.norm.append(
        to: &graph, expansion.convolution.append(to: &graph, hidden))
    }
    hidden = depthwise.norm.append(to: &graph, depthwise.convolution.append(to: &graph, hidden))
    return bottleneck.norm.append(
      to: &graph, bottleneck.convolution.append(to: &graph, hidden),
      residual: isResidual ? x : nil)
  }
}

extension GlobalAveragePool: ONNXExportable {
  func append(to graph: inout GraphBuilder, _ x: String) -> String {
    graph.add("Flatten", [graph.add("GlobalAveragePool", [x])], [("axis", .integer(1))])
  }
}

extension Linear: ONNXExportable {
  func append(to graph: inout GraphBuilder, _ x: String) -> String {
    graph.add(
      "Gemm", [x, graph.weight(weight.name), graph.weight(bias.name)], [("transB", .integer(1))])
  }
}
