import ArgumentParser
import Dovetail

struct BenchKernels: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "Time the ops of the contract at the shapes of the paper's networks.",
    discussion: """
      First what the device does at most, measured in the same run: multiply-adds in registers \
      (FMA peak) and a copy of large buffers (bytes read and written). Then each op, by itself: \
      GFLOP/s by the nominal operations of a direct convolution, 2·N·P·Q·K·C·R·S, whatever the \
      algorithm, held against the FMA peak; or GB/s, each tensor read or written once, held \
      against the copy. Kernels are built before they are timed. Above 100 % are algorithms that \
      need fewer operations than the nominal ones, and tensors that stay in cache.
      """)

  @Option(
    help: ArgumentHelp(
      "Only rows whose op and place contain all these words.",
      discussion: "For example 'convolutionForward', 'resnet-56', 'depthwise', 'stage fused'.",
      valueName: "words"))
  var filter: String?
  @Option(help: "Images of a minibatch.") var batch = 128
  @Option(help: "Batches of calls of each row; the median counts.") var repeats = 5
  @OptionGroup var device: DeviceOption
  @OptionGroup var json: JSONOption

  func validate() throws {
    for (name, value) in [("batch", batch), ("repeats", repeats)] where value < 1 {
      throw ValidationError("--\(name): expected 1 or more, got \(value)")
    }
    if workloads.isEmpty {
      throw ValidationError(
        "--filter \(filter!): no row has all these words; ops are "
          + OpName.allCases.map(\.rawValue).joined(separator: ", "))
    }
  }

  private var workloads: [Workload] {
    let words = (filter ?? "").lowercased().split(whereSeparator: \.isWhitespace)
    return Workload.networks(batchSize: batch).filter { workload in
      let text = [
        workload.op.rawValue, workload.place, workload.sizes, workload.fused ? "fused" : "plain",
      ].joined(separator: " ").lowercased()
      return words.allSatisfy { text.contains($0) }
    }
  }

  private struct Results: Encodable {
    let device: String
    let batch: Int
    let fmaPeakGFLOPS: Double
    let copyGBs: Double
    let rows: [KernelRow]
  }

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      let backend = try device.open()
      let bench = KernelBench(on: backend, repeats: repeats)
      let ceilings = try bench.ceilings()
      if !json.takesStdout {
        Console.print(
          "FMA peak \(Format.fixed(ceilings.fmaPeakGFLOPS, 1)) GFLOP/s, copy "
            + "\(Format.fixed(ceilings.copyGBs, 1)) GB/s; batch \(batch)\n")
        Console.print(Self.line(of: Self.header))
      }
      var rows: [KernelRow] = []
      for workload in workloads {
        let row = try bench.measure(workload, against: ceilings)
        rows.append(row)
        if !json.takesStdout { Console.print(Self.line(of: Self.cells(workload, row))) }
      }
      try json.write(
        Results(
          device: backend.deviceDescription, batch: batch,
          fmaPeakGFLOPS: ceilings.fmaPeakGFLOPS, copyGBs: ceilings.copyGBs, rows: rows))
    }
  }

  // MARK: Table, line by line as it is measured

  /// Width of a column; to the left where negative.
  private static let widths = [-29, -33, -24, -6, -9, 9, 9, 8, 6, 4]
  private static let header = [
    "op", "place", "size", "", "algorithm", "ms", "GFLOP/s", "GB/s", "share", "of",
  ]

  private static func cells(_ workload: Workload, _ row: KernelRow) -> [String] {
    [
      row.op, row.place, workload.sizes, row.fused ? "fused" : "", row.algorithm,
      Format.fixed(row.milliseconds, 3), row.gflops > 0 ? Format.fixed(row.gflops, 1) : "",
      Format.fixed(row.gbs, 1), Format.fixed(row.fractionOfPeak * 100, 0) + " %", row.limit,
    ]
  }

  /// On a narrow terminal what is measured stands above its times.
  private static func line(of cells: [String]) -> String {
    let padded = zip(cells, widths).map { cell, width in
      TerminalText.padded(cell, to: abs(width), atEnd: width < 0)
    }
    let whole = padded.joined(separator: " ")
    guard let columns = StandardStream.output.columns, TerminalText.width(of: whole) > columns
    else { return whole }
    let names = cells[..<3].filter { !$0.isEmpty }.joined(separator: ", ")
    let times = "  " + padded[3...].joined(separator: " ")
    return [names, times].map { TerminalText.cut($0, to: columns) }.joined(separator: "\n")
  }
}
