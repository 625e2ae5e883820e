import COpenCL
import Synchronization

/// Held while platforms and devices are listed and contexts are made: drivers set themselves up
/// then, and PoCL 3.1 does not survive two threads that do so at once.
let driverSetUp = Mutex(())

/// Which kernels a device runs.
public enum KernelFamily: String, CaseIterable, Sendable {
  /// Wide vectors in one work-item: CPUs.
  case vector
  /// Work-groups that share tiles of a product in local memory, and else one work-item an output
  /// element: GPUs.
  case portable
}

/// One OpenCL device, as listed by `dovetail devices`.
public struct OpenCLDevice: Sendable {
  /// Its number: platforms in the loader's order, devices in the platform's.
  public let index: Int
  public let name: String
  public let platform: String
  public let vendor: String
  public let driverVersion: String
  public let isGPU: Bool
  public let computeUnits: Int
  public let memoryBytes: UInt64
  public let hasDoubles: Bool
  /// Preferred number of `float`s in a native vector.
  public let vectorWidth: Int
  /// Work-items of a work-group at most.
  public let maxWorkGroupSize: Int
  /// Bytes of one buffer at most.
  public let maxBufferBytes: UInt64
  public let localMemoryBytes: UInt64
  /// "OpenCL 1.2 …", of the device.
  public let version: String
  /// "OpenCL C 1.2 …", the latest that its compiler takes.
  public let languageVersion: String
  public let extensions: [String]
  /// Whether the driver can build kernels from source.
  public let hasCompiler: Bool
  /// NVIDIA's generation; zeros elsewhere.
  public let computeCapability: (major: Int, minor: Int)

  let id: UInt

  /// CPUs run the vector family, everything else the portable one.
  public var family: KernelFamily { isGPU ? .portable : .vector }

  /// Whether it has what the kernels of its family take.
  public var runsItsFamily: Bool { family == .vector || fitsPortable }

  public var isPoCL: Bool { platform == "Portable Computing Language" }

  var isIntelCPU: Bool { !isGPU && platform.hasPrefix("Intel(R) OpenCL") }

  /// Whether its compiler is known to make something of Clang's prefetches and non-temporal stores:
  /// NVIDIA's, Mesa's and Oclgrind's fail or end the process on them.
  var takesCPUBuiltins: Bool { isPoCL || isIntelCPU }

  /// Whether the driver is known to keep what it compiled from one process to the next.
  var keepsBinaries: Bool { isPoCL || platform.hasPrefix("NVIDIA") }

  var handle: cl_device_id { cl_device_id(bitPattern: id)! }
}

extension OpenCLDevice {
  /// All devices of all platforms; empty where there is no platform.
  static func all() throws -> [OpenCLDevice] {
    try driverSetUp.withLock { _ in try list() }
  }

  private static func list() throws -> [OpenCLDevice] {
    var count: cl_uint = 0
    let status = clGetPlatformIDs(0, nil, &count)
    // CL_PLATFORM_NOT_FOUND_KHR: the loader is there, no driver is.
    if status == -1001 || count == 0 { return [] }
    try check(status, "listing the platforms")
    var platforms = [cl_platform_id?](repeating: nil, count: Int(count))
    try check(clGetPlatformIDs(count, &platforms, nil), "listing the platforms")
    var devices: [OpenCLDevice] = []
    for case let platform? in platforms {
      var deviceCount: cl_uint = 0
      let all = cl_device_type(0xFFFF_FFFF)
      guard clGetDeviceIDs(platform, all, 0, nil, &deviceCount) == CL_SUCCESS else { continue }
      var ids = [cl_device_id?](repeating: nil, count: Int(deviceCount))
      try check(clGetDeviceIDs(platform, all, deviceCount, &ids, nil), "listing the devices")
      let platformName = text {
        clGetPlatformInfo(platform, cl_platform_info(CL_PLATFORM_NAME), $0, $1, $2)
      }
      for case let id? in ids {
        devices.append(OpenCLDevice(id, platformName, index: devices.count))
      }
    }
    return devices
  }

  private init(_ id: cl_device_id, _ platformName: String, index: Int) {
    func info(_ key: Int32) -> String {
      Self.text { clGetDeviceInfo(id, cl_device_info(key), $0, $1, $2) }
    }
    func number<Value: BitwiseCopyable>(_ key: Int32, _ start: Value) -> Value {
      var value = start
      _ = clGetDeviceInfo(id, cl_device_info(key), MemoryLayout<Value>.size, &value, nil)
      return value
    }
    self.index = index
    name = info(CL_DEVICE_NAME)
    self.platform = platformName
    vendor = info(CL_DEVICE_VENDOR)
    driverVersion = info(CL_DRIVER_VERSION)
    isGPU = number(CL_DEVICE_TYPE, cl_device_type(0)) & cl_device_type(CL_DEVICE_TYPE_CPU) == 0
    computeUnits = Int(number(CL_DEVICE_MAX_COMPUTE_UNITS, cl_uint(1)))
    memoryBytes = number(CL_DEVICE_GLOBAL_MEM_SIZE, cl_ulong(0))
    extensions = info(CL_DEVICE_EXTENSIONS).split(separator: " ").map(String.init)
    hasDoubles = extensions.contains("cl_khr_fp64")
    vectorWidth = Int(number(CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, cl_uint(1)))
    maxWorkGroupSize = number(CL_DEVICE_MAX_WORK_GROUP_SIZE, 1)
    maxBufferBytes = number(CL_DEVICE_MAX_MEM_ALLOC_SIZE, cl_ulong(0))
    localMemoryBytes = number(CL_DEVICE_LOCAL_MEM_SIZE, cl_ulong(0))
    version = info(CL_DEVICE_VERSION)
    languageVersion = info(CL_DEVICE_OPENCL_C_VERSION)
    hasCompiler = number(CL_DEVICE_COMPILER_AVAILABLE, cl_bool(CL_FALSE)) != cl_bool(CL_FALSE)
    // CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV and _MINOR_NV.
    computeCapability =
      extensions.contains(Self.nvidiaAttributes)
      ? (Int(number(0x4000, cl_uint(0))), Int(number(0x4001, cl_uint(0)))) : (0, 0)
    self.id = UInt(bitPattern: id)
  }

  /// A string property, by the two calls that OpenCL wants for it.
  private static func text(
    _ query: (Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> cl_int
  ) -> String {
    var size = 0
    guard query(0, nil, &size) == CL_SUCCESS, size > 0 else { return "" }
    var bytes = [UInt8](repeating: 0, count: size)
    guard query(size, &bytes, nil) == CL_SUCCESS else { return "" }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
