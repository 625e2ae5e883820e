public import Networks
public import Tensors

extension TaskHead {
  /// This head for more classes, or for its own in another order: what it knows keeps its weights,
  /// output by output (Sec. 5.2), as do all layers before; the outputs of the other classes are
  /// `fresh`'s. Of the same feature space: no feature means anything else.
  /// - Parameters:
  ///   - classNames: by output of the result.
  ///   - fresh: a head of the same architecture with outputs for `classNames`; its layers become
  ///     the result's.
  ///   - backend: where the weights are copied.
  /// - Precondition: `classNames` holds all of this head's.
  public func growing(
    to classNames: [String], fresh: Sequential, on backend: any Backend
  ) throws -> TaskHead {
    precondition(
      Set(classNames).isSuperset(of: self.classNames), "\(self.classNames) into \(classNames)")
    var tensors = try WeightLayout.tensors(of: layers, on: backend)
    let drawn = try WeightLayout.tensors(of: fresh, on: backend)
    for suffix in ["weight", "bias"] {
      let name = "\(architecture.classifier).\(suffix)"
      let (old, new) = (tensors[name]!, drawn[name]!)
      // Rows of the weight, one an output; single values of the bias.
      let row = new.values.count / classNames.count
      var values = new.values
      for (output, className) in classNames.enumerated() {
        guard let before = self.classNames.firstIndex(of: className) else { continue }
        values.replaceSubrange(
          output * row..<(output + 1) * row, with: old.values[before * row..<(before + 1) * row])
      }
      tensors[name] = SafetensorsFile.Entry(shape: new.shape, values: values)
    }
    WeightLayout.upload(tensors, to: fresh, on: backend)
    return TaskHead(
      architecture: architecture, classNames: classNames, layers: fresh, spatialSize: spatialSize,
      stamp: stamp)
  }
}
