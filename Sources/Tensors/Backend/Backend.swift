/// What a device can do: memory, and one method for each op of the op families.
///
/// A backend belongs to one thread and runs its ops in the order in which they are called (one
/// in-order queue). An op writes into the outputs that it is given, and allocates only
/// what it returns because its size is the backend's choice. Gradient ops take `accumulate`:
/// `false` overwrites the output without reading it, `true` adds to it.
///
/// Errors: shapes that do not agree are the caller's mistake and stop the program with a message
/// that names op and shapes. What the device itself reports (out of memory, a kernel that does not
/// build, a lost device) is kept, later ops do nothing, and the error is thrown by the next
/// `synchronize()` or `download(_:)`.
///
/// Determinism: equal calls give equal bits on one device, whatever the number of threads. Work is
/// partitioned by shape alone, every reduction has a fixed order.
public protocol Backend:
  AnyObject, ConvolutionOps, DepthwiseOps, BatchNormOps, ActivationOps, ShortcutOps, PoolingOps,
  LinearOps, LossOps, OptimizerOps, ImageOps, CustomOps
{
  /// For example "OpenCL: pthread-AMD EPYC (PoCL 3.1, vector kernels)" or "CPU: Swift, 2 threads".
  var deviceDescription: String { get }
  /// "cpu" or "opencl".
  var kind: String { get }
  /// What convolutions round their factors to.
  var precision: ProductPrecision { get }

  /// Whether what ops make of an image, batch statistics apart, has the same bits however many images
  /// there are beside it. Where it is not known, false.
  var treatsImagesAlike: Bool { get }

  /// A tensor whose elements are not initialized.
  func makeTensor(_ shape: Shape) -> Tensor
  /// - Precondition: as many values as the tensor has elements.
  func upload(_ values: [Float], to tensor: Tensor)
  /// Waits for all ops called so far, then reads.
  func download(_ tensor: Tensor) throws -> [Float]
  func fill(_ tensor: Tensor, with value: Float)
  /// - Precondition: equal counts.
  func copy(_ source: Tensor, to destination: Tensor)

  func makeLabels(_ labels: [Int32]) -> Labels
  /// - Parameters:
  ///   - bytes: `[count, height, width, 3]`, RGB interleaved.
  ///   - count: images.
  ///   - height: pixels.
  ///   - width: pixels.
  func makeImageStore(bytes: [UInt8], count: Int, height: Int, width: Int) -> ImageStore

  /// Waits until every op called so far has ended; throws the first error since the last call.
  func synchronize() throws
  /// Has the device start on the ops called so far: some drivers hold them back until somebody
  /// waits.
  func flush()
}

extension Backend {
  /// Nothing, as where every op runs when it is called.
  public func flush() {}

  public var precision: ProductPrecision { .float32 }

  public var treatsImagesAlike: Bool { false }

  /// A tensor that holds `values`.
  public func makeTensor(_ shape: Shape, _ values: [Float]) -> Tensor {
    let tensor = makeTensor(shape)
    upload(values, to: tensor)
    return tensor
  }

  /// A tensor whose elements all are `value`.
  public func makeTensor(_ shape: Shape, filledWith value: Float) -> Tensor {
    let tensor = makeTensor(shape)
    fill(tensor, with: value)
    return tensor
  }

  public func convolution(
    x: ConvolutionInput, w: Tensor, stride: Int, padding: Int,
    following: FollowingNormalization, into y: Tensor
  ) {
    let plain = makeTensor(y.shape)
    convolution(x: x, w: w, stride: stride, padding: padding, into: plain, statistics: false)
    batchNorm(x: plain, following.normalization, residual: following.residual, into: y)
  }

  public func depthwiseConvolution(
    x: Tensor, w: Tensor, stride: Int, padding: Int, following: FollowingNormalization,
    into y: Tensor
  ) {
    let plain = makeTensor(y.shape)
    depthwiseConvolution(x: x, w: w, stride: stride, padding: padding, into: plain)
    batchNorm(x: plain, following.normalization, residual: following.residual, into: y)
  }

  /// The input as a tensor of its own, for kernels that do not normalize as they read.
  public func materialized(_ input: ConvolutionInput) -> Tensor {
    guard let normalization = input.normalization else { return input.tensor }
    let y = makeTensor(input.tensor.shape)
    batchNorm(x: input.tensor, normalization, residual: nil, into: y)
    return y
  }

  /// The gradient as a tensor of its own.
  public func materialized(_ dy: OutputGradient) -> Tensor {
    guard dy.through != nil else { return dy.tensor }
    let dx = makeTensor(dy.tensor.shape)
    batchNormDataGradient(dy, into: dx, accumulate: false)
    return dx
  }
}
