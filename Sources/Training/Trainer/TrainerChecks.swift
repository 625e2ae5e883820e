import Components
import Datasets

/// Do tasks and settings fit?
extension Trainer {
  /// Common classes of the tasks.
  static func classMap(_ tasks: [TrainingTask]) throws(SettingsError) -> ClassMap {
    let map: ClassMap
    do {
      map = try ClassMap(tasks.map { ($0.dataset.classNames, $0.synonyms) })
    } catch {
      throw SettingsError("\(error)")
    }
    for (task, names) in zip(tasks, map.names) where Set(names).count < names.count {
      throw SettingsError(
        "task \(task.name): two classes have one name, after synonyms; merge them")
    }
    return map
  }

  static func check(
    _ tasks: [TrainingTask], _ classMap: ClassMap, _ settings: TrainingSettings,
    _ heads: [AuxiliaryHead]
  ) throws(SettingsError) {
    if settings.uses(.commonClasses) {
      if let head = heads.first(where: { $0.kind == .commonClasses }) {
        try check(tasks, classMap, knows: head.head.classNames)
      } else if classMap.common.count < 2 {
        throw SettingsError(
          "methods: common-classes needs at least two classes that tasks share, found "
            + "\(classMap.common.count); check synonyms")
      }
    }
    for task in tasks {
      let dataset = task.dataset
      try settings.validate(task.architecture ?? settings.architecture, of: task.name)
      if task.oldHead != nil, settings.objective != .target {
        throw SettingsError(
          "task \(task.name): old-head: needs labels, and the objective "
            + "\(settings.objective.rawValue) looks at none")
      }
      if settings.objective.followsPredictions, task.extractor == nil || task.head == nil {
        throw SettingsError(
          "task \(task.name): objective: \(settings.objective.rawValue) goes on from a network: "
            + "give its extractor and its head")
      }
      guard dataset.trainCount > 0,
        dataset.test.count > 0 || settings.objective != .target
      else {
        throw SettingsError("task \(task.name): its data set has no training or no test images")
      }
      guard dataset.train.size == settings.imageSize, dataset.test.size == settings.imageSize else {
        throw SettingsError(
          "task \(task.name): expected images of image-size \(settings.imageSize), got "
            + "\(dataset.train.size) and \(dataset.test.size)")
      }
    }
    if settings.sharedHead, classMap.names.contains(where: { $0 != classMap.names[0] }) {
      throw SettingsError("shared-head: the tasks' classes differ, or stand in another order")
    }
  }

  /// A head that is given has its classes; without two of them a task learns nothing from it.
  private static func check(
    _ tasks: [TrainingTask], _ classMap: ClassMap, knows classes: [String]
  ) throws(SettingsError) {
    for (index, task) in tasks.enumerated() {
      let known = classMap.indices(of: index, in: classes).count { $0 >= 0 }
      guard known < 2 else { continue }
      throw SettingsError(
        "task \(task.name): the common-classes head in auxiliary-heads knows \(known) of its "
          + "classes, at least 2 are needed; the head's are "
          + "\(classes.prefix(12).joined(separator: ", "))"
          + "\(classes.count > 12 ? ", …" : ""); name synonyms")
    }
  }
}
