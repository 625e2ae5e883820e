import COpenCL

extension OpenCLDevice {
  /// Work-items of a group that the portable family's kernels take.
  public static let portableWorkGroupSize = 256
  /// Local memory that they take.
  static let portableLocalBytes = 32 << 10

  /// Whether it offers both.
  var fitsPortable: Bool {
    maxWorkGroupSize >= Self.portableWorkGroupSize && localMemoryBytes >= Self.portableLocalBytes
  }

  /// - Throws: `OpenCLError` where it lacks what the portable family's kernels take.
  func checkRequirements(of family: KernelFamily) throws {
    if family == .portable && !fitsPortable {
      throw OpenCLError(
        CL_INVALID_WORK_GROUP_SIZE, doing: "opening \(name) for \(family) kernels",
        detail:
          "they need work-groups of \(Self.portableWorkGroupSize) and "
          + "\(Self.portableLocalBytes) bytes of local memory, "
          + "the device has \(maxWorkGroupSize) and \(localMemoryBytes); "
          + "choose another device, or the CPU")
    }
  }

  /// Why a family's kernels cannot run here, by what the driver says of itself; nil where nothing
  /// speaks against it (`DeviceTrial` finds out the rest).
  public func objection(to family: KernelFamily) -> String? {
    if let version = Self.number(in: version), version < (1, 2) {
      return "it has OpenCL \(version.0).\(version.1), kernels take 1.2"
    }
    if !hasCompiler { return "its driver has no compiler, and kernels are built from source" }
    if let version = Self.number(in: languageVersion), version < (1, 2) {
      return "its compiler takes OpenCL C \(version.0).\(version.1), kernels take 1.2"
    }
    if family == .portable && !fitsPortable {
      return "it offers work-groups of \(maxWorkGroupSize) and \(localMemoryBytes >> 10) KiB of "
        + "local memory, \(family) kernels take \(Self.portableWorkGroupSize) and "
        + "\(Self.portableLocalBytes >> 10) KiB"
    }
    return nil
  }

  /// `(1, 2)` of "OpenCL C 1.2 pocl" or "OpenCL 1.2 …"; nil where there is no number.
  static func number(in text: String) -> (Int, Int)? {
    for word in text.split(separator: " ") {
      let parts = word.split(separator: ".").map { Int($0) }
      if parts.count == 2, let major = parts[0], let minor = parts[1] { return (major, minor) }
    }
    return nil
  }
}
