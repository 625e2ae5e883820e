public import Files
public import Foundation

/// A line of a run's `metrics.jsonl` as TensorBoard's scalars: every number in it has a tag.
///
/// The step is the line's `step`, so that losses and accuracies stand over one axis; in lines of
/// version 0.1 without one, its `minibatch`. A tag is made of the keys on the way to
/// a number, joined by slashes; an object in a list goes by its `task`, by its `extractor` and
/// `head`, or else by its place. What is the same in every line (`images`, `chance…`) has no tag.
///
///     {"learningRate":0.1,"losses":[{"target":2.3,"task":"cifar10"}],"minibatch":20,
///      "step":10}
///     step 10: learningRate 0.1, losses/cifar10/target 2.3
public struct MetricsLine: Sendable {
  public let step: Int
  /// In the tags' order.
  public let values: [(tag: String, value: Double)]

  /// - Parameter json: an object with a whole `minibatch` or `step`.
  public init(json: Data) throws {
    let line = try JSONDecoder().decode(JSONValue.self, from: json)
    guard case .object(let object) = line,
      case .number(let step)? = object["step"] ?? object["minibatch"],
      let step = Int(exactly: step)
    else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: [], debugDescription: "metrics: a line without minibatch or step"))
    }
    self.step = step
    var values: [(tag: String, value: Double)] = []
    Self.collect(.object(object.filter { $0.key != "minibatch" && $0.key != "step" }), "", &values)
    self.values = values.sorted { $0.tag < $1.tag }
  }

  private static func collect(
    _ value: JSONValue, _ tag: String, _ values: inout [(tag: String, value: Double)]
  ) {
    func below(_ name: String) -> String { tag.isEmpty ? name : "\(tag)/\(name)" }
    switch value {
    case .number(let number): values.append((tag, number))
    case .object(let members):
      for (key, member) in members where key != "images" && !key.hasPrefix("chance") {
        collect(member, below(key), &values)
      }
    case .list(let elements):
      for (index, element) in elements.enumerated() {
        collect(element, below(name(of: element) ?? "\(index)"), &values)
      }
    case .text, .other: break
    }
  }

  private static func name(of value: JSONValue) -> String? {
    guard case .object(let members) = value else { return nil }
    if case .text(let task)? = members["task"] { return task }
    guard case .text(let extractor)? = members["extractor"], case .text(let head)? = members["head"]
    else { return nil }
    return "\(extractor)+\(head)"
  }
}

extension EventFile {
  /// The numbers of a line of `metrics.jsonl`.
  public func add(_ line: MetricsLine, wallTime: Double) throws(FileError) {
    try add(line.values, step: line.step, wallTime: wallTime)
  }
}

private indirect enum JSONValue: Decodable {
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])
  case other

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() || (try? container.decode(Bool.self)) != nil {
      self = .other
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let list = try? container.decode([JSONValue].self) {
      self = .list(list)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }
}
