import ArgumentParser
import Dovetail

struct Pretrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train an extractor on images without labels, to start others from.",
    discussion: """
      The recipe is one of dovetail train; its labels are not looked at. The extractor learns the \
      self-supervised methods that the recipe names, rotation prediction where it names none, and is \
      left in DIR/components with the rotation head. Other recipes start from both:

        initial-weights: DIR

      For example, from a folder with train/<class>/* and test/ or val/ beside it, or from all \
      pictures below a folder (dataset images):

        tasks: [{name: large, dataset: images, path: photographs}]
        architecture: {name: resnet, depth: 20, split: stage2}
        steps: 10000
        batch: 64
      """)

  @Argument(help: "The recipe, a YAML file.") var recipe: String
  @OptionGroup var training: TrainingOptions

  func run() throws {
    try ExitStatus.reporting {
      var recipe = try training.read(self.recipe)
      recipe.objective = .selfSupervised
      if !recipe.methods.contains(where: { $0.auxiliaryTask != nil }) {
        recipe.methods.append(.rotationPrediction)
      }
      do throws(RecipeError) { try recipe.validate() } catch {
        throw RecipeFileError(path: self.recipe, error: error)
      }
      try training.run(recipe, title: "pre-training")
    }
  }
}
