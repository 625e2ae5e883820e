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

  /// - Throws: `OpenCLError` where the device that was asked for is not there or cannot be opened.
  public func open() throws -> any Backend {
    switch self {
    case .cpu(let threads): return CPUBackend(threads: threads)
    case .openCL(let index): return try OpenCLBackend(device: index)
    case .best:
      let devices = (try? OpenCLBackend.devices()) ?? []
      for device in devices.filter(\.isGPU) + devices.filter({ !$0.isGPU }) {
        guard (try? DeviceTrial.run(device, family: device.family)) != nil,
          let backend = try? OpenCLBackend(device)
        else { continue }
        return backend
      }
      return CPUBackend()
    }
  }
}
