import Foundation
import Synchronization

/// SIGINT, SIGTERM and SIGHUP while something is trained: the first asks for a checkpoint and an end, the
/// second ends at once.
enum Interruption {
  /// As a shell has it for SIGINT.
  static let atOnce: Int32 = 130
  private static let asked = Atomic<Bool>(false)

  static var isAsked: Bool { asked.load(ordering: .relaxed) }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }

  static func watch() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      // nohup has a process live on when its terminal goes.
      if number == SIGHUP, isIgnored(number) { continue }
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
