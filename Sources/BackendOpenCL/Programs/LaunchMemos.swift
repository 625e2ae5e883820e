import Tensors

/// What the launches of a backend have worked out.
struct LaunchMemos {
  let convolutions = Memo<ConvolutionRequest, ConvolutionPlan>()
  let vectorGradients = Memo<VectorGradientsRequest, VectorGradients?>()
  let filterGradients = Memo<FilterGradientRequest, any FilterGradientPlan>()
  let fusedKernels = Memo<FusedKernelKey, Kernel>()
  let packKernels = Memo<DirectConvolution.Packing, Kernel>()
  let batchNormTilings = Memo<BatchNormGeometry, BatchNormTiling>()
  let batchNormKernels = Memo<BatchNormKernelKey, Kernel>()
  let depthwiseKernels = Memo<DepthwiseKernelKey, Kernel>()
  let elementwiseKernels = Memo<ElementwiseKernelKey, Kernel>()
  let optimizerKernels = Memo<OptimizerKernelKey, Kernel>()
}
