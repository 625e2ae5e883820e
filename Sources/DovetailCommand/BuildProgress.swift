import Dovetail

/// Says what is being compiled where that takes long: the first run on a device compiles some
/// dozens of kernels, later ones find them in the driver's cache, or in ours.
final class BuildProgress {
  private var start: Double?
  private var last = 0.0

  func announce(kernel: String, count: Int) {
    let now = Console.seconds()
    let start = self.start ?? now
    self.start = start
    guard now - max(last, start) >= 2 else { return }
    last = now
    Console.log(
      "compiling kernels for this device, \(count) so far (\(kernel)); they are kept for the "
        + "next start")
  }
}
