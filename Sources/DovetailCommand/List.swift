import ArgumentParser
import Dovetail

struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the experiments that dovetail reproduce knows.")

  @OptionGroup var json: JSONOption

  private struct Listing: Encodable {
    struct Item: Encodable {
      let name: String, title: String, summary: String
      let rows: [String]
    }
    let experiments: [Item]
  }

  func run() throws {
    try ExitStatus.reporting {
      try json.check()
      let items = Experiment.all.map {
        Listing.Item(
          name: $0.name, title: $0.title, summary: $0.summary, rows: $0.rows.map(\.name))
      }
      try json.write(Listing(experiments: items))
      if json.takesStdout { return }
      for item in items { Console.print("\(item.name)\n  \(item.title)\n  \(item.summary)") }
    }
  }
}
