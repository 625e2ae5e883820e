import Components
import Networks
import Tensors

/// Standard operations as ONNX nodes. Images and features are NCHW there.
extension GraphBuilder {
  /// - Returns: the name of what comes out of all layers.
  mutating func append(_ layers: Sequential, to x: String) throws(ExportError) -> String {
    let graph = LayerGraph(of: layers)
    /// By `Value.index`.
    var names = [x]
    for step in graph.steps {
      names.append(try append(step.operation, step.inputs.map { names[$0.index] }))
    }
    return names[graph.output.index]
  }

  private mutating func append(
    _ operation: LayerGraph.Operation, _ x: [String]
  ) throws(ExportError) -> String {
    switch operation {
    case .convolution(let weight, let kernelSize, let stride, let padding, let groups):
      add(
        "Conv", [x[0], try self.weight(weight)],
        [
          ("group", .integer(groups)), ("kernel_shape", .integers([kernelSize, kernelSize])),
          ("pads", .integers([padding, padding, padding, padding])),
          ("strides", .integers([stride, stride])),
        ])
    case .affine(let weight, let bias):
      add(
        "Conv", [x[0], try self.weight(weight), try self.weight(bias)],
        [
          ("group", .integer(1)), ("kernel_shape", .integers([1, 1])),
          ("pads", .integers([0, 0, 0, 0])), ("strides", .integers([1, 1])),
        ])
    case .batchNorm(let gamma, let beta, let mean, let variance, let channels, let epsilon):
      try batchNorm == .batch
        ? normalizedByBatch(x[0], gamma, beta, channels: channels, epsilon: epsilon)
        : add(
          "BatchNormalization",
          [x[0], weight(gamma), weight(beta), weight(mean), weight(variance)],
          [("epsilon", .float(epsilon))])
    case .activation(let activation): self.activation(activation, x[0])
    case .add: add("Add", x)
    case .shortcut(let inputChannels, let outputChannels, let stride):
      shortcut(x[0], inputChannels, outputChannels, stride: stride)
    case .averagePool(let window, let stride):
      add(
        "AveragePool", x,
        [("kernel_shape", .integers([window, window])), ("strides", .integers([stride, stride]))])
    case .maxPool(let window, let stride, let padding):
      add(
        "MaxPool", x,
        [
          ("kernel_shape", .integers([window, window])),
          ("pads", .integers([padding, padding, padding, padding])),
          ("strides", .integers([stride, stride])),
        ])
    case .globalAveragePool:
      add("Flatten", [add("GlobalAveragePool", x)], [("axis", .integer(1))])
    case .linear(let weight, let bias):
      add(
        "Gemm", [x[0], try self.weight(weight), try self.weight(bias)],
        [("transB", .integer(1))])
    }
  }

  private mutating func activation(_ activation: Activation, _ x: String) -> String {
    switch activation {
    case .none: x
    case .relu: add("Relu", [x])
    case .relu6: add("Clip", [x, floats("zero", [0]), floats("six", [6])])
    }
  }

  /// γ (x − mean) / √(variance + ε) + β over N, H, W, the variance biased, as it is trained.
  private mutating func normalizedByBatch(
    _ x: String, _ gamma: String, _ beta: String, channels: Int, epsilon: Float
  ) throws(ExportError) -> String {
    let shape = [1, channels, 1, 1]
    let centered = add("Sub", [x, mean(x)])
    let variance = mean(add("Mul", [centered, centered]))
    let deviation = add("Sqrt", [add("Add", [variance, floats("epsilon", [epsilon])])])
    let unit = add("Div", [centered, deviation])
    return add(
      "Add",
      [add("Mul", [unit, try weight(gamma, shape: shape)]), try weight(beta, shape: shape)])
  }

  /// Over N, H, W, which operator set 18 made an input.
  private mutating func mean(_ x: String) -> String {
    let keeps: (String, ONNXModel.Attribute) = ("keepdims", .integer(1))
    return model.operatorSet < 18
      ? add("ReduceMean", [x], [("axes", .integers([0, 2, 3])), keeps])
      : add("ReduceMean", [x, integers("mean_axes", [0, 2, 3])], [keeps])
  }

  /// Option A: every stride-th position, zeros for the new channels on both sides.
  private mutating func shortcut(
    _ x: String, _ inputChannels: Int, _ outputChannels: Int, stride: Int
  ) -> String {
    var y = x
    if stride > 1 {
      y = add(
        "Slice",
        [
          y, integers("slice_starts", [0, 0]),
          integers("slice_ends", [Int(Int32.max), Int(Int32.max)]),
          integers("slice_axes", [2, 3]), integers("slice_steps_\(stride)", [stride, stride]),
        ])
    }
    if inputChannels != outputChannels {
      let before = (outputChannels - inputChannels) / 2
      y = add(
        "Pad",
        [
          y,
          integers(
            "pads_\(inputChannels)_\(outputChannels)",
            [0, before, 0, 0, 0, outputChannels - inputChannels - before, 0, 0]),
        ])
    }
    return y
  }
}
