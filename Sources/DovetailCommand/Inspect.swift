import ArgumentParser
import Dovetail
import Files
import Foundation

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a component, a model or any safetensors file holds.",
    discussion: """
      Everything is checked as on loading, the digest of the weights included. Of foreign files \
      the tensors and metadata are shown.

        dovetail inspect runs/first/components/a.extractor.safetensors
      """)

  struct Report: Encodable {
    struct Tensor: Encodable {
      let name: String
      let dtype: String
      let shape: [Int]
      let bytes: Int
    }

    /// SHA-256 of the file.
    let file: String
    /// Nil for files of other programs.
    let component: ComponentFile.Summary?
    let metadata: [String: String]
    let tensors: [Tensor]
  }

  @Argument(help: "A safetensors file.") var file: String
  @Flag(name: .shortAndLong, help: "Also list a component's tensors.") var tensors = false
  @OptionGroup var json: JSONOption

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      guard let data = FileManager.default.contents(atPath: file) else {
        throw InputMissing(description: "\(file): no such file, or it cannot be read")
      }
      let bytes = [UInt8](data)
      let index: SafetensorsIndex
      do {
        index = try SafetensorsIndex(bytes: bytes)
      } catch {
        throw FileError(kind: .malformed, path: file, problem: "\(error)")
      }
      let isOurs = index.metadata["format"] == ComponentHeader.format
      let report = Report(
        file: Digest.hex(bytes),
        component: isOurs ? try ComponentFile.Contents(bytes: bytes, path: file).summary : nil,
        metadata: isOurs ? [:] : index.metadata,
        tensors: index.items.map {
          .init(
            name: $0.name, dtype: $0.dtype.rawValue, shape: $0.shape, bytes: $0.range.count)
        })
      try json.write(report)
      if !json.takesStdout { Console.print(text(report)) }
    }
  }

  private func text(_ report: Report) -> String {
    let sum = report.tensors.reduce(0) { $0 + $1.bytes }
    var lines = [
      report.component.map(ComponentText.text)
        ?? "no component: a safetensors file of another program",
      "\(report.tensors.count) tensors, \(sum) bytes; file: \(report.file)",
    ]
    lines += report.metadata.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.prefix(200))" }
    if tensors || report.component == nil {
      lines += ResultTable.aligned(
        report.tensors.map {
          [$0.name, $0.dtype, "[\($0.shape.map(String.init).joined(separator: ", "))]"]
        })
    }
    return lines.joined(separator: "\n")
  }
}
