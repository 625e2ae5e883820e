public import Components
public import Tensors

/// A self-supervised task, which needs no labels: it makes copies of an image, and what was done to
/// a copy is its label (Sec. 3.1: any such task will do, as its labels mean the same in every data
/// set). A task is one file in this folder, a case of `CompatibilityMethod` and of
/// `AuxiliaryHead.Kind`.
public protocol AuxiliaryTask: Sendable {
  /// What its head is stored as, and called in results.
  var kind: AuxiliaryHead.Kind { get }
  /// Names of its head's outputs.
  var labelNames: [String] { get }
  /// What is done to an image to make the copy of each label, after crop and flip.
  func copy(_ transform: ImageTransform, label: Int) -> ImageTransform
}

extension AuxiliaryTask {
  /// A copy of every image for each label, label by label: one batch of L·B.
  func copies(of transforms: [ImageTransform]) -> [ImageTransform] {
    labelNames.indices.flatMap { label in transforms.map { copy($0, label: label) } }
  }

  /// One copy of every image, of a label drawn for it.
  package func oneCopy(
    of transforms: [ImageTransform], _ random: inout RandomStream
  ) -> (copies: [ImageTransform], labels: [Int32]) {
    let labels = transforms.map { _ in random.below(labelNames.count) }
    return (zip(transforms, labels).map { copy($0, label: $1) }, labels.map { Int32($0) })
  }

  /// The labels of `copies(of:)` of `count` images.
  func labels(count: Int) -> [Int32] {
    labelNames.indices.flatMap { [Int32](repeating: Int32($0), count: count) }
  }
}

extension CompatibilityMethod {
  /// The self-supervised task whose head is shared, for the methods that are one.
  public var auxiliaryTask: (any AuxiliaryTask)? {
    switch self {
    case .rotationPrediction: RotationTask()
    case .jigsaw: JigsawTask()
    case .identicalInitialWeights, .commonClasses: nil
    }
  }
}

extension AuxiliaryHead.Kind {
  /// The self-supervised task that a head of this kind was trained for.
  public var auxiliaryTask: (any AuxiliaryTask)? {
    CompatibilityMethod.allCases.lazy.compactMap(\.auxiliaryTask).first { $0.kind == self }
  }
}
