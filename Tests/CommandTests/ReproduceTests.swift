import Foundation
import Testing

@Suite struct ReproduceTests {
  @Test func listNamesTheExperiments() throws {
    let run = try Workplace().dovetail("list", "--json", "-")
    #expect(run.status == 0)
    struct Listing: Decodable {
      struct Item: Decodable { let name: String }
      let experiments: [Item]
    }
    let listing = try JSONDecoder().decode(Listing.self, from: Data(run.stdout.utf8))
    #expect(
      listing.experiments.map(\.name) == [
        "fig2", "fig3", "same-task", "splits", "common-classes", "batch-norm", "self-supervision",
        "table2", "fig4", "fig5", "alignment", "fixed-heads", "corruptions",
      ])
  }

  @Test func aPlanTrainsNothing() throws {
    let place = try Workplace()
    let arguments = [
      "--scale", "smoke", "--training", "RP", "--training", "DCC", "--device", "cpu",
    ]
    let run = try place.dovetail(["reproduce", "fig2", "--plan"] + arguments)
    #expect(run.status == 0, "\(run.stderr)")
    #expect(run.stdout.contains("2 trainings, 0 of them finished"))
    #expect(place.files().isEmpty)
    let trained = try place.dovetail(["reproduce", "fig2", "--output", "out"] + arguments)
    #expect(trained.status == 0, "\(trained.stderr)")
    #expect(trained.stdout.contains("ratio, paper | ratio, ours | rotation"))
    let after = try place.dovetail(["reproduce", "fig2", "--output", "out", "--plan"] + arguments)
    #expect(after.stdout.contains("2 trainings, 2 of them finished, 0.0 s of training left"))
  }

  /// The user's own two sets: their names, chance, and no column of the paper's.
  @Test func twoSetsOfOnesOwnTakeThePapersPlace() throws {
    let place = try Workplace()
    let run = try place.dovetail(
      "reproduce", "fig2", "--tasks", "photos=made-up-ink", "drawings=made-up-neon", "--steps",
      "3", "--batch", "16", "--image-size", "8", "--architecture", "resnet-8", "--training",
      "IIW+RP+DCC", "--device", "cpu", "--output", "out")
    #expect(run.status == 0, "\(run.stderr)")
    #expect(run.stdout.contains("photos and drawings") && run.stdout.contains("| chance |"))
    for word in ["CIFAR", "STL", "paper"] { #expect(!run.stdout.contains(word), "\(word)") }
    #expect(place.exists("out/report.html"))
  }

  @Test(arguments: [
    (["reproduce", "fig9"], 64, "there is no experiment"),
    (["reproduce", "fig2", "--shard", "3/2"], 64, "--shard 3/2"),
    (["reproduce", "fig2", "--data", "cifar10"], 64, "expected ROLE=KIND:PATH"),
    (
      ["reproduce", "fig2", "--scale", "short"], 78,
      "recipe: no data for cifar10: give --data cifar10=KIND:PATH, "
    ),
    (["reproduce", "fig2", "--scale", "smoke", "--training", "RPP"], 78, "no training “RPP”"),
    (["reproduce", "fig2", "--tasks", "a=made-up-ink"], 64, "--tasks: expected two, got 1"),
    (
      ["reproduce", "fig2", "--tasks", "a=made-up-ink", "a=made-up-neon"], 64,
      "“a” stands twice"
    ),
    (
      ["reproduce", "table2", "--tasks", "a=made-up-ink", "b=made-up-neon"], 78,
      "table2 has data and networks of its own"
    ),
    (
      ["reproduce", "fig2", "--scale", "smoke", "--architecture", "resnet-9"], 78,
      "depth"
    ),
  ])
  func wrongUseIsSaid(arguments: [String], status: Int32, message: String) throws {
    let place = try Workplace()
    let run = try place.dovetail(arguments)
    #expect(run.status == status)
    #expect(run.stderr.contains(message))
    #expect(place.files().isEmpty)
  }
}
