/// The sizes of a tensor's axes, outermost first. Elements lie row-major, the last axis contiguous.
///
/// Activations are `[N, H, W, C]`, filters `[R, S, C, K]`, linear weights `[C, K]`, vectors `[C]`.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  public let sizes: [Int]

  /// - Precondition: no size is negative.
  public init(_ sizes: [Int]) {
    precondition(sizes.allSatisfy { $0 >= 0 }, "a shape has no negative sizes, got \(sizes)")
    self.sizes = sizes
  }

  public init(arrayLiteral sizes: Int...) { self.init(sizes) }

  public var rank: Int { sizes.count }
  /// Number of elements; 1 for the empty (scalar) shape.
  public var count: Int { sizes.reduce(1, *) }
  public subscript(_ axis: Int) -> Int { sizes[axis] }
  public var description: String { "\(sizes)" }
}
