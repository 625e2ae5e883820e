import Datasets
import Networks
import Tensors

/// What the reference says of the keys within `tasks` and `architecture`: name, values, what is taken
/// where nothing is said, meaning.
extension RecipeKeys {
  static let ofTasks: [[String]] = [
    [
      "dataset", DatasetKind.allCases.map(\.rawValue).joined(separator: ", "), "must be given",
      "kind of the data",
    ],
    [
      "name", "letters, digits, “-”, “_”, “.”", "the dataset's",
      "of its components' files, and in results",
    ],
    [
      "path", "a folder", "none", "of the data, from the recipe's folder; synthetic sets have none",
    ],
    [
      "test", "0.001 to 0.999", "none",
      "of a folder without test images: this part of each class is held out",
    ],
    [
      "corruption",
      "a kind and a strength from 1 to 5, such as gaussian-noise:5; kinds: "
        + Corruption.Kind.allCases.map(\.rawValue).joined(separator: ", "), "none",
      "what is done to all images, once, when they are read",
    ],
    [
      "classes", "a list of names", "all", "those of the data set that the task has, in this order",
    ],
    ["synonyms", "a mapping", "{}", "this data set's name of a class: the common one"],
    ["architecture", "a mapping, see below", "the recipe's", "of its extractor"],
    ["extractor", "a file", "fresh weights", "an extractor to go on from"],
    ["head", "a file", "fresh weights", "a head to go on from, which may know some classes alone"],
    [
      "old-head", "a file", "none",
      "a head of an earlier training, which does not change: images of the classes that it knows are "
        + "to be right under it, too (backward-compatible training)",
    ],
    [
      "initial-weights", "a run's directory", "fresh weights", "its network starts from that run's",
    ],
  ]

  static var ofArchitectures: [[String]] {
    func defaults(_ value: (any NetworkFamily.Type) -> String?) -> String {
      NetworkFamilies.all.compactMap { family in value(family).map { "\(family.name): \($0)" } }
        .joined(separator: ", ")
    }
    func splits(_ family: any NetworkFamily.Type) -> String {
      "\(family.splits.first!) to \(family.splits.last!)"
    }
    return [
      [
        "name", NetworkFamilies.names.map(\.rawValue).joined(separator: ", "),
        Architecture.Name.resnet.rawValue, "the family of networks",
      ],
      [
        "depth", defaults { $0.depthRule },
        defaults { $0.depthRule == nil ? nil : "\($0.defaultDepth)" },
        "weighted layers",
      ],
      [
        "width", "a number",
        defaults { $0.settings.contains(.width) ? Architecture.text($0.defaultWidth) : nil },
        "what the channels are multiplied by",
      ],
      [
        "split", defaults(splits), defaults { "\($0.defaultSplit)" },
        "where it is cut into extractor and head",
      ],
      [
        "adapter", "1 to \(Architecture.mostAdapterChannels)", "none",
        "the extractor ends in a 1×1 convolution to so many channels",
      ],
      [
        "affine-adapter",
        "{channels: 1 to \(Architecture.mostAdapterChannels), activation: "
          + "\(Activation.allCases.map(\.rawValue).joined(separator: " or "))}", "none",
        "the extractor ends in a 1×1 convolution with bias, without batch norm; what "
          + "`dovetail align` makes has one",
      ],
      [
        "resolution", Architecture.Resolution.allCases.map(\.rawValue).joined(separator: ", "),
        "by image-size",
        "strides for small or large images, of "
          + NetworkFamilies.all.filter { $0.settings.contains(.resolution) }.map { "\($0.name)" }
          .joined(separator: " and "),
      ],
      [
        "shortcut", Architecture.Shortcut.allCases.map(\.rawValue).joined(separator: ", "),
        Architecture.Shortcut.standard.rawValue,
        "where a resnet's block changes the shape: padding adds zeros, projection is a 1×1 convolution",
      ],
    ]
  }
}
