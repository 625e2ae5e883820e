public import Tensors

/// One family of networks: a stem, pieces that a cut may follow, a tail, and after it a global
/// average pool and a linear layer. The type says what all its networks have in common (its static
/// members), a value is one network of the family.
///
/// A family is found by its name in `NetworkFamilies`, where it has to be registered once; nothing
/// else in the house knows any family by name. From then on recipes, component files, imports,
/// exports and the bench take it.
///
///     struct PlainStack: NetworkFamily {
///       static let name: Architecture.Name = "plain-stack"
///       …
///     }
///     try NetworkFamilies.register(PlainStack.self)
public protocol NetworkFamily: Sendable {
  // MARK: The family

  /// Its name in recipes, files and on the command line: lower-case letters, digits and hyphens.
  /// Never changes: component files hold it.
  static var name: Architecture.Name { get }
  /// What people call it, for messages: “MobileNetV2”.
  static var title: String { get }
  /// What can be chosen of a network; the rest has its default and nothing else.
  static var settings: Set<NetworkSetting> { get }
  /// The depth where none is given.
  static var defaultDepth: Int { get }
  /// The width where none is given.
  static var defaultWidth: Double { get }
  /// The cut where none is given, one of `splits`.
  static var defaultSplit: Split { get }
  /// Where its networks may be cut: one for each of their `pieces`, in their order.
  static var splits: [Split] { get }
  /// The strides for images of `imageSize` pixels a side, where none are given; nil (the default)
  /// for a family whose `settings` lack `resolution`.
  static func defaultResolution(imageSize: Int) -> Architecture.Resolution?
  /// The form of its depths for the help: “6n + 2”; nil (the default) where any is fine.
  static var depthRule: String? { get }
  /// Throws what is wrong with depth and width, and with `resolution` where it has one. Called
  /// before a network is made, also of what an untrusted file states: its bounds are all that keeps
  /// the network within memory. Split, adapter, and settings that the family lacks are looked at
  /// elsewhere.
  /// - Throws: `ArchitectureError` of the key `depth`, `width` or `resolution`.
  static func validate(_ architecture: Architecture) throws(ArchitectureError)
  /// A network's name for people, for example `resnet-56`. The default: the name, the depth where
  /// it can be chosen, and a width that is not 1.
  static func description(of architecture: Architecture) -> String
  /// What a network's name may promise to some that it does not hold; nil (the default) for most.
  static func remark(on architecture: Architecture) -> String?
  /// Whether recipes and files leave the default width out. The default is false.
  static var omitsDefaultWidth: Bool { get }

  // MARK: Weights of other programs

  /// Other names of layers in weight files, by that name: `["fc": "linear"]`. The default is empty.
  static var layerAliases: [String: String] { get }
  /// The family's own name of a tensor that a weight file calls so, where other programs have other
  /// names than `layerAliases` tell. The default is the name itself.
  static func ownName(ofTensor name: String) -> String
  /// Which shortcuts a file's weights have. The default is the standard one.
  static func shortcut(of weights: WeightShapes) -> Architecture.Shortcut
  /// Which strides a file's weights are for, where they tell; nil (the default): those for the size of
  /// the images.
  static func resolution(of weights: WeightShapes) -> Architecture.Resolution?
  /// What other programs do to pictures before such a network, where it is nearly always the same;
  /// nil (the default) where it is not.
  static var defaultPicture: PictureDefault? { get }
  /// Why a weight file with a tensor of this name holds no network of the family, where more can be
  /// said than that the network has no such tensor. The default is nil.
  static func refusal(ofTensor name: String) -> String?
  /// Depth and width of the network that a file's weights are of, as far as names and shapes tell;
  /// what is nil (the default for both) has its default. The file is not trusted; what is found is
  /// validated.
  static func sizes(of weights: WeightShapes) -> (depth: Int?, width: Double?)

  // MARK: Bench

  /// Layers at their sizes that `dovetail bench kernels` times, for images of 32×32. The default is
  /// none.
  static var benchLayers: [BenchLayer] { get }
  /// The depth that `dovetail bench step` takes where none is given; by default `defaultDepth`.
  static var benchDepth: Int { get }

  // MARK: A network

  /// - Precondition: `architecture.validate()` passes. Nothing is allocated on a device yet.
  init(_ architecture: Architecture)

  /// Channels behind the stem.
  var stemChannels: Int { get }
  /// What comes out of each piece, one for each of the family's `splits`.
  var pieces: [Piece] { get }
  /// Name of the linear layer at the end; its weight is `<classifier>.weight`.
  var classifier: String { get }

