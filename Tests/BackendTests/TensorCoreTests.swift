import BackendCPU
import BackendOpenCL
import Tensors
import TestSupport
import Testing

/// Products in TF32, by what stands for tensor cores where there are none: the same fragments, lanes
/// and rounding, through local memory.
@Suite(.enabled(if: TestedBackend.hasOpenCL, "no OpenCL device"))
struct TensorCoreTests {
  private func backend(_ precision: ProductPrecision = .tf32) throws -> OpenCLBackend {
    try OpenCLBackend(
      OpenCLBackend.devices()[0], family: .portable, precision: precision,
      emulatesTensorCores: precision == .tf32)
  }

  /// To ten bits of mantissa, halves away from zero.
  private func rounded(_ value: Float) -> Float {
    Float(bitPattern: (value.bitPattern + 0x1000) & ~0x1fff)
  }

  /// Against factors rounded as they should be, what is left is the rounding of float32 sums; without
  /// that, what TF32 costs.
  @Test func productsAreThoseOfRoundedFactors() throws {
    let backend = try backend()
    for s in OpCase.tensorCoreSizes {
      let t = CaseContext(backend)
      let (x, w, dy) = (values(s.x, 1), values(s.filter, 2), values(s.y, 3))
      let (y, dx, dw) = (t.output(s.y), t.output(s.x), t.output(s.filter))
      let (mean, variance) = (t.output([s.k]), t.output([s.k]))
      let statistics = backend.convolution(
        x: ConvolutionInput(t.input(s.x, x)), w: t.input(s.filter, w), stride: s.stride,
        padding: s.padding, into: y, statistics: true)
      backend.batchNormStatistics(of: statistics, mean: mean, variance: variance, running: nil)
      backend.convolutionDataGradient(
        dy: t.input(s.y, dy), w: t.input(s.filter, w), stride: s.stride, padding: s.padding,
        into: dx, accumulate: false)
      backend.convolutionFilterGradient(
        x: t.input(s.x, x), dy: t.input(s.y, dy), stride: s.stride, padding: s.padding, into: dw,
        accumulate: false)
      let got = try [y, dx, dw, mean, variance].map { try backend.download($0) }
      for (rounds, tolerance) in [(true, 1e-5), (false, 2e-3)] {
        func array(_ shape: Shape, _ values: [Float]) -> Oracle.Array4 {
          Oracle.Array4(shape, rounds ? values.map(rounded) : values)
        }
        let expectedY = Oracle.convolution(
          array(s.x, x), array(s.filter, w), stride: s.stride, padding: s.padding
        ).values
        let (expectedMean, expectedVariance) = Oracle.statistics(expectedY, channels: s.k)
        let expected = [
          expectedY,
          Oracle.convolutionDataGradient(
            array(s.y, dy), array(s.filter, w), input: s.x.sizes, stride: s.stride,
            padding: s.padding
          ).values,
          Oracle.convolutionFilterGradient(
            array(s.x, x), array(s.y, dy), filter: s.filter.sizes, stride: s.stride,
            padding: s.padding
          ).values,
          expectedMean, expectedVariance,
        ]
        for (i, pair) in zip(got, expected).enumerated() where rounds || i < 3 {
          let error = relativeError(pair.0, pair.1)
          // Means of a channel are small beside its values.
          #expect(
            error <= (i < 3 ? 1 : 2) * tolerance, "\(s.name), output \(i), rounded \(rounds)")
        }
        // Or it was not TF32 at all.
        if !rounds { #expect(relativeError(got[0], expectedY) > 1e-5, "\(s.name)") }
      }
      try t.expectNothingElseChanged()
    }
  }

  /// A filter that copies channels gives the factors as they were rounded, each where it belongs.
  @Test func factorsAreRoundedToTheNearestAndHalvesAway() throws {
    let backend = try backend()
    let channels = 36
    let shape: Shape = [1, 7, 5, channels]
    let half = Float(bitPattern: 0x3f80_1000)
    var x = values(shape, 1)
    let awkward: [Float] = [
      half, -half, half.nextDown, half.nextUp, -half.nextDown, 1, 0, -0.0, 3.4e38, 1e-38,
      Float(bitPattern: 0x3fff_f000),
    ]
    for (i, value) in awkward.enumerated() { x[i * channels + i] = value }
    var identity = [Float](repeating: 0, count: channels * channels)
    for c in 0..<channels { identity[c * channels + c] = 1 }
    let y = backend.makeTensor(shape, filledWith: .nan)
    backend.convolution(
      x: backend.makeTensor(shape, x), w: backend.makeTensor([1, 1, channels, channels], identity),
      stride: 1, padding: 0, into: y)
    #expect(try backend.download(y) == x.map(rounded))
  }

