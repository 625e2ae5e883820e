public import Analysis
import Components
import Datasets
import Training

extension Experiment {
  /// One figure read off finished runs.
  public enum Metric: Sendable {
    /// Recombination accuracy, mean of both directions.
    case recombination
    /// On the test images of one role alone.
    case recombinationOn(DataRole)
    /// Own-task accuracy on the common classes, mean of the tasks: the upper bound.
    case ownTask
    /// Own-task accuracy on all classes, mean of the tasks.
    case ownTaskOnAllClasses
    /// Own-task accuracy of one task, as it would be among twice as many classes were all images of
    /// the others named wrong.
    case halfOwnTask(Int)
    /// Mean correlation of the features, channel by channel or after the best permutation.
    case correlation(permuted: Bool)
    /// Linear CKA of the features.
    case linearCKA
    /// Mean of what these extractors reach under these heads.
    case crossings([Crossing])
    /// Recombination accuracy after a map between the features, mean of both directions.
    case mapped(FeatureMap)
    /// Known beforehand.
    case constant(Double)
    /// Average class accuracy of the first task along its training: at the start, or after an
    /// epoch.
    case curve(CurvePlace)
  }

  /// What stands between an extractor and the other task's head.
  public enum FeatureMap: Sendable, Hashable, CustomStringConvertible {
    /// In closed form, without labels.
    case aligned(AlignmentMethod)
    /// Trained with labels, so many steps.
    case stitched(Int)
    /// No map: both networks made one by the mean of their weights, the second's channels in the
    /// order that is most like the first's where that is asked for, and statistics taken again.
    case averaged(permuted: Bool)

    public var description: String {
      switch self {
      case .aligned(let method): "aligned, \(method.rawValue)"
      case .stitched(let steps): "stitched, \(steps) steps"
      case .averaged(let permuted): permuted ? "averaged after permuting" : "averaged"
      }
    }
  }

  /// Where along a training its accuracy is taken: before the first step, after an epoch, or at the
  /// end.
  public enum CurvePlace: Sendable { case start, firstEpoch, end }

  /// An extractor of one training under a head of another, measured as the row asks.
  public struct Crossing: Sendable {
    let extractor: PlannedTraining
    var extractorTask = 0
    let head: PlannedTraining
    var headTask = 0
    /// Whose test images: those of the classes that the head knows.
    let role: DataRole
    var policy = BatchNormPolicy.batch
    /// Of the test batches; nil: the training's.
    var batchSize: Int?
    var measure = Measure.accuracy
    /// Images of the classes that both roles have, where it is not the head's own.
    var commonWith: DataRole?
    /// Through what the images are seen; nil: as they are.
    var corruption: Corruption?
    /// What is done on unlabeled images of the role before or while it is measured: AdaBN, blended
    /// statistics, or TENT, online; what is trained beforehand is the extractor's training.
    var adaptation: AdaptationMethod?
  }

  /// What is taken of the measured images: the share that is right, or the mean of that over classes.
  public enum Measure: String, Sendable { case accuracy, averageClassAccuracy }
}
