public import Tensors

/// A self-supervised task, which needs no labels: it makes copies of an image, and what was done to
/// a copy is its label (Sec. 3.1: any such task will do, as its labels mean the same in every data
/// set). A task is one file, and a line in `AuxiliaryTasks` or, in another package, a call of its
/// `register`.
public protocol AuxiliaryTask: Sendable {
  /// What its head is stored as, and called in results: `rotation`.
  var kind: AuxiliaryHead.Kind { get }
  /// What recipes call the method of sharing its head: its kind, unless it says otherwise.
  var methodName: String { get }
  /// Names of its head's outputs.
  var labelNames: [String] { get }
  /// What is done to an image to make the copy of each label, after crop and flip.
  func copy(_ transform: ImageTransform, label: Int) -> ImageTransform
}

/// The self-supervised tasks that recipes can name.
public enum AuxiliaryTasks {
  package static let builtIn = 2

  private static let registry = Registry<any AuxiliaryTask>(
    "a self-supervised task",
    [
      ("rotation", RotationTask()),
      ("jigsaw", JigsawTask()),
    ])

  /// In the order in which they became known.
  public static var all: [any AuxiliaryTask] { registry.all }

  /// Adds a task of another package.
  /// - Precondition: no task of its kind is known.
  public static func register(_ task: any AuxiliaryTask) {
    registry.add(task.kind.rawValue, task)
  }
}

extension AuxiliaryTask {
  public var methodName: String { kind.rawValue }

  /// A copy of every image for each label, label by label: one batch of L·B.
  package func copies(of transforms: [ImageTransform]) -> [ImageTransform] {
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
  package func labels(count: Int) -> [Int32] {
    labelNames.indices.flatMap { [Int32](repeating: Int32($0), count: count) }
  }
}

extension AuxiliaryHead.Kind {
  /// The self-supervised task that a head of this kind was trained for.
  public var auxiliaryTask: (any AuxiliaryTask)? { AuxiliaryTasks.all.first { $0.kind == self } }

  /// What tells apart random draws for heads of different kinds; the built-in ones' are part of every
  /// result.
  package var randomStream: UInt32 {
    switch self {
    case .rotation: 0
    case .jigsaw: 1 << 31
    default: rawValue.stableHash | 1 << 31
    }
  }
}
