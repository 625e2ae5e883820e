import Foundation
import Synchronization

/// SIGINT and SIGTERM while something is trained: the first asks for a checkpoint and an end, the
/// second ends at once.
enum Interruption {
  /// As a shell has it for SIGINT.
  static let atOnce: Int32 = 130
  private static let asked = Atomic<Bool>(false)

  static var isAsked: Bool { asked.load(ordering: .relaxed) }

  static func watch() {
    for number in [SIGINT, SIGTERM] {
      // Nothing but an atomic flag and _exit: all that a handler may do.
      signal(number) { _ in
        if Interruption.asked.exchange(true, ordering: .relaxed) { _exit(Interruption.atOnce) }
      }
      // Some parents start their children with signals held back.
      var set = sigset_t()
      sigemptyset(&set)
      sigaddset(&set, number)
      pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }
  }
}
