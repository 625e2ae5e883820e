import BackendCPU
import BackendOpenCL
public import Tensors

/// Where to compute.
public enum Device: Sendable, Hashable {
  /// The first OpenCL GPU on which a small program runs and gives what it should, else the first other
  /// OpenCL device of that kind, else the CPU backend.
  case best
  /// Plain Swift on as many threads; nil: one a core.
  case cpu(threads: Int? = nil)
  /// An OpenCL device, as `OpenCLBackend.devices()` numbers them.
  case openCL(Int)

  /// - Parameter precision: what convolutions round their factors to; `tf32` is for NVIDIA's GPUs of
  ///   compute capability 8.0 or later.
  /// - Throws: `OpenCLError` where the device that was asked for is not there or cannot be opened;
  ///   `PrecisionError` where it has no such products: nothing slower takes its place.
  public func open(precision: ProductPrecision = .float32) throws -> any Backend {
    switch self {
    case .cpu(let threads):
      try Self.checkCPU(precision)
      return CPUBackend(threads: threads)
    case .openCL(let index): return try OpenCLBackend(device: index, precision: precision)
    case .best:
      let devices = (try? OpenCLBackend.devices()) ?? []
      for device in devices.filter(\.isGPU) + devices.filter({ !$0.isGPU }) {
        guard (try? DeviceTrial.run(device, family: device.family)) != nil else { continue }
        do {
          return try OpenCLBackend(device, precision: precision)
        } catch let error as PrecisionError {
          throw error
        } catch {
          continue
        }
      }
      try Self.checkCPU(precision)
      return CPUBackend()
    }
  }

  private static func checkCPU(_ precision: ProductPrecision) throws(PrecisionError) {
    guard precision == .float32 else {
      throw PrecisionError(precision, "the CPU backend", "has no tensor cores")
    }
  }
}
