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
    // Cut after the last stage a minute of training is enough for any seed; after the second, where
    // the paper cuts, seeds differ widely at this length (docs/results/demonstration.md).
    recipe.architecture = Architecture(depth: 8, split: .stage3)
    recipe.methods = methods
    recipe.steps = 360
    recipe.batchSize = 32
    recipe.seed = seed
    return recipe
  }
}
