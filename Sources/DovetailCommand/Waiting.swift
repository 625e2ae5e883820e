import Dispatch

/// Says what is done where nothing else would show for seconds.
enum Waiting {
  private static let patience = 2

  /// - Parameters:
  ///   - words: what is done, "reading images".
  ///   - quiet: nothing is said.
  ///   - body: what takes its time.
  static func note<Value>(
    _ words: String, quiet: Bool = false, _ body: () throws -> Value
  ) rethrows -> Value {
    guard !quiet else { return try body() }
    let start = Console.seconds()
    let redraws = Console.redraws
    let timer = DispatchSource.makeTimerSource(queue: queue)
    timer.schedule(
      deadline: .now() + .seconds(patience), repeating: redraws ? .seconds(1) : .never)
    timer.setEventHandler {
      let line = "\(words), \(Format.duration(Console.seconds() - start))"
      if redraws { Console.show(line) } else { Console.log("\(words) …") }
    }
    timer.resume()
    defer {
      timer.cancel()
      // What it draws at this moment is waited for.
      queue.sync {}
      if redraws { Console.endLine(keeps: false) }
    }
    return try body()
  }

  private static let queue = DispatchQueue(label: "dovetail.waiting")
}
