import Components

/// Puts a component's layers into a graph, one after the other; what it adds bears the component's
/// name in front, so that the graphs of an extractor and of a head can be joined.
struct GraphBuilder {
  private(set) var model: ONNXModel
  /// “extractor.” or “head.”; of the part that is being added.
  var prefix = ""
  /// By name, as in a component's file: filters OIHW, linear weights `[K, C]`.
  var weights: [String: SafetensorsFile.Entry] = [:]
  /// How the part's batch norm normalizes.
  var batchNorm = BatchNormPolicy.batch
  private var constants: Set<String> = []

  init(_ model: ONNXModel) { self.model = model }

  /// What comes out of a node gets another name.
  mutating func rename(_ value: String, to name: String) {
    for index in model.nodes.indices {
      if model.nodes[index].output == value { model.nodes[index].output = name }
      model.nodes[index].inputs = model.nodes[index].inputs.map { $0 == value ? name : $0 }
    }
  }

  /// - Returns: the name of what comes out.
  mutating func add(
    _ operation: String, _ inputs: [String], _ attributes: [(String, ONNXModel.Attribute)] = []
  ) -> String {
    let output = "\(prefix)\(operation.lowercased())_\(model.nodes.count)"
    model.nodes.append(
      ONNXModel.Node(
        operation: operation, inputs: inputs, output: output, attributes: attributes))
    return output
  }

  /// The component's own tensor of this name, perhaps in another shape.
  mutating func weight(
    _ name: String, shape: [Int]? = nil
  ) throws(ExportError) -> String {
    guard let entry = weights[name] else {
      throw ExportError("a layer describes itself by the weight “\(name)”, which it has not")
    }
    return constant(name, shape: shape ?? entry.shape, .floats(entry.values))
  }

  mutating func floats(_ name: String, shape: [Int] = [], _ values: [Float]) -> String {
    constant(name, shape: shape, .floats(values))
  }

  mutating func integers(_ name: String, _ values: [Int]) -> String {
    constant(name, shape: [values.count], .integers(values))
  }

  private mutating func constant(
    _ name: String, shape: [Int], _ values: ONNXModel.Constant.Values
  ) -> String {
    let full = prefix + name
    if constants.insert(full).inserted {
      model.initializers.append(ONNXModel.Constant(name: full, shape: shape, values: values))
    }
    return full
  }

  mutating func setOutput(_ value: ONNXModel.Value) { model.outputs = [value] }
  mutating func setInput(_ value: ONNXModel.Value) { model.inputs = [value] }
}
