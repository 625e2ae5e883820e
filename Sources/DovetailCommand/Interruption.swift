import Foundation
import Synchronization

/// SIGINT, SIGTERM and SIGHUP while something is trained: the first asks for a checkpoint and an end, the
/// second ends at once. A SIGTERM soon after the first signal is the same one: a scheduler sends it to
/// all processes of a job, and a shell among these passes it on.
enum Interruption {
  /// As a shell has it for SIGINT.
  static let atOnce: Int32 = 130
  private static let soon = 2000
  /// Milliseconds of a clock, when the first came; 0: none yet.
  private static let asked = Atomic<Int>(0)

  static var isAsked: Bool { asked.load(ordering: .relaxed) != 0 }

  private static func milliseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }

  static func watch() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      // nohup has a process live on when its terminal goes.
      if number == SIGHUP, isIgnored(number) { continue }
      // Nothing but an atomic number, a clock and _exit: all that a handler may do.
      signal(number) { number in
        let now = Interruption.milliseconds()
        let (isFirst, first) = Interruption.asked.compareExchange(
          expected: 0, desired: now, ordering: .relaxed)
        if isFirst || (number == SIGTERM && now - first < Interruption.soon) { return }
        _exit(Interruption.atOnce)
      }
      // Some parents start their children with signals held back.
      var set = sigset_t()
      sigemptyset(&set)
      sigaddset(&set, number)
      pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }
  }
}
