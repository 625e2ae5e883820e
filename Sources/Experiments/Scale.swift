import Networks
import Training

/// How much of an experiment is run. Scales change sizes and steps, nothing else.
public enum Scale: String, Codable, Sendable, CaseIterable {
  /// Does it run: a few steps on synthetic images.
  case smoke
  /// Two cores and less than an hour.
  case short
  /// Two cores and a night.
  case medium
  /// The paper's networks.
  case full

  /// Minibatches of each task (ours: the paper does not say).
  public var steps: Int { pick(4, 500, 6000, 64_000) }
  public var batchSize: Int { pick(16, 64, 64, 128) }

  var resnet: Architecture { Architecture(depth: pick(8, 8, 20, 56), split: .stage2) }

  /// The network of the analysis and of transfer. At the medium scale 16 channels cross the cut and
  /// the rate is 1, in every row: what lets rotation prediction bind in a tenth of the paper's
  /// steps, without loss of own accuracy (docs/results/rotation.md).
  var analyzed: Architecture {
    var architecture = resnet
    architecture.adapter = pick(nil, nil, 16, nil)
    return architecture
  }
  var learningRate: Double { pick(0.1, 0.1, 1, 0.1) }

  /// Pre-training by rotation prediction, in minibatches.
  var preTrainingSteps: Int { pick(4, 1000, 40_000, 200_000) }
  /// Its rotation accuracy is measured every so many: does it still rise?
  var preTrainingCurve: Int { pick(0, 0, 2000, 0) }

  /// Copies of an image in a minibatch of the self-supervised tasks.
  var rotations: Copies { pick(.all, .all, .one, .all) }

  // MARK: Table 2

  /// WRN-28 of the width that Sun et al. 2019 use (ours: the paper does not say).
  var wideResNet: Architecture {
    Architecture(
      name: .wideResNet, depth: pick(10, 10, 16, 28), width: pick(1, 1, 2, 16), split: .stage2)
  }
  var adaptationSteps: Int { pick(4, 500, 1000, 1000) }

  /// Rate and minibatches of what is not in the paper, and of rotation on corrupted images; of
  /// TENT, which goes over the test images once, the rate alone. TENT's and SHOT's were chosen at
  /// the short scale on gaussian-noise:3 with seed 1000 (Tools/choose-adaptation), and taken over by
  /// the others; rotation has Table 2's.
  func adaptation(by method: AdaptationMethod) -> (learningRate: Double, steps: Int) {
    switch method {
    case .tent: (0.001, adaptationSteps)
    case .shot: (0.0001, adaptationSteps)
    default: (0.001, adaptationSteps)
    }
  }

  // MARK: Fig. 4

  /// Of the extractors that share a head, and of the head, whose adapter has 64 channels.
  var mobileNet: Architecture {
    Architecture(name: .mobileNetV2, width: pick(0.25, 0.25, 0.5, 1), split: .block(11))
  }
  var wideVariant: Architecture {
    Architecture(depth: resnet.depth, width: 2, split: .stage2)
  }
  var sharedHeadSteps: Int { pick(4, 500, 4000, 64_000) }

  // MARK: Fig. 5

  /// Minibatches of fine-tuning: five epochs, but for a try.
  func fineTuningSteps(epoch: Int) -> Int { pick(6, 5 * epoch, 5 * epoch, 5 * epoch) }

  private func pick<Value>(
    _ smoke: Value, _ short: Value, _ medium: Value, _ full: Value
  ) -> Value {
    switch self {
    case .smoke: smoke
    case .short: short
    case .medium: medium
    case .full: full
    }
  }
}
