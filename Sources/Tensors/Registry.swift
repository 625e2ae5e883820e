import Synchronization

/// What can be named in recipes and files: built-in things, and those that other packages add.
package final class Registry<Value: Sendable>: Sendable {
  private let what: String
  private let entries: Mutex<[(name: String, value: Value)]>

  package init(_ what: String, _ entries: [(name: String, value: Value)]) {
    self.what = what
    self.entries = Mutex(entries)
  }

  /// In the order in which they were added.
  package var all: [Value] { entries.withLock { $0.map(\.value) } }

  package subscript(name: String) -> Value? {
    entries.withLock { $0.first { $0.name == name }?.value }
  }

  /// - Precondition: the name is not taken.
  package func add(_ name: String, _ value: Value) {
    entries.withLock {
      precondition(
        !$0.contains { $0.name == name }, "\(what) of the name “\(name)” is registered already")
      $0.append((name, value))
    }
  }
}

extension String {
  /// FNV-1a, 32 bits: numbers for names that stay the same, for random streams.
  package var stableHash: UInt32 {
    utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
  }
}
