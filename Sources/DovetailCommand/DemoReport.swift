import BuildInfo
import Dovetail
import Foundation

/// The demonstration as a page.
enum DemoReport {
  static func of(_ results: Demo.Results, _ pictures: [DemoPicture], device: String) -> Report {
    let (a, b) = (results.independent, results.compatible)
    let chance = a.recombinations.first?.chance
    var rows: [Report.Row] = []
    for (name, folder, run) in [
      ("trained as usual", "independent", a), ("trained to be compatible", "compatible", b),
    ] {
      for pair in run.recombinations {
        rows.append(
          Report.Row(
            name: "\(pair.extractor) extractor, \(pair.head) head", group: name,
            mean: pair.accuracy, n: 1, chance: pair.chance, link: folder))
      }
      for task in run.tasks {
        rows.append(
          Report.Row(
            name: "\(task.name), own network", group: name,
            mean: task.ownAccuracyOnCommonClasses, n: 1, link: folder))
      }
    }
    let images = Report.Pictures(
      title: "Four of the test images",
      items: pictures.map { picture in
        func line(_ name: String, _ guess: String) -> Report.Pictures.Line {
          Report.Pictures.Line(name: name, value: guess, isRight: guess == picture.className)
        }
        return Report.Pictures.Item(
          size: picture.size, pixels: Data(picture.pixels),
          label: "\(picture.className): \(picture.extractor) extractor, \(picture.head) head",
          lines: [line("as usual", picture.usual), line("compatible", picture.compatible)])
      })
    let percent = { (value: Double?) in Report.printed(value, .percent) }
    return Report(
      title: "Dovetail: the demonstration",
      environment: [
        Report.Fact("version", "\(ProductVersion.current), commit \(BuildInfo.commit)"),
        Report.Fact("device", device), Report.Fact("seed", "\(a.seed)"),
      ],
      experiments: [
        Report.Experiment(
          name: "demo", title: "One network's extractor under the other's head",
          summary: "Two domains of images drawn by code, ten classes each, nine in common; a "
            + "ResNet-8 for each, cut after its last stage, \(a.steps) steps. The second pair has the three methods in common. Nothing "
            + "is fine-tuned after the exchange.",
          rows: rows,
          figures: [
            .pictures(images), .bars(Report.Bars(title: "Accuracy", rows: rows, chance: chance)),
          ],
          finding: "Recombined, networks that were trained to be compatible name "
            + "\(percent(b.recombinationAccuracy)) of the images rightly, networks that were trained as "
            + "usual \(percent(a.recombinationAccuracy)); chance is \(percent(chance)).",
          terms: [
            Report.Fact("IIW", "identical initial weights: both start from the same weights"),
            Report.Fact(
              "RP", "rotation prediction: one shared head tells how far an image was turned"),
            Report.Fact(
              "DCC",
              "discrimination of common classes: one shared head names the nine common classes"),
          ])
      ])
  }
}
