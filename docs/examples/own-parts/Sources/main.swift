// An optimizer and a network of one's own, named in a recipe like the built-in ones.
import Dovetail

Optimizers.register(SignDescent.kind)
try NetworkFamilies.register(SmallStack.self)

let recipe = try Recipe.parse(
  yaml: """
    tasks: [{name: ink, dataset: made-up-ink}, {name: neon, dataset: made-up-neon}]
    architecture: {name: small-stack, width: 2, split: unit1}
    methods: [identical-initial-weights, rotation-prediction, common-classes]
    rotations: one
    optimizer: sign-descent
    learning-rate: 0.002
    steps: 400
    batch: 32
    """, folder: ".")
let results = try Run.train(
  recipe, datasets: try recipe.loadDatasets(), directory: RunDirectory("own-parts-run"),
  on: try Device.best.open())

for task in results.tasks { print("\(task.name): \(task.ownAccuracy ?? 0)") }
print("recombined: \(results.recombinationAccuracy ?? 0), chance 0.1")
