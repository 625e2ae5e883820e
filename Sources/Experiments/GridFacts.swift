import Datasets
import Networks
import Recipes
import Reporting
import Runs
import Training

/// What a reader has to know beside the numbers.
extension Grid {
  /// Where all heads have as many outputs.
  func chance(_ experiment: Experiment, _ datasets: Datasets) -> Double? {
    let outputs = Set(
      sources.filter { experiment.roles.contains($0.role) && $0.role != .ilsvrc12 }
        .compactMap { datasets[$0]?.classNames.count })
    return outputs.count == 1 ? outputs.first.map { 1 / Double($0) } : nil
  }

  func standIns(_ experiment: Experiment, _ datasets: Datasets) -> [String] {
    sources.filter { experiment.roles.contains($0.role) }.compactMap { source in
      guard let data = datasets[source] else { return nil }
      let notes = data.notes.isEmpty ? "" : " (\(data.notes.joined(separator: "; ")))"
      if source.isOriginal(data) { return notes.isEmpty ? nil : data.name + notes }
      return "\(data.name)\(notes) stands in for \(source.role.title)."
    }
      + (scale == .full
        ? [] : ["Networks and trainings are smaller than the paper's, as stated below."])
  }

  /// Networks, lengths and data of the trainings.
  func facts(_ experiment: Experiment, _ datasets: Datasets) throws -> [Report.Fact] {
    var lengths: [(text: String, trainings: [String])] = []
    for training in experiment.trainings.flatMap(\.withNeeds).filter(hasData) {
      let recipe = try job(training, seed: 0, datasets).recipe
      let networks = Set(recipe.tasks.map { "\(recipe.extractorArchitecture(of: $0))" }).sorted()
      let text =
        "\(networks.joined(separator: ", ")) cut after \(recipe.architecture.split.rawValue), "
        + "\(recipe.steps) minibatches of \(recipe.batchSize) of each task, "
        + "learning rate \(recipe.learningRate)"
      if let index = lengths.firstIndex(where: { $0.text == text }) {
        if !lengths[index].trainings.contains(training.name) {
          lengths[index].trainings.append(training.name)
        }
      } else {
        lengths.append((text, [training.name]))
      }
    }
    return lengths.map { length in
      let names = length.trainings.joined(separator: "; ")
      return Report.Fact(length.text, isOwn ? naming(names, datasets) : names)
    }
      + [Report.Fact("seeds", "0 to \(seeds - 1)")]
      + sources.filter { experiment.roles.contains($0.role) }.compactMap { source in
        datasets[source].map {
          Report.Fact(
            source.name ?? "given for \(source.role.title)",
            "\($0.name): \($0.trainCount) training and \($0.test.count) test images, "
              + "SHA-256 \($0.digest.prefix(16))…")
        }
      }
  }

  /// Of what has finished.
  func trainingTime(_ datasets: Datasets) throws -> String {
    let seconds = try jobs(trainings, datasets).filter { state($0) == .finished }
      .reduce(0.0) { $0 + (try RunDirectory($1.directory).read().results.seconds) }
    return "\(Int((seconds / 60).rounded())) min"
  }
}

extension Grid.Job {
  /// Training images of its first task.
  func trainImages(_ datasets: Grid.Datasets, _ grid: Grid) throws -> Int {
    try recipe.tasks[0].choosingClasses(of: datasets[grid.source(of: roles[0])]!).trainCount
  }
}
