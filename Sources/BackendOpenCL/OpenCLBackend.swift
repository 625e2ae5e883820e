import COpenCL
import Kernels
import Synchronization
public import Tensors

/// The contract in OpenCL kernels and CLBlast: one context, one in-order queue, one device.
public final class OpenCLBackend: Backend {
  public let device: OpenCLDevice
  public let family: KernelFamily
  let queue: CommandQueue
  let pool: BufferPool
  let programs: ProgramCache
  let matrixProducts: MatrixProducts
  let transforms = FilterTransforms()
  let memos = Memos()
  /// Width of a vector in the shared kernels: the native one on CPUs, 1 on GPUs.
  let vectorWidth: Int
  /// Which convolution kernels of the vector family run.
  public let convolutions: ConvolutionAlgorithm
  public let precision: ProductPrecision
  /// What makes products in TF32; nil where they are float32.
  let tensorCores: TensorCores?
  /// Finish after every kernel: slower, equal results; finds where an error comes from.
  public let finishesEachKernel: Bool
  /// Whether the portable family has CLBlast compile beside the first convolutions.
  let warmsUp: Bool
  private var pendingError: (any Error)?

  /// All OpenCL devices of this machine; empty where there is no OpenCL platform.
  public static func devices() throws -> [OpenCLDevice] { try OpenCLDevice.all() }

  /// - Parameters:
  ///   - index: as listed by `devices()`.
  ///   - family: which kernels to run; nil is the device's own.
  ///   - convolutions: which kernels of the vector family convolve.
  ///   - precision: of the factors of convolutions' products.
  /// - Throws: `OpenCLError` where the device is not there or cannot be opened; `PrecisionError` where it
  ///   has no such products.
  public convenience init(
    device index: Int, family: KernelFamily? = nil,
    convolutions: ConvolutionAlgorithm = .automatic, precision: ProductPrecision = .float32
  ) throws {
    let devices = try Self.devices()
    guard devices.indices.contains(index) else {
      throw OpenCLError(
        CL_DEVICE_NOT_FOUND, doing: "opening device opencl:\(index)",
        detail: "there are \(devices.count) OpenCL devices", advice: .listedDevice)
    }
    try self.init(
      devices[index], family: family, convolutions: convolutions, precision: precision)
  }

  /// - Parameters:
  ///   - device: where kernels run.
  ///   - family: whose kernels run; nil: the device's own.
  ///   - convolutions: how convolutions are computed on a CPU.
  ///   - precision: of the factors of convolutions' products.
  ///   - emulatesTensorCores: tf32 by plain OpenCL C, on any device: slow, for tests.
  ///   - finishesEachKernel: slower, with equal results; finds where an error comes from.
  ///   - warmsUp: whether CLBlast, which the portable family multiplies matrices with, compiles in
  ///     a thread of its own from the first convolution on.
  ///   - profiles: whether every kernel is timed.
  ///   - memoryLimit: bytes; nil: what the device has.
  ///   - builds: how programs are built.
  ///   - recording: nothing is compiled or run, but written down there.
  ///   - announceBuild: told of kernels that are compiled.
  /// - Throws: `PrecisionError` where the device has no such products; `OpenCLError`.
  public init(
    _ device: OpenCLDevice, family: KernelFamily? = nil,
    convolutions: ConvolutionAlgorithm = .automatic, precision: ProductPrecision = .float32,
    emulatesTensorCores: Bool = false, finishesEachKernel: Bool = false,
    warmsUp: Bool = true, profiles: Bool = false, memoryLimit: Int? = nil,
    builds: BuildSettings = BuildSettings(), recording: StepRecording? = nil,
    announceBuild: BuildAnnouncement? = nil
  ) throws {
    self.device = device
    self.family = family ?? device.family
    self.convolutions = convolutions
    self.precision = precision
    self.finishesEachKernel = finishesEachKernel
    self.warmsUp = warmsUp
    try device.checkRequirements(of: self.family)
    tensorCores = try device.checkPrecision(
      precision, self.family, emulates: emulatesTensorCores, records: recording != nil)
    let (context, queue) = try Self.open(device, profiles: profiles, recording)
    defer { clReleaseContext(context) }
    self.queue = queue
    let pool = BufferPool(
      context: context, capacity: memoryLimit ?? Int(clamping: device.memoryBytes),
      recording: recording)
    self.pool = pool
    programs = try ProgramCache(
      context: context, device: device, family: self.family, builds: builds,
      recording: recording, announce: announceBuild)
    matrixProducts = MatrixProducts(
      context: context, device: device.handle, queue: queue, recording: recording,
      announce: { [programs] in announceBuild?("CLBlast's matrix product", programs.count + 1) })
    vectorWidth = self.family == .vector ? [16, 8, 4].first { $0 <= device.vectorWidth } ?? 4 : 1
    queue.makeRoom = { [unowned queue] in try pool.makeRoom(finish: queue.finish) }
    queue.memoryInUse = { pool.inUseText }
  }

