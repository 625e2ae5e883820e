/// What is worked out once for each key: plans and kernels by the shapes and settings that they
/// depend on, so that a launch like an earlier one makes no text and no plan. On a GPU the kernels
/// of a small network take no longer than the host needs to enqueue them.
final class Memo<Key: Hashable, Value> {
  private var values: [Key: Value] = [:]

  func callAsFunction(_ key: Key, _ make: () throws -> Value) rethrows -> Value {
    if let value = values[key] { return value }
    let value = try make()
    values[key] = value
    return value
  }
}

/// A memo for each type of key. Who has the key knows what it is for.
final class Memos {
  private var tables: [ObjectIdentifier: AnyObject] = [:]

  /// - Precondition: a type of key always goes with the same type of value.
  func callAsFunction<Key: Hashable, Value>(
    _ key: Key, _ make: () throws -> Value
  ) rethrows -> Value {
    let type = ObjectIdentifier(Key.self)
    let table: Memo<Key, Value>
    if let known = tables[type] {
      guard let memo = known as? Memo<Key, Value> else {
        preconditionFailure("\(Key.self) is the key of another memo")
      }
      table = memo
    } else {
      table = Memo()
      tables[type] = table
    }
    return try table(key, make)
  }
}
