import Datasets

/// What a training says about images that are decoded while it runs.
extension Trainer {
  /// Whether the images of any task are streamed.
  package var streams: Bool { networks.contains { $0.decoder != nil } }

  package var secondsWaitingInAll: Double { earlier.secondsWaiting + secondsWaiting }

  /// Damaged files in whose place others were taken so far.
  package var skippedImages: [String] {
    let now = networks.flatMap { $0.decoder?.skipped ?? [] }
    return earlier.skippedImages + now.filter { !earlier.skippedImages.contains($0) }
  }
}
