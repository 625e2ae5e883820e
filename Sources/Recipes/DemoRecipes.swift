import Datasets
import Networks
import Training

/// The two trainings of `dovetail demo`, on synthetic images.
public enum DemoRecipes {
  public static func independent(seed: UInt64) -> Recipe { recipe(methods: [], seed: seed) }

  public static func compatible(seed: UInt64) -> Recipe {
    recipe(methods: CompatibilityMethod.paper, seed: seed)
  }

  private static func recipe(methods: [CompatibilityMethod], seed: UInt64) -> Recipe {
    var recipe = Recipe(tasks: [
      TaskRecipe(name: "ink", dataset: .syntheticInk),
      TaskRecipe(name: "neon", dataset: .syntheticNeon),
    ])
    recipe.architecture = Architecture(depth: 8, split: .stage2)
    recipe.methods = methods
    recipe.steps = 120
    recipe.batchSize = 64
    recipe.seed = seed
    return recipe
  }
}
