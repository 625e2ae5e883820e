import Kernels
public import Tensors

extension OpenCLBackend {
  /// Parameters of one launch: as many as their buffers fit into a kernel's arguments.
  private static let group = 16

  public func optimizerStep(
    _ rule: UpdateRule, _ updates: [ParameterUpdate], scalars: [Float], notes: NonFiniteNotes?
  ) {
    precondition(
      scalars.count == rule.scalars.count
        && updates.allSatisfy { $0.state.count == rule.state.count },
      "optimizerStep: scalars \(rule.scalars) and state \(rule.state) wanted")
    for first in stride(from: 0, to: updates.count, by: Self.group) {
      let group = updates[first..<min(first + Self.group, updates.count)]
      attempt {
        // Places that are left over get the first one's buffers and no elements.
        let places = Array(group) + Array(repeating: group.first!, count: Self.group - group.count)
        let counts = group.map { Int32($0.w.count) }
        let rest = [Int32](repeating: 0, count: Self.group - group.count)
        let slots = group.indices.map { Int32(notes?.slots[$0] ?? 0) }
        let chunk = family == .vector ? 1024 : 1
        let key = OptimizerKernelKey(
          state: rule.state, scalars: rule.scalars, probe: rule.probe, openCL: rule.openCL,
          notes: notes != nil)
        let kernel = try memos(key) {
          try programs.kernel(
            ProgramKey(
              [.common, .sixteen, .optimizer], kernel: "optimizer_steps",
              defines: ["V=\(vectorWidth)", "CHUNK=\(chunk)", "NOTES=\(notes == nil ? 0 : 1)"],
              prelude: rule.prelude))
        }
        let most = group.map { ($0.w.count + chunk - 1) / chunk }.max()!
        try launch(
          kernel,
          [
            .ints(counts + rest), .ints(group.map { Int32($0.slices) } + rest),
            .floats(
              scalars + [Float](repeating: 0, count: UpdateRule.mostScalars - scalars.count)),
            notes.map { .buffer(memory($0.tensor)) } ?? .none,
            .ints(slots + rest),
            .float(notes?.mark ?? 0),
          ]
            + places.flatMap { update in
              ([update.w, update.g] + update.state).map { .buffer(memory($0)) }
            },
          over: [most, group.count], cpuGroup: [1, 1])
      }
      for update in group { filterChanged(update.w) }
    }
  }
}

/// What a program of the optimizer depends on.
struct OptimizerKernelKey: Hashable {
  let state: [String], scalars: [String]
  let probe: UpdateRule.Probe
  let openCL: String
  let notes: Bool
}

extension UpdateRule {
  /// The rule as `optimizer.cl` takes it: a macro, whose names are those of that file.
  fileprivate var prelude: String {
    var names: [String: String] = [:]
    for (index, name) in state.enumerated() { names[name] = "s\(index)" }
    for (index, name) in scalars.enumerated() { names[name] = "r\(index)" }
    let statements = openCL.split(separator: "\n").map { line in
      line.replacingIdentifiers(names)
    }
    let probed =
      switch probe {
      case .weight: "w"
      case .state(let which): "s\(which)"
      }
    return "#define STATES \(state.count)\n#define PROBED \(probed)\n"
      + "#define UPDATE(REAL) do { \(statements.joined(separator: " ")) } while (0)"
  }
}

extension Substring {
  /// Each identifier of C that has another name gets it.
  fileprivate func replacingIdentifiers(_ names: [String: String]) -> String {
    var result = ""
    var identifier = ""
    func named(_ identifier: String) -> String { names[identifier] ?? identifier }
    for character in self {
      if character == "_" || (character.isASCII && (character.isLetter || character.isNumber)) {
        identifier.append(character)
      } else {
        result += named(identifier)
        identifier = ""
        result.append(character)
      }
    }
    return result + named(identifier)
  }
}
