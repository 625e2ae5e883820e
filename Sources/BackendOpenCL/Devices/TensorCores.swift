import COpenCL
public import Tensors

/// How products in TF32 are made.
enum TensorCores: Hashable {
  /// By NVIDIA's instructions.
  case native
  /// The same through local memory, on any device: slow, for tests.
  case emulated

  var define: String { self == .native ? "TENSOR_CORES=1" : "TENSOR_CORES=2" }
}

/// A device was asked for products that it cannot make.
public struct PrecisionError: Error, CustomStringConvertible, Sendable {
  public let description: String

  /// - Parameters:
  ///   - precision: what was asked for.
  ///   - device: as a sentence names it.
  ///   - reason: why not, as a sentence goes on after the device.
  public init(_ precision: ProductPrecision, _ device: String, _ reason: String) {
    description =
      "precision \(precision.rawValue): \(device) \(reason); it takes an NVIDIA GPU of compute "
      + "capability 8.0 or later and portable kernels; float32 runs everywhere"
  }
}

extension OpenCLDevice {
  /// Lets NVIDIA's devices say what they are.
  static let nvidiaAttributes = "cl_nv_device_attribute_query"
  /// Lets programs be built with NVIDIA's own options.
  static let nvidiaOptions = "cl_nv_compiler_options"

  /// Why it has no products in TF32; nil where it has.
  public var tensorCoreObjection: String? {
    guard extensions.contains(Self.nvidiaAttributes) else {
      return "is no NVIDIA GPU that says what it is (\(Self.nvidiaAttributes))"
    }
    guard computeCapability.major >= 8 else {
      return "has compute capability \(computeCapability.major).\(computeCapability.minor)"
    }
    return nil
  }

  /// - Throws: `PrecisionError` where that device or these kernels have no such products.
  func checkPrecision(
    _ precision: ProductPrecision, _ family: KernelFamily, emulates: Bool, records: Bool
  ) throws(PrecisionError) -> TensorCores? {
    guard precision == .tf32 else { return nil }
    let name = "opencl:\(index) (\(self.name))"
    guard family == .portable else {
      throw PrecisionError(precision, name, "runs \(family) kernels")
    }
    if emulates { return .emulated }
    // What is only written down is for another device.
    if !records, let tensorCoreObjection {
      throw PrecisionError(precision, name, tensorCoreObjection)
    }
    return .native
  }
}
