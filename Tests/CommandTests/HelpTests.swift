import Components
import Foundation
import Testing

@Suite struct HelpTests {
  /// docs/recipe-keys.md is what `dovetail recipe-keys` prints.
  @Test func theReferenceOfRecipesIsPrinted() throws {
    let run = try Workplace().dovetail("recipe-keys")
    #expect(run.status == 0)
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../docs/recipe-keys.md")
    #expect(try run.stdout == String(contentsOf: file, encoding: .utf8))
  }

  @Test func versionIsPrinted() throws {
    let run = try Workplace().dovetail("--version")
    #expect(run.status == 0)
    #expect(run.stdout == "\(ProductVersion.current)\n")
    #expect(run.stderr == "")
  }

  @Test func helpNamesEverySubcommand() throws {
    let run = try Workplace().dovetail("--help")
    #expect(run.status == 0)
    for name in ["demo", "train", "evaluate", "bench", "devices", "doctor"] {
      #expect(run.stdout.contains(name))
    }
  }

  /// Every example of every subcommand: no line is broken, so that it can be pasted, and it names
  /// subcommands and options that there are.
  @Test func examplesCanBePasted() throws {
    let place = try Workplace()
    func help(_ names: [String]) throws -> String {
      let run = try place.dovetail(names + ["--help"])
      #expect(run.status == 0, "\(names)")
      return run.stdout
    }
    func subcommands(_ text: String) -> [String] {
      text.split(separator: "\n").drop { !$0.hasSuffix("SUBCOMMANDS:") }
        .filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
        .compactMap { $0.split(separator: " ").first.map(String.init) }
        .filter { $0.first != "-" && $0 != "See" }
    }
    let top = subcommands(try help([]))
    #expect(top.count > 25 && top.contains("demo") && top.contains("bench"))
    let below = try ["library", "bench", "slurm"].flatMap { name in
      subcommands(try help([name])).map { [name, $0] }
    }
    var examples = 0
    for names in top.map({ [$0] }) + below {
      let lines = try help(names).split(separator: "\n", omittingEmptySubsequences: false)
      for (index, line) in lines.enumerated() where line.hasPrefix("  dovetail ") {
        examples += 1
        var command = [String(line)]
        while command[command.count - 1].hasSuffix("\\") {
          command.append(String(lines[index + command.count]))
        }
        #expect(command.allSatisfy { $0.count <= 80 }, "\(command)")
        #expect(command.dropFirst().allSatisfy { $0.hasPrefix("    ") }, "\(command)")
        // What follows is no rest of a line that was broken.
        let next = index + command.count < lines.count ? lines[index + command.count] : ""
        #expect(next.isEmpty || next.hasPrefix("  dovetail "), "\(command) | \(next)")
        let words = command.joined(separator: " ").split(separator: " ").map(String.init)
          .filter { $0 != "\\" }
        #expect(top.contains(words[1]), "\(command)")
        let isBelow = below.contains([words[1], words.count > 2 ? words[2] : ""])
        let known = try help(isBelow ? [words[1], words[2]] : [words[1]])
        for option in words where option.hasPrefix("--") {
          #expect(known.contains(option), "\(command): \(option)")
        }
      }
    }
    #expect(examples > 25)
  }

  @Test func aNameThatIsNearlyRightIsSuggested() throws {
    let place = try Workplace()
    for (arguments, words) in [
      (["trian", "x.yaml"], "there is no command “trian”; did you mean “train”?"),
      (["library", "verfy", "lib"], "there is no command “verfy”; did you mean “verify”?"),
      (["qqqqqqqqqqqq"], "there are demo, train, "),
    ] {
      let run = try place.dovetail(arguments)
      #expect(run.status == 64 && run.stderr.contains(words), "\(run.stderr)")
    }
  }

  @Test(arguments: [
    ("demo", ["--device", "--seed", "--output", "--json", "--quiet", "--verbose"]),
    (
      "train",
      [
        "<recipe>", "--device", "--seed", "--steps", "--output", "--json", "--quiet", "tasks:",
        "methods:", "synonyms",
      ]
    ),
    ("evaluate", ["<dir>", "--device", "--json"]),
    ("devices", ["--json"]),
    ("bench", ["kernels", "step"]),
    ("doctor", ["--device", "--json", "69"]),
  ])
  func helpOfASubcommand(name: String, words: [String]) throws {
    let run = try Workplace().dovetail(name, "--help")
    #expect(run.status == 0)
    for word in words { #expect(run.stdout.contains(word), "\(name) --help: \(word)") }
  }

  @Test(arguments: [
    ["trian", "x.yaml"], ["train"], ["train", "x.yaml", "--color", "red"],
    ["train", "x.yaml", "--device", "cuda"], ["train", "x.yaml", "--device", "opencl:-1"],
    ["train", "x.yaml", "--device", "opencl:one"], ["train", "x.yaml", "--seed=-1"],
    ["train", "x.yaml", "--steps", "few"], ["train", "x.yaml", "--quiet", "--verbose"],
    ["evaluate"], ["demo", "now"],
  ])
  func wrongUsageIs64(arguments: [String]) throws {
    let place = try Workplace()
    try place.write("x.yaml", Recipes.tiny)
    let run = try place.dovetail(arguments)
    #expect(run.status == 64)
    #expect(run.stdout == "")
    #expect(run.stderr.hasPrefix("Error: "))
    #expect(run.stderr.contains("Usage: dovetail"))
  }
}
