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

  func run() throws {
    try ExitStatus.reporting {
      let component = try ComponentFile.Contents(path: file)
      let bytes = try ONNXExport.bytes(of: component, path: file, on: CPUBackend())
      try AtomicFile.write(bytes, to: onnx)
      let summary = component.summary
      Console.print(
        "\(onnx): \(summary.kind.rawValue), \(bytes.count) bytes, batch norm: "
          + summary.parts[0].interface.batchNorm.rawValue)
      Console.print("digest: \(summary.digest)")
    }
  }
}
