import Foundation
import Reporting

/// What a run writes while it goes on: `metrics.jsonl`, and the same numbers for TensorBoard.
struct RunMetrics {
  let path: String
  let events: EventFile?
  /// Seconds since 1970.
  let startTime: Double

  /// - Parameter seconds: since the start.
  func append(_ progress: TrainingProgress, seconds: Double) throws {
    struct Line: Encodable {
      let minibatch: Int
      let learningRate: Float
      let losses: [TaskLosses]
    }
    try append(
      line: Line(
        minibatch: progress.minibatch, learningRate: progress.learningRate,
        losses: progress.losses), seconds)
  }

  func append(_ point: RunResults.CurvePoint, seconds: Double) throws {
    try append(line: point, seconds)
  }

  private func append(line: some Encodable, _ seconds: Double) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let data = try encoder.encode(line)
    do {
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try handle.seekToEnd()
      try handle.write(contentsOf: data + Data("\n".utf8))
      try handle.close()
      try events?.add(MetricsLine(json: data), wallTime: startTime + seconds)
    } catch let error as EventFileError {
      throw RunDirectoryError(error)
    } catch {
      throw RunDirectoryError(
        kind: .cannotWrite, path: path,
        problem: "cannot be written: \(error.localizedDescription)")
    }
  }
}

extension RunDirectoryError {
  init(_ error: EventFileError) {
    self.init(
      kind: error.kind == .cannotCreate ? .cannotCreate : .cannotWrite, path: error.path,
      problem: error.problem)
  }
}
