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

  @Test(arguments: [
    (["reproduce", "fig9"], 64, "there is no experiment"),
    (["reproduce", "fig2", "--shard", "3/2"], 64, "--shard 3/2"),
    (["reproduce", "fig2", "--data", "cifar10"], 64, "expected ROLE=KIND:PATH"),
    (
      ["reproduce", "fig2", "--scale", "short"], 78,
      "recipe: no data for cifar10: give --data cifar10=KIND:PATH, "
    ),
    (["reproduce", "fig2", "--scale", "smoke", "--training", "RPP"], 78, "no training “RPP”"),
  ])
  func wrongUseIsSaid(arguments: [String], status: Int32, message: String) throws {
    let place = try Workplace()
    let run = try place.dovetail(arguments)
    #expect(run.status == status)
    #expect(run.stderr.contains(message))
    #expect(place.files().isEmpty)
  }
}
