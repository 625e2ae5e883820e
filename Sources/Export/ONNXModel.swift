import Protobuf

/// An ONNX model as far as our networks need one: a graph of named tensors in the order of their
/// computing (onnx.proto).
struct ONNXModel {
  /// Which version of the operators it is for.
  var operatorSet = 17
  var name: String
  var producerVersion: String
  var inputs: [Value] = []
  var outputs: [Value] = []
  var nodes: [Node] = []
  var initializers: [Constant] = []
  /// Written sorted by key.
  var metadata: [String: String] = [:]

  /// A float tensor that goes in or comes out.
  struct Value {
    let name: String
    let shape: [Dimension]
  }

  enum Dimension {
    case size(Int)
    /// Free, by name.
    case named(String)
  }

  struct Node {
    let operation: String
    var inputs: [String]
    var output: String
    var attributes: [(String, Attribute)] = []
  }

  enum Attribute {
    case integer(Int)
    case integers([Int])
    case float(Float)
  }

  struct Constant {
    let name: String
    let shape: [Int]
    let values: Values

    enum Values {
      case floats([Float])
      case integers([Int])
    }
  }

  var bytes: [UInt8] {
    var model = ProtobufWriter()
    model.add(1, int64: irVersion)
    model.add(2, string: "dovetail")
    model.add(3, string: producerVersion)
    model.add(7, message: graph)
    var operators = ProtobufWriter()
    operators.add(1, string: "")
    operators.add(2, int64: Int64(operatorSet))
    model.add(8, message: operators)
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      var entry = ProtobufWriter()
      entry.add(1, string: key)
      entry.add(2, string: value)
      model.add(14, message: entry)
    }
    return model.bytes
  }

  /// That of the ONNX release that brought the operator set.
  private var irVersion: Int64 {
    switch operatorSet {
    case ...14: 7
    case ...18: 8
    case ...20: 9
    default: 10
    }
  }

  private var graph: ProtobufWriter {
    var graph = ProtobufWriter()
    for node in nodes { graph.add(1, message: node.message) }
    graph.add(2, string: name)
    for constant in initializers { graph.add(5, message: constant.message) }
    for value in inputs { graph.add(11, message: value.message) }
    for value in outputs { graph.add(12, message: value.message) }
    return graph
  }
}

extension ONNXModel.Node {
  fileprivate var message: ProtobufWriter {
    var node = ProtobufWriter()
    for input in inputs { node.add(1, string: input) }
    node.add(2, string: output)
    node.add(3, string: output)
    node.add(4, string: operation)
    for (name, value) in attributes {
      var attribute = ProtobufWriter()
      attribute.add(1, string: name)
      let type: Int64
      switch value {
      case .float(let value):
        attribute.add(2, float: value)
        type = 1
      case .integer(let value):
        attribute.add(3, int64: Int64(value))
        type = 2
      case .integers(let values):
        for value in values { attribute.add(8, int64: Int64(value)) }
        type = 7
      }
      attribute.add(20, int64: type)
      node.add(5, message: attribute)
    }
    return node
  }
}

extension ONNXModel.Value {
  fileprivate var message: ProtobufWriter {
    var dimensions = ProtobufWriter()
    for size in shape {
      var dimension = ProtobufWriter()
      switch size {
      case .size(let size): dimension.add(1, int64: Int64(size))
      case .named(let name): dimension.add(2, string: name)
      }
      dimensions.add(1, message: dimension)
    }
    var tensor = ProtobufWriter()
    tensor.add(1, int64: 1)
    tensor.add(2, message: dimensions)
    var type = ProtobufWriter()
    type.add(1, message: tensor)
    var value = ProtobufWriter()
    value.add(1, string: name)
    value.add(2, message: type)
    return value
  }
}

extension ONNXModel.Constant {
  fileprivate var message: ProtobufWriter {
    var tensor = ProtobufWriter()
    for size in shape { tensor.add(1, int64: Int64(size)) }
    var raw: [UInt8] = []
    switch values {
    case .floats(let values):
      tensor.add(2, int64: 1)
      raw.reserveCapacity(4 * values.count)
      for value in values { raw.append(littleEndian: value.bitPattern) }
    case .integers(let values):
      tensor.add(2, int64: 7)
      for value in values { raw.append(littleEndian: Int64(value)) }
    }
    tensor.add(8, string: name)
    tensor.add(9, bytes: raw)
    return tensor
  }
}
