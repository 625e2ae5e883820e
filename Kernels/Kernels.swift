/// The OpenCL sources, embedded in the binary: one case a file, named as its op family.
public enum KernelSource: String, CaseIterable, Sendable {
  case common, sixteen, poclBuiltins, convolutionFused, convolutionVector
  case stagedInputs, patchInputs, tileOutputs, convolutionTiles, tensorCoreProducts
  case convolutionTiled, convolutionPatch, convolutionPatchTensor
  case filterGradientTiled, filterGradientPatch, filterGradientPatchTensor
  case filterGradientWinogradWide
  case convolutionPointwiseGradients
  case convolutionWinograd, convolutionWinogradWide, convolutionWinogradGradients
  case winogradTransforms, winogradFilters
  case depthwise, depthwisePortable, batchNorm, batchNormPortable, elementwise, spatial, loss,
    optimizer, image, bench

  /// OpenCL C 1.2.
  public var text: String {
    let bytes =
      switch self {
      case .common: PackageResources.common_cl
      case .sixteen: PackageResources.sixteen_cl
      case .poclBuiltins: PackageResources.pocl_builtins_cl
      case .convolutionFused: PackageResources.convolution_fused_cl
      case .convolutionVector: PackageResources.convolution_vector_cl
      case .stagedInputs: PackageResources.staged_inputs_cl
      case .patchInputs: PackageResources.patch_inputs_cl
      case .tileOutputs: PackageResources.tile_outputs_cl
      case .convolutionTiles: PackageResources.convolution_tiles_cl
      case .tensorCoreProducts: PackageResources.tensor_core_products_cl
      case .convolutionTiled: PackageResources.convolution_tiled_cl
      case .convolutionPatch: PackageResources.convolution_patch_cl
      case .convolutionPatchTensor: PackageResources.convolution_patch_tensor_cl
      case .filterGradientTiled: PackageResources.filter_gradient_tiled_cl
      case .filterGradientPatch: PackageResources.filter_gradient_patch_cl
      case .filterGradientPatchTensor: PackageResources.filter_gradient_patch_tensor_cl
      case .filterGradientWinogradWide: PackageResources.filter_gradient_winograd_wide_cl
      case .convolutionWinograd: PackageResources.convolution_winograd_cl
      case .convolutionWinogradWide: PackageResources.convolution_winograd_wide_cl
      case .convolutionWinogradGradients:
        PackageResources.convolution_winograd_gradients_cl
      case .convolutionPointwiseGradients:
        PackageResources.convolution_pointwise_gradients_cl
      case .winogradTransforms: PackageResources.winograd_transforms_cl
      case .winogradFilters: PackageResources.winograd_filters_cl
      case .depthwise: PackageResources.depthwise_cl
      case .depthwisePortable: PackageResources.depthwise_portable_cl
      case .batchNorm: PackageResources.batchnorm_cl
      case .batchNormPortable: PackageResources.batchnorm_portable_cl
      case .elementwise: PackageResources.elementwise_cl
      case .spatial: PackageResources.spatial_cl
      case .loss: PackageResources.loss_cl
      case .optimizer: PackageResources.optimizer_cl
      case .image: PackageResources.image_cl
      case .bench: PackageResources.bench_cl
      }
    return String(decoding: bytes, as: UTF8.self)
  }
}
