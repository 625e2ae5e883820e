import Foundation
import Testing

/// Progress and results on terminals of several widths.
@Suite struct TerminalTests {
  private static let recipe = """
    tasks:
      - {name: drawings-of-many-things, dataset: made-up-ink}
      - {name: photographs, dataset: made-up-neon}
    image-size: 8
    methods: [identical-initial-weights, rotation-prediction, common-classes]
    steps: 40
    batch: 16

    """

  @Test(arguments: [60, 80, 200])
  func progressIsOneLine(_ columns: Int) throws {
    let place = try Workplace()
    try place.write("r.yaml", Self.recipe)
    let terminal = try Terminal(columns: columns)
    let run = try terminal.run(["train", "r.yaml", "--device", "cpu"], in: place)
    #expect(run.status == 0, "\(run.text)")
    let screen = Screen(run.text, columns: columns)
    #expect(screen.redraws >= 2)
    // The bar was drawn several times, and one line of it is left.
    let bars = screen.lines.filter { $0.hasPrefix("training [") }
    #expect(bars.count == 1 && bars[0].contains("40/40 steps"), "\(screen.lines)")
    #expect(bars.allSatisfy { $0.count < columns })
    #expect(columns < 200 || bars[0].contains("rotation"), "\(bars)")
    #expect(run.text.components(separatedBy: "training [").count > 2)
    #expect(screen.wraps == 0, "\(screen.lines)")
  }

  @Test(arguments: [60, 80, 200], [1, 2])
  func aGridHasOneCountAndOneTime(_ columns: Int, _ jobs: Int) throws {
    let place = try Workplace()
    let terminal = try Terminal(columns: columns)
    let run = try terminal.run(
      [
        "reproduce", "fig2", "--scale", "smoke", "--training", "RP", "--training", "IIW+RP+DCC",
        "--device", "cpu", "--output", "out", "--jobs", "\(jobs)",
      ], in: place)
    #expect(run.status == 0, "\(run.text)")
    let screen = Screen(run.text, columns: columns)
    let bars = screen.lines.filter { $0.contains("/2 trainings") }
    #expect(bars.count == 1 && bars[0].contains("2/2 trainings"), "\(screen.lines)")
    #expect(screen.wraps == 0, "\(screen.lines)")
    // Each part names its device no more.
    #expect(screen.lines.filter { $0.hasPrefix("Device: ") }.count == 1)
    #expect(place.exists("out/report.html"))
  }

  @Test(arguments: [60, 80])
  func resultsFit(_ columns: Int) throws {
    let place = try Workplace()
    try place.write("r.yaml", Self.recipe)
    let terminal = try Terminal(columns: columns)
    let run = try terminal.run(
      ["train", "r.yaml", "--device", "cpu", "--quiet", "--steps", "1"], in: place,
      withStdout: true)
    #expect(run.status == 0)
    let screen = Screen(run.text, columns: columns)
    #expect(screen.wraps == 0, "\(screen.lines)")
    // Folded, the names stand before each part of the columns.
    let pair = "drawings-of-many-things + photographs"
    #expect(screen.lines.filter { $0.hasPrefix(pair) }.count > 1, "\(screen.lines)")
    #expect(screen.lines.contains { $0.contains("among common outputs") })
  }

  /// recombine → recalibrate → predict → export, each as the one before it said.
  @Test func eachCommandSaysTheNext() throws {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny)
    let terminal = try Terminal(columns: 200)
    func next(_ arguments: [String]) throws -> String {
      let run = try terminal.run(arguments, in: place)
      #expect(run.status == 0, "\(run.text)")
      let lines = Screen(run.text, columns: 10_000).lines
      let command = try #require(lines.last { $0.hasPrefix("  ") }, "\(lines)")
      #expect(lines.contains { $0.hasPrefix("Next, ") })
      return command.trimmingCharacters(in: .whitespaces)
    }
    func words(_ command: String) -> [String] {
      command.split(separator: " ").dropFirst().map(String.init)
    }
    var command = try next(["train", "r.yaml", "--device", "cpu", "--output", "run"])
    #expect(command.contains(" recombine run/components/ink.extractor.safetensors "))
    command = try next(words(command))
    #expect(command.hasSuffix("--data made-up-ink --output ink-neon.fixed.safetensors"))
    command = try next(words(command) + ["--device", "cpu"])
    #expect(command.hasSuffix(" predict ink-neon.fixed.safetensors photographs"))
    #expect(place.exists("ink-neon.fixed.safetensors"))
  }

  /// A file gets no next step, and lines that are not redrawn.
  @Test func filesGetNoNextStep() throws {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny)
    let run = try place.dovetail("train", "r.yaml", "--output", "run")
    #expect(run.status == 0 && !run.stderr.contains("Next") && !run.stderr.contains("\r"))
  }
}
