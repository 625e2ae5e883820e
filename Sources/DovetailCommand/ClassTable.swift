import Dovetail

/// What `evaluate --per-class` prints after the figures of the tasks.
enum ClassTable {
  /// Each task's classes, the worst first, those of one accuracy in the head's order.
  static func text(_ results: RunResults) -> String {
    var lines: [String] = []
    for task in results.tasks {
      let classes = (task.classAccuracies ?? []).enumerated().sorted {
        ($0.element.accuracy, $0.offset) < ($1.element.accuracy, $1.offset)
      }.map { [$0.element.name, "\($0.element.images)", Format.percent($0.element.accuracy)] }
      guard !classes.isEmpty else { continue }
      lines +=
        [""] + ResultTable.aligned([["class of \(task.name)", "images", "accuracy"]] + classes)
    }
    return lines.joined(separator: "\n")
  }
}
