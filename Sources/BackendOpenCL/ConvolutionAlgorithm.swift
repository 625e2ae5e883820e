/// Which kernels of the vector family convolve 3×3 at stride 1.
public enum ConvolutionAlgorithm: String, Sendable, CaseIterable {
  /// Winograd's F(4×4, 3×3) where the shape allows it and it is faster, else direct.
  case automatic
  /// Direct sums everywhere: errors some ten times smaller, two to three times slower.
  case direct
}