  /// What is done on the way in and out is what float32 does.
  @Test func everyFusedFormAgreesWithTheOracle() throws {
    let backend = try backend()
    for c in OpCase.tensorCoreConvolution {
      let context = CaseContext(backend)
      let outputs = try c.run(context)
      for (i, (output, expected)) in zip(outputs, c.expected()).enumerated() {
        let error = relativeError(try backend.download(output), expected)
        // A norm of slope 8 that ends at 6 makes more of an error, and sums over a channel may be
        // small beside what they add.
        let tolerance = output.shape.sizes.count == 4 ? 5e-3 : 2e-2
        #expect(error <= tolerance, "\(c.op) \(c.name), output \(i)")
      }
      try context.expectNothingElseChanged()
    }
  }

  /// A convolution that normalizes as it loads rounds what a norm would have stored.
  @Test func whatIsNormalizedOnLoadIsRoundedAfterwards() throws {
    let backend = try backend()
    for s in OpCase.tensorCoreSizes.prefix(5) {
      let norm = NormCase(s.x, .relu, first: 10)
      let t = CaseContext(backend)
      let (fused, plain, normalized) = (t.output(s.y), t.output(s.y), t.output(s.x))
      _ = backend.convolution(
        x: ConvolutionInput(norm.input(t), norm.normalization(t)), w: t.input(s.filter, 2),
        stride: s.stride, padding: s.padding, into: fused, statistics: false)
      backend.batchNorm(x: norm.input(t), norm.normalization(t), residual: nil, into: normalized)
      backend.convolution(
        x: normalized, w: t.input(s.filter, 2), stride: s.stride, padding: s.padding, into: plain)
      let expected = try backend.download(plain).map { Double($0) }
      #expect(relativeError(try backend.download(fused), expected) <= 1e-4, "\(s.name)")
    }
  }

  @Test func everyCaseRepeatsBitForBit() throws {
    let backend = try backend()
    for c in OpCase.tensorCoreConvolution {
      func bits() throws -> [[UInt32]] {
        try c.run(CaseContext(backend)).map { try backend.download($0).map(\.bitPattern) }
      }
      #expect(try bits() == bits(), "\(c.op) \(c.name)")
    }
  }

  /// Few channels, and numbers of them that are no multiple of 4, stay float32.
  @Test(arguments: [(16, 64), (64, 16), (33, 64), (64, 35), (3, 64)])
  func whatTensorCoresDoNotTakeStaysFloat32(c: Int, k: Int) throws {
    let s = OpCase.ConvolutionSizes(
      n: 2, h: 5, w: 6, c: c, k: k, r: 3, s: 3, stride: 1, padding: 1)
    func run(_ backend: OpenCLBackend) throws -> [[Float]] {
      let t = CaseContext(backend)
      let (y, dx, dw) = (t.output(s.y), t.output(s.x), t.output(s.filter))
      backend.convolution(
        x: t.input(s.x, 1), w: t.input(s.filter, 2), stride: 1, padding: 1, into: y)
      backend.convolutionDataGradient(
        dy: t.input(s.y, 3), w: t.input(s.filter, 2), stride: 1, padding: 1, into: dx,
        accumulate: false)
      backend.convolutionFilterGradient(
        x: t.input(s.x, 1), dy: t.input(s.y, 3), stride: 1, padding: 1, into: dw,
        accumulate: false)
      return try [y, dx, dw].map { try backend.download($0) }
    }
    #expect(try run(backend()) == run(backend(.float32)))
  }

  @Test func aDeviceWithoutTensorCoresIsRefusedWithTheReason() throws {
    let device = try OpenCLBackend.devices()[0]
    try #require(device.tensorCoreObjection != nil, "a device that has tensor cores")
    func refusal(_ family: KernelFamily) -> String {
      do {
        _ = try OpenCLBackend(device, family: family, precision: .tf32)
        return "none"
      } catch { return "\(error)" }
    }
    #expect(
      refusal(.portable)
        == "precision tf32: opencl:0 (\(device.name)) is no NVIDIA GPU that says what it is "
        + "(cl_nv_device_attribute_query); it takes an NVIDIA GPU of compute capability 8.0 or "
        + "later and portable kernels; float32 runs everywhere")
    #expect(refusal(.vector).contains("runs vector kernels; it takes an NVIDIA GPU"))
  }
}
