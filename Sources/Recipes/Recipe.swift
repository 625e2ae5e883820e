public import Datasets
public import Networks
public import Training

/// Settings and tasks of a training as a file says them: with paths where a training has data sets and
/// components. Equal recipes on one device give equal bits.
@dynamicMemberLookup
public struct Recipe: Sendable, Equatable {
  /// In the order in which they take turns.
  public var tasks: [TaskRecipe]
  /// All that does not name files.
  public var settings = TrainingSettings()
  /// In place of `settings.steps`: passes over the training images of the task that has most.
  public var epochs: Double?
  /// Directory of a run whose components all networks start from; nil: fresh weights.
  public var initialWeights: String?
  /// Files of auxiliary heads, which take the place of fresh ones of their kind.
  public var auxiliaryHeads: [String] = []
  /// MiB of training images of a task that are held on the device; of an image folder with more
  /// each minibatch is decoded when it is wanted.
  public var imageMemory = 2048
  /// What happens to image files that cannot be decoded.
  public var damagedImages = DamagedImages.fail

  /// Which weights of a run its components have.
  public var keep = KeptWeights.last

  public init(tasks: [TaskRecipe]) { self.tasks = tasks }

  /// The settings' own, as if they were the recipe's.
  public subscript<Value>(dynamicMember path: WritableKeyPath<TrainingSettings, Value>) -> Value {
    get { settings[keyPath: path] }
    set { settings[keyPath: path] = newValue }
  }

  public func uses(_ method: CompatibilityMethod) -> Bool { settings.uses(method) }

  /// Whether some loss looks at no labels.
  package var isSelfSupervised: Bool { settings.isSelfSupervised }

  /// Of a task's extractor; all heads are of the recipe's own architecture.
  public func extractorArchitecture(of task: TaskRecipe) -> Architecture {
    task.architecture ?? settings.architecture
  }
}

/// Which weights of a run its components have.
public enum KeptWeights: String, Codable, Sendable, CaseIterable {
  /// Those after the last step.
  case last
  /// Of those that were measured, the last ones among them, those under which the held-out images
  /// were named best: the mean over the tasks of own accuracy; of equals the earliest.
  case best
}
