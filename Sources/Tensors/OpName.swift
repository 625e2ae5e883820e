/// The name of every op of the contract. The op table of the tests and of the bench is keyed by it:
/// an op without a case fails `everyOpHasACase`.
public enum OpName: String, CaseIterable, Sendable {
  case convolutionForward, convolutionDataGradient, convolutionFilterGradient
  case convolutionGradients
  case depthwiseForward, depthwiseDataGradient, depthwiseFilterGradient
  case batchNormStatistics, batchNormForward, batchNormCompletion, batchNormDataGradient
  case reluForward, reluBackward, addForward
  case shortcutForward, shortcutBackward
  case averagePoolForward, averagePoolBackward, globalAveragePoolForward, globalAveragePoolBackward
  case maxPoolForward, maxPoolBackward
  case linearForward, linearDataGradient, linearParameterGradient
  case softmaxCrossEntropyForward, softmaxCrossEntropyBackward
  case sumSlices, optimizerStep
  case gatherImages
  case custom
}