  /// Images `[N, H, W, 3]` to `stemChannels` channels.
  func stem(_ fresh: FreshWeights) -> [any Layer]
  /// The layers of `pieces[index]`.
  /// - Parameters:
  ///   - index: in `pieces`.
  ///   - inputChannels: what comes in; behind an adapter any number that
  ///     `validate(adapter:before:)` lets pass.
  ///   - fresh: what draws the weights.
  func piece(_ index: Int, inputChannels: Int, _ fresh: FreshWeights) -> [any Layer]
  /// What stands between the last piece and the pool, and the number of channels behind it. The
  /// default: nothing.
  func tail(
    inputChannels: Int, _ fresh: FreshWeights
  ) -> (layers: [any Layer], outputChannels: Int)
  /// Throws where `pieces[index]` (the tail, where there is none such) cannot take features of so
  /// many channels. By default it can take any.
  /// - Throws: `ArchitectureError` of the key `adapter`.
  func validate(adapter channels: Int, before index: Int) throws(ArchitectureError)
}

/// What may be chosen of a network beside its split and an adapter: the keys of
/// `Architecture.depth`, `width`, `resolution`, `shortcut`.
public enum NetworkSetting: String, Sendable, CaseIterable {
  case depth, width, resolution, shortcut
}

/// What comes out of a piece of a network.
public struct Piece: Hashable, Sendable {
  /// C.
  public let channels: Int
  /// By how much the image has been shrunk: features are `[N, H/divisor, W/divisor, channels]`.
  public let divisor: Int
  /// What the features have gone through last; `none` for a bare sum or a linear map.
  public let activation: Activation

  public init(channels: Int, divisor: Int, activation: Activation) {
    self.channels = channels
    self.divisor = divisor
    self.activation = activation
  }
}

/// Where fresh weights are drawn from: a device that holds them, a seed, and for each filter of a
/// network a stream of its own.
///
/// A family numbers its filters' streams itself, each number once, from 0 to below
/// `streamsOfFamilies`, and the same wherever the network is cut: so equal seeds give equal weights
/// whatever the split, and an adapter changes no other weight. Renumbering changes every later
/// training of the family.
public struct FreshWeights {
  /// Streams from here on are those of layers that all networks have.
  public static let streamsOfFamilies: UInt32 = 1 << 16
  static let classifierStream: UInt32 = streamsOfFamilies
  static let adapterStream: UInt32 = streamsOfFamilies + 1
  static let affineAdapterStream: UInt32 = streamsOfFamilies + 2

  /// Holds the weights.
  public let backend: any Backend
  /// Of all the network's random numbers; equal seeds give equal weights on every backend.
  public let seed: UInt64

  public init(backend: any Backend, seed: UInt64) {
    self.backend = backend
    self.seed = seed
  }
}

// MARK: What most families have

extension NetworkFamily {
  public static func defaultResolution(imageSize: Int) -> Architecture.Resolution? { nil }
  public static var depthRule: String? { nil }
  public static var omitsDefaultWidth: Bool { false }
  public static var layerAliases: [String: String] { [:] }
  public static func remark(on architecture: Architecture) -> String? { nil }
  public static func ownName(ofTensor name: String) -> String { name }
  public static func shortcut(of weights: WeightShapes) -> Architecture.Shortcut { .standard }
  public static func resolution(of weights: WeightShapes) -> Architecture.Resolution? { nil }
  public static var defaultPicture: PictureDefault? { nil }
  public static func refusal(ofTensor name: String) -> String? { nil }
  public static func sizes(of weights: WeightShapes) -> (depth: Int?, width: Double?) {
    (nil, nil)
  }
  public static var benchLayers: [BenchLayer] { [] }
  public static var benchDepth: Int { defaultDepth }

  public static func description(of architecture: Architecture) -> String {
    var parts = [name.rawValue]
    if settings.contains(.depth) { parts.append("\(architecture.depth)") }
    if architecture.width != 1 { parts.append(architecture.widthText) }
    if architecture.shortcut != .standard { parts.append(architecture.shortcut.rawValue) }
    return parts.joined(separator: "-")
  }

  public func tail(
    inputChannels: Int, _ fresh: FreshWeights
  ) -> (layers: [any Layer], outputChannels: Int) { ([], inputChannels) }

  public func validate(adapter channels: Int, before index: Int) throws(ArchitectureError) {}
}
