import Foundation
import Testing

@Suite struct HelpTests {
  /// docs/recipe-keys.md is what `dovetail recipe-keys` prints.
  @Test func theReferenceOfRecipesIsPrinted() throws {
    let run = try Workplace().dovetail("recipe-keys")
    #expect(run.status == 0)
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../docs/recipe-keys.md")
    #expect(try run.stdout == String(contentsOf: file, encoding: .utf8) + "\n")
  }

  @Test func versionIsPrinted() throws {
    let run = try Workplace().dovetail("--version")
    #expect(run.status == 0)
    #expect(run.stdout == "0.1.0\n")
    #expect(run.stderr == "")
  }

  @Test func helpNamesEverySubcommand() throws {
    let run = try Workplace().dovetail("--help")
    #expect(run.status == 0)
    for name in ["demo", "train", "evaluate", "bench", "devices", "doctor"] {
      #expect(run.stdout.contains(name))
    }
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
