import Dovetail

/// All launches of one kernel in what was timed.
struct KernelShare: Encodable {
  let name: String
  var count = 0
  var milliseconds = 0.0

  var text: String { "\(Format.fixed(milliseconds, 1)) ms in \(count) × \(name)" }

  /// The longest first.
  static func by(name times: [(name: String, seconds: Double)]) -> [KernelShare] {
    var shares: [String: KernelShare] = [:]
    for (name, seconds) in times {
      shares[name, default: KernelShare(name: name)].count += 1
      shares[name]!.milliseconds += seconds * 1000
    }
    return shares.values.sorted { ($0.milliseconds, $1.name) > ($1.milliseconds, $0.name) }
  }
}