  private static func open(
    _ device: OpenCLDevice, profiles: Bool, _ recording: StepRecording?
  ) throws -> (cl_context, CommandQueue) {
    // As a number, which may leave the lock.
    let made = driverSetUp.withLock { _ in
      var id = cl_device_id(bitPattern: device.id)
      var status: cl_int = 0
      let context = clCreateContext(nil, 1, &id, nil, nil, &status)
      return (context: UInt(bitPattern: context), status: status)
    }
    try check(made.status, "creating a context on \(device.name)")
    let context = cl_context(bitPattern: made.context)!
    let queue = try CommandQueue(
      context: context, device: device.handle, profiles: profiles, recording: recording)
    return (context, queue)
  }

  public var kind: String { "opencl" }

  /// CLBlast chooses a kernel by the number of rows.
  public var treatsImagesAlike: Bool { family == .vector }

  /// Whether products in TF32 are made without tensor cores.
  public var emulatesTensorCores: Bool { tensorCores == .emulated }

  /// Whether commands are written down instead of run.
  public var isRecording: Bool { queue.isRecording }

  public var deviceDescription: String {
    "OpenCL:\(device.index) \(device.name) (\(device.platform) \(device.driverVersion), "
      + "\(device.computeUnits) compute units, \(family) kernels"
      + (precision == .tf32 ? ", TF32" : "") + (emulatesTensorCores ? " emulated)" : ")")
  }

  /// Whether programs carry the declarations of `pocl_builtins.cl` instead of the driver's.
  package var declaresBuiltins: Bool { programs.settings.declaresBuiltins }

  /// Bytes of device memory that exist in the pool now, and at most so far.
  public var memory: (held: Int, peak: Int) { (pool.bytesHeld, pool.peakBytesHeld) }
  /// Seconds that each kernel launched since the last call took on the device, in order; nothing
  /// unless the backend `profiles`. Waits for the device.
  public func takeKernelTimes() throws -> [(name: String, seconds: Double)] {
    try synchronize()
    return queue.takeTimes()
  }

  /// Kernels enqueued so far.
  public var launches: Int { queue.launches }

  // MARK: Errors

  /// Runs `body` unless an error is pending; keeps the error that it throws for `synchronize`.
  func attempt(_ body: () throws -> Void) {
    guard pendingError == nil else { return }
    do {
      try body()
      if finishesEachKernel { try queue.finish() }
    } catch {
      pendingError = error
    }
  }

  public func synchronize() throws {
    try throwPendingError()
    try queue.finish()
  }

  public func flush() {
    attempt { try queue.flush() }
  }

  private func throwPendingError() throws {
    if let error = pendingError {
      pendingError = nil
      throw error
    }
  }

  // MARK: Memory

  public func makeTensor(_ shape: Shape) -> Tensor {
    Tensor(shape: shape, storage: makeStorage(shape))
  }

  /// A workspace.
  func makeStorage(_ count: Int) -> OpenCLStorage { makeStorage([count]) }

  private func makeStorage(_ shape: Shape) -> OpenCLStorage {
    var buffer: BufferPool.Buffer?
    attempt { buffer = try pool.take(shape, finish: queue.finish) }
    return OpenCLStorage(shape: shape, buffer, pool: pool)
  }

  public func upload(_ values: [Float], to tensor: Tensor) {
    precondition(
      values.count == tensor.count, "upload: \(values.count) values into \(tensor.shape)")
    attempt { try queue.write(values, to: memory(tensor)) }
    filterChanged(tensor)
  }

  public func download(_ tensor: Tensor) throws -> [Float] {
    try throwPendingError()
    var values = [Float](repeating: 0, count: tensor.count)
    try queue.read(memory(tensor), into: &values)
    return values
  }

  public func copy(_ source: Tensor, to destination: Tensor) {
    precondition(
      source.count == destination.count, "copy: \(source.shape) into \(destination.shape)")
    attempt {
      try queue.copy(
        memory(source), to: memory(destination),
        bytes: source.count * MemoryLayout<Float>.stride)
    }
    filterChanged(destination)
  }

  public func makeLabels(_ labels: [Int32]) -> Labels {
    let storage = makeStorage(labels.count)
    attempt { try queue.write(labels, to: storage.memory!) }
    return Labels(count: labels.count, storage: storage)
  }

  public func makeImageStore(bytes: [UInt8], count: Int, height: Int, width: Int) -> ImageStore {
    precondition(
      bytes.count == count * height * width * 3,
      "makeImageStore: \(bytes.count) bytes for \(count) images of \(height)×\(width)×3")
    let storage = makeStorage((bytes.count + 3) / 4)
    attempt { try queue.write(bytes, to: storage.memory!) }
    return ImageStore(count: count, height: height, width: width, storage: storage)
  }

  /// The buffer behind a tensor of this backend.
  func memory(_ tensor: Tensor) -> cl_mem {
    guard let storage = tensor.storage as? OpenCLStorage else {
      preconditionFailure("a tensor of another backend was given to the OpenCL backend")
    }
    // A buffer is only missing after a failed allocation, and then no op runs.
    return storage.memory!
  }

  /// To be called by whatever writes to a parameter: upload, copy, fill and the optimizer.
  func filterChanged(_ w: Tensor) {
    guard let storage = w.storage as? OpenCLStorage else { return }
    for transform in storage.transforms { transform.isFresh = false }
    storage.uses = [:]
  }
}
