import BackendCPU
import Components
import Datasets
import Networks
import Recipes
import Runs
import Tensors
import TestSupport
import Testing
import Training

/// Recipes as people write them.
@Suite struct RecipeFormsTests {
  private func parse(
    _ yaml: String, settings: [(key: String, value: String)] = []
  ) throws -> Recipe {
    try Recipe.parse(yaml: yaml, folder: "/r", settings: settings)
  }

  private let ink = "tasks: [{dataset: made-up-ink}]\n"

  @Test func aByteOrderMarkIsPassedOver() throws {
    #expect(try parse("\u{FEFF}" + ink) == parse(ink))
  }

  @Test func methodsHaveShortNames() throws {
    let two = "tasks: [{dataset: made-up-ink}, {dataset: made-up-neon}]\n"
    let long = try parse(
      two + "methods: [identical-initial-weights, rotation-prediction, common-classes]")
    #expect(try parse(two + "methods: [iiw, RP, Dcc]") == long)
    #expect(try parse(two, settings: [("methods", "[iiw, rp, dcc]")]) == long)
    #expect(try parse(two + "methods: [IIW, Jigsaw]").methods.map(\.rawValue).last == "jigsaw")
    let twice = #expect(throws: RecipeError.self) {
      try parse(two + "methods: [iiw, identical-initial-weights]")
    }
    #expect(twice?.problem.contains("stands twice") == true)
    let error = #expect(throws: RecipeError.self) { try parse(two + "methods: [ddc]") }
    #expect(error?.problem.contains("got “ddc”") == true)
  }

  @Test func aTasksImagesAreCorrupted() throws {
    let recipe = try parse("tasks:\n  - dataset: made-up-ink\n    corruption: jpeg:5\n")
    #expect(recipe.tasks[0].corruption == Corruption(.jpeg, strength: 5))
    #expect(recipe.yaml.contains("corruption: \"jpeg:5\""))
    #expect(try parse(recipe.yaml) == recipe)
    #expect(!(try parse(ink)).yaml.contains("corruption"))
    let (clean, corrupted) = (
      try parse(ink).loadDatasets()[0], try recipe.loadDatasets()[0]
    )
    #expect(corrupted.name == "\(clean.name), jpeg:5" && corrupted.digest != clean.digest)
    let error = #expect(throws: RecipeError.self) {
      try parse("tasks: [{dataset: made-up-ink, corruption: \"jpeg:6\"}]")
    }
    #expect(error?.problem.hasPrefix("corruption: expected a kind and a strength") == true)
  }

  @Test func mergeKeysTakeOverWhatIsNotSaid() throws {
    let merged = try parse(
      """
      tasks:
        - &a {name: a, dataset: made-up-ink, synonyms: &names {disc: circle}}
        - {<<: *a, name: b, synonyms: {<<: *names, square: box}}
        - {<<: [{name: c, classes: [disc]}, *a]}
      """)
    #expect(merged.tasks.map(\.name) == ["a", "b", "c"])
    #expect(merged.tasks.allSatisfy { $0.dataset == .syntheticInk })
    #expect(merged.tasks[1].synonyms == ["disc": "circle", "square": "box"])
    #expect(merged.tasks[2].classes == ["disc"])
    let error = #expect(throws: RecipeError.self) {
      try parse("tasks: [{<<: 3, dataset: made-up-ink}]")
    }
    #expect(error?.problem == "<<: expected a mapping, or a list of them")
    #expect(throws: RecipeError.self) { try parse("tasks: [{<<: {pth: x}, dataset: made-up-ink}]") }
  }

  @Test func epochsAreStepsOnceTheDataAreThere() throws {
    let recipe = try parse(ink + "batch: 8\nepochs: 2.5")
    #expect(recipe.epochs == 2.5 && recipe.yaml.contains("epochs: 2.5"))
    #expect(!recipe.yaml.contains("steps:"))
    #expect(try parse(recipe.yaml) == recipe)
    let small = Tiny.dataset(["cat", "dog"])
    let large = Tiny.two[0]
    let images = max(small.trainCount, large.trainCount)
    let resolved = recipe.withSteps(for: [small, large])
    #expect(resolved.steps == Int((2.5 * Double(images) / 8).rounded(.up)))
    #expect(resolved.epochs == nil && !resolved.yaml.contains("epochs"))
    #expect(try parse(ink).withSteps(for: [large]) == parse(ink))
    for both in [ink + "epochs: 1\nsteps: 3", ink + "steps: 3\nepochs: 1"] {
      let error = #expect(throws: RecipeError.self) { try parse(both) }
      #expect(error?.problem == "epochs: stands beside steps; give one of them")
    }
    // What a command line says takes the place of either.
    #expect(try parse(ink + "steps: 3", settings: [("epochs", "1")]).epochs == 1)
    #expect(try parse(ink + "epochs: 1", settings: [("steps", "3")]).epochs == nil)
  }

  @Test func everyKeyOfARecipeIsDocumented() throws {
    let recipe = try parse(
      """
      tasks: [{name: a, dataset: made-up-ink, classes: [disc], synonyms: {disc: circle}}]
      architecture: {name: resnet, depth: 8, width: 2, adapter: 8, shortcut: projection}
      methods: [rp]
      rotations: one
      label-smoothing: 0.1
      """)
    #expect(recipe.architecture.shortcut == .projection)
    #expect(try parse(recipe.yaml) == recipe)
    for line in recipe.yaml.split(separator: "\n") {
      for part in line.split(whereSeparator: { "{,".contains($0) }) where part.contains(": ") {
        let key = part.prefix { $0 != ":" }.drop { " -".contains($0) }
        if key.hasPrefix("\"") { continue }
        #expect(Recipe.reference.contains("| `\(key)` |"), "\(key)")
      }
    }
    let error = #expect(throws: RecipeError.self) {
      try parse(ink + "architecture: {name: wide-resnet, shortcut: projection}")
    }
    #expect(error?.problem.contains("a wide-resnet has no choice of it") == true)
  }

  @Test func projectionShortcutsAreTrained() throws {
    let recipe = Tiny.recipe {
      $0.architecture = Architecture(depth: 8, split: .stage2, shortcut: .projection)
      $0.methods = CompatibilityMethod.paper
    }
    let backend = CPUBackend(threads: 1)
    let folder = try Tiny.temporaryFolder()
    let run = RunDirectory("\(folder)/run")
    let results = try Run.train(
      recipe, datasets: Tiny.two, directory: run, on: backend, clock: TurnedClock())
    let again = try Run.evaluate(run, on: backend, datasets: { _ in Tiny.two })
    #expect(try again.json == results.json)
    let extractor = try ComponentFile.read(run.extractor("a"))
    #expect(extractor.header.architecture.shortcut == .projection)
    // They have learned: a fresh one's are others.
    let fresh = try Component(
      FeatureExtractor(
        architecture: recipe.architecture, preprocessing: extractor.header.preprocessing!,
        layers: recipe.architecture.makeExtractor(on: backend, seed: recipe.seed)), on: backend)
    let name = "layer2.0.shortcut.0.weight"
    #expect(extractor.tensors[name] != nil && extractor.tensors[name] != fresh.tensors[name])
  }
}
