public import Tensors

/// One thing that is done to training images before the extractor sees them.
///
/// Most steps only say what `gatherImages` shall do, and cost nothing; one that it cannot do works on
/// the batch, with a `CustomKernel` of its own. All draws are functions of (seed, task, step, place
/// in the minibatch), so that a run can be taken up anywhere, and a new step changes no other's.
public protocol AugmentationStep: Sendable {
  /// As recipes know it.
  var name: String { get }

  /// Changes what is done to one image. Called for each image of a minibatch in turn.
  /// - Parameters:
  ///   - transform: what `gatherImages` is going to do to the image.
  ///   - imageSize: height and width, pixels.
  ///   - random: the step's own stream.
  func change(_ transform: inout ImageTransform, imageSize: Int, random: inout RandomStream)

  /// Changes the normalized images x `[N, size, size, 3]` in place, after all that `gatherImages`
  /// does to them.
  /// - Parameters:
  ///   - x: the images.
  ///   - positions: of each of the N, its place in the minibatch: several are copies of one image
  ///     where a self-supervised task makes some, and what is drawn for an image holds for its
  ///     copies.
  ///   - random: the step's own stream, the same for each pass of a minibatch.
  ///   - backend: where they are.
  func change(
    _ x: Tensor, positions: [Int], random: inout RandomStream, on backend: any Backend)
}

extension AugmentationStep {
  public func change(
    _ transform: inout ImageTransform, imageSize: Int, random: inout RandomStream
  ) {}
  public func change(
    _ x: Tensor, positions: [Int], random: inout RandomStream, on backend: any Backend
  ) {}
}

/// The augmentation steps that a recipe can name.
public enum Augmentations {
  /// A step, and the number that a recipe may give it.
  public struct Kind: Sendable {
    /// As a recipe spells it.
    public let name: String
    /// What it is used for where none is given, and its bounds; nil: it takes none.
    public let value: (standard: Double, bounds: ClosedRange<Double>)?
    /// The step, for a number within the bounds.
    public let make: @Sendable (_ value: Double) -> any AugmentationStep

    /// - Precondition: the name differs from those of other kinds.
    public init(
      name: String, value: (standard: Double, bounds: ClosedRange<Double>)? = nil,
      make: @escaping @Sendable (_ value: Double) -> any AugmentationStep
    ) {
      (self.name, self.value, self.make) = (name, value, make)
    }
  }

  private static let registry = Registry<Kind>(
    "an augmentation step",
    [
      Kind(name: "crop") { _ in RandomCrop() },
      Kind(name: "resized-crop", value: (0.08, 0.01...1)) { RandomResizedCrop(smallestArea: $0) },
      Kind(name: "flip") { _ in RandomFlip() },
      Kind(name: "color", value: (0.4, 0...1)) { ColorJitter(strength: $0) },
      Kind(name: "erase", value: (0.5, 0...1)) { RandomErasing(probability: $0) },
    ].map { ($0.name, $0) })

  /// In the order in which they became known.
  public static var all: [Kind] { registry.all }

  /// Adds a step of another package.
  /// - Precondition: the name is not taken.
  public static func register(_ kind: Kind) { registry.add(kind.name, kind) }
}
