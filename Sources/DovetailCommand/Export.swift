import ArgumentParser
import Dovetail
import Files
import Foundation

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a component or a model as an ONNX file.",
    discussion: """
      An extractor takes images [N, 3, size, size], RGB in 0 to 1 (the graph normalizes), and gives \
      features; a head takes features and gives logits; a model does both. The two halves join at the \
      name features. Batch norm is the component's: the batch's own statistics are computed in the \
      graph, recalibrated ones are constants. The metadata hold classes, preprocessing and digest.

        dovetail export ab.safetensors --onnx ab.onnx
      """)

  @Argument(help: "A component's or a model's file.") var file: String
  @Option(help: ArgumentHelp("The ONNX file.", valueName: "file")) var onnx: String

  @Option(
    help: """
      Version of ONNX's operators, \(ONNXExport.operatorSets.lowerBound) to \
      \(ONNXExport.operatorSets.upperBound).
      """)
  var opset = ONNXExport.standardOperatorSet

  func validate() throws {
    let known = ONNXExport.operatorSets
    guard known.contains(opset) else {
      throw ValidationError(
        "--opset: expected \(known.lowerBound) to \(known.upperBound), got \(opset)")
    }
  }

  func run() throws {
    try ExitStatus.reporting {
      let component = try ComponentFile.Contents(path: file)
      let bytes = try ONNXExport.bytes(
        of: component, path: file, operatorSet: opset, on: CPUBackend())
      try AtomicFile.write(bytes, to: onnx)
      let summary = component.summary
      if summary.parts.contains(where: { $0.interface.batchNorm == .batch }) {
        Console.log(
          "dovetail: it normalizes by the batch, in ONNX too: what it says of an image depends on the "
            + "others; dovetail recalibrate makes a model that looks at each image alone")
      }
      Console.print(
        "\(onnx): \(summary.kind.rawValue), \(bytes.count) bytes, batch norm: "
          + summary.parts[0].interface.batchNorm.rawValue)
      Console.print("digest: \(summary.digest)")
    }
  }
}
