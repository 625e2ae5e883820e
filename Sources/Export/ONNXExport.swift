public import Components
import Datasets
import Files
import Foundation
import Networks
public import Tensors

/// Components and models as ONNX files.
///
/// An extractor takes `images` `[N, 3, size, size]`, RGB in 0…1: its normalization is part of the
/// graph, as it is part of the component. It gives `features`; a head takes `features` and gives
/// `logits` `[N, classes]`, so the two graphs join at that name; a model is both. N is free, and so
/// are height and width of the features for a head that states none. Batch norm is what the
/// component states: statistics of the batch are computed in the graph, others are constants in it.
/// The model's metadata tell preprocessing, class names, feature space and digest.
public enum ONNXExport {
  /// Versions of ONNX's operators that files can be written for.
  public static let operatorSets = 13...21
  public static let standardOperatorSet = 17

  /// The file's bytes; equal components give equal bytes, whatever the backend, which only holds
  /// the weights for a while.
  /// - Parameters:
  ///   - component: an extractor, a head or a model.
  ///   - path: its file, for errors.
  ///   - operatorSet: one of `operatorSets`.
  ///   - backend: what holds the weights meanwhile.
  /// - Throws: `FileError` where the component is not what it says; `ExportError`.
  public static func bytes(
    of component: ComponentFile.Contents, path: String, operatorSet: Int = standardOperatorSet,
    on backend: any Backend
  ) throws -> [UInt8] {
    precondition(
      operatorSets.contains(operatorSet), "ONNXExport: no operator set \(operatorSet)")
    let summary = component.summary
    var builder = GraphBuilder(
      ONNXModel(
        operatorSet: operatorSet, name: summary.kind.rawValue,
        producerVersion: ProductVersion.current))
    switch component {
    case .component(let record):
      if record.header.kind == .extractor {
        let features = try appendExtractor(record, path, backend, to: &builder)
        builder.setOutput(features)
      } else {
        builder.setInput(features(record.header))
        builder.setOutput(try appendHead(record, path, backend, to: &builder))
      }
    case .model(let model):
      _ = try appendExtractor(model.extractor, path, backend, to: &builder)
      builder.setOutput(try appendHead(model.head, path, backend, to: &builder))
    }
    var model = builder.model
    model.metadata = try metadata(summary)
    return model.bytes
  }

  // MARK: Parts

  private static func appendExtractor(
    _ record: Component, _ path: String, _ backend: any Backend,
    to builder: inout GraphBuilder
  ) throws -> ONNXModel.Value {
    let extractor = try record.makeExtractor(path: path, on: backend)
    let size = extractor.preprocessing.imageSize
    builder.prefix = "extractor."
    builder.weights = record.tensors
    builder.batchNorm = record.header.interface.batchNorm
    builder.setInput(
      ONNXModel.Value(name: "images", shape: [.named("N"), .size(3), .size(size), .size(size)]))
    let normalization = extractor.preprocessing.normalization
    let centered = builder.add(
      "Sub", ["images", builder.floats("mean", shape: [1, 3, 1, 1], normalization.mean)])
    let x = builder.add(
      "Div", [centered, builder.floats("std", shape: [1, 3, 1, 1], normalization.std)])
    let y = try builder.append(extractor.layers, to: x)
    builder.rename(y, to: "features")
    return features(record.header)
  }

  private static func appendHead(
    _ record: Component, _ path: String, _ backend: any Backend,
    to builder: inout GraphBuilder
  ) throws -> ONNXModel.Value {
    let layers =
      record.header.kind == .head
      ? try record.makeHead(path: path, on: backend).layers
      : try record.makeAuxiliaryHead(path: path, on: backend).head.layers
    builder.prefix = "head."
    builder.weights = record.tensors
    builder.batchNorm = record.header.interface.batchNorm
    let y = try builder.append(layers, to: "features")
    builder.rename(y, to: "logits")
    return ONNXModel.Value(
      name: "logits", shape: [.named("N"), .size(record.header.classNames?.count ?? 0)])
  }

  /// What crosses the cut.
  private static func features(_ header: ComponentHeader) -> ONNXModel.Value {
    let interface = header.interface
    let spatial: [ONNXModel.Dimension] =
      interface.spatialSize.map { [.size($0), .size($0)] } ?? [.named("H"), .named("W")]
    return ONNXModel.Value(
      name: "features", shape: [.named("N"), .size(interface.channels)] + spatial)
  }

  // MARK: Metadata

  /// Of each part behind its name, so that two graphs can be merged with theirs.
  private static func metadata(_ summary: ComponentFile.Summary) throws -> [String: String] {
    var all: [String: String] = [:]
    for header in summary.parts {
      let part = header.kind == .extractor ? "extractor" : "head"
      all["\(part).digest"] = header.digest
      all["\(part).architecture"] = try CanonicalJSON.text(header.architecture)
      all["\(part).batch-norm"] = header.interface.batchNorm.rawValue
      all["\(part).feature-space"] = try CanonicalJSON.text(header.featureSpace)
      if let classes = header.classNames {
        all["\(part).classes"] = try CanonicalJSON.text(classes)
      }
      if let preprocessing = header.preprocessing {
        all["\(part).input"] = "RGB in 0…1, NCHW; the graph normalizes"
        all["\(part).image-size"] = "\(preprocessing.imageSize)"
        if case .crop(let shorterSide, let filter) = preprocessing.framing {
          all["\(part).shorter-side"] = "\(shorterSide)"
          all["\(part).resize-filter"] = filter.rawValue
        }
        all["\(part).mean"] = try CanonicalJSON.text(preprocessing.normalization.mean)
        all["\(part).std"] = try CanonicalJSON.text(preprocessing.normalization.std)
      }
    }
    if summary.kind == .model { all["model.digest"] = summary.digest }
    return all
  }

}

/// A component that has no form in the other format.
public struct ExportError: Error, CustomStringConvertible, Sendable {
  public let description: String

  init(_ description: String) { self.description = description }
}
