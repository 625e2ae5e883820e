import BackendCPU
import BackendOpenCL
public import Tensors

/// The backends that a test runs on. Where there is no OpenCL device the OpenCL ones are not among
/// the available ones: `OpenCLTests.thereIsADevice` is then skipped, visibly.
public enum TestedBackend: String, Sendable, CaseIterable {
  case cpu, cpuOneThread, openCLVector, openCLPortable

  public static var hasOpenCL: Bool { !((try? OpenCLBackend.devices()) ?? []).isEmpty }

  public static let available: [TestedBackend] =
    hasOpenCL ? allCases : [.cpu, .cpuOneThread]

  public func make() throws -> any Backend {
    switch self {
    case .cpu: CPUBackend(threads: 2)
    case .cpuOneThread: CPUBackend(threads: 1)
    case .openCLVector: try OpenCLBackend(device: 0, family: .vector)
    case .openCLPortable: try OpenCLBackend(device: 0, family: .portable)
    }
  }
}

/// The backend for tests of what stands above the backends.
public func makeBackend() -> any Backend { CPUBackend(threads: 2) }
