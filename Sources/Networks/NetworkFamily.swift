import Tensors

/// One family of networks: a stem, pieces that a cut may follow, a tail, and after it a global
/// average pool and a linear layer.
protocol NetworkFamily {
  var stemChannels: Int { get }
  /// What comes out of each piece.
  var pieces: [Piece] { get }
  /// Name of the linear layer.
  var classifier: String { get }

  /// From 3 to `stemChannels` channels.
  func stem(_ fresh: FreshWeights) -> [any Layer]
  /// - Parameter channels: what comes in; behind an adapter that may be any number.
  func piece(_ index: Int, from channels: Int, _ fresh: FreshWeights) -> [any Layer]
  /// What stands between the last piece and the pool, and the number of channels behind it.
  func tail(from channels: Int, _ fresh: FreshWeights) -> (layers: [any Layer], channels: Int)
}

/// Channels after a piece of a network, and by how much the image has been shrunk there.
struct Piece: Hashable {
  let channels: Int
  let divisor: Int
}

/// Where fresh weights are drawn from. Each filter of a network has a stream of its own; the
/// streams of one family's filters lie below those named here.
struct FreshWeights {
  static let classifierStream: UInt32 = 1 << 16
  static let adapterStream: UInt32 = 1 << 16 + 1

  let backend: any Backend
  let seed: UInt64
}
