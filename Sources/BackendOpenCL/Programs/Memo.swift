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
