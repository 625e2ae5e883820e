import Synchronization

/// A clock that stands, or is later by the same time whenever it is read.
public final class TurnedClock: Clock, Sendable {
  public struct Instant: InstantProtocol {
    let sinceStart: Duration

    public func advanced(by duration: Duration) -> Instant {
      Instant(sinceStart: sinceStart + duration)
    }

    public func duration(to other: Instant) -> Duration { other.sinceStart - sinceStart }

    public static func < (one: Instant, other: Instant) -> Bool {
      one.sinceStart < other.sinceStart
    }
  }

  private let step: Duration
  private let reading = Mutex(Duration.zero)

  public init(step: Duration = .zero) { self.step = step }

  public var now: Instant {
    reading.withLock {
      $0 += step
      return Instant(sinceStart: $0)
    }
  }

  public var minimumResolution: Duration { step }

  public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    preconditionFailure("TurnedClock: nobody waits for it")
  }
}
