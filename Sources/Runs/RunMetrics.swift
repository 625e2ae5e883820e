import Files
import Foundation
import Reporting
import Training

/// What a run writes while it goes on: `metrics.jsonl`, and the same numbers for TensorBoard.
struct RunMetrics {
  let path: String
  let events: EventFile?
  /// Seconds since 1970.
  let startTime: Double

  /// - Parameter seconds: since the start.
  func append(_ progress: TrainingProgress, seconds: Double) throws {
    struct Line: Encodable {
      let step: Int
      let minibatch: Int
      let learningRate: Float
      let losses: [TaskLosses]
    }
    try append(
      line: Line(
        step: progress.step, minibatch: progress.minibatch, learningRate: progress.learningRate,
        losses: progress.losses), seconds)
  }

  func append(_ point: RunResults.CurvePoint, seconds: Double) throws {
    try append(line: point, seconds)
  }

  private func append(line: some Encodable, _ seconds: Double) throws {
    let text = try CanonicalJSON.line(line)
    try GrowingFile(path).append(text + [UInt8(ascii: "\n")])
    try events?.add(MetricsLine(json: Data(text)), wallTime: startTime + seconds)
  }
}
