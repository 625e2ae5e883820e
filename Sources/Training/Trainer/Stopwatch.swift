/// Seconds since it was made, by a clock: the machine's, or one that a test turns.
public struct Stopwatch {
  private let elapsed: () -> Duration

  public init(_ clock: some Clock<Duration> = ContinuousClock()) {
    let start = clock.now
    elapsed = { start.duration(to: clock.now) }
  }

  public var seconds: Double { elapsed() / .seconds(1) }
}
