import Tensors

/// What the program of a convolution, or of its gradients, depends on.
enum FusedKernelKey: Hashable {
  case convolution(ConvolutionRequest, FusedInput.Form, FusedOutput.Form)
  case filterGradient(ConvolutionGeometry, x: FusedInput.Form, dy: FusedInput.Form)
  case gradients(
    ConvolutionGeometry, dy: FusedInput.Form, x: FusedInput.Form?, data: FusedOutput.Form?)
}
