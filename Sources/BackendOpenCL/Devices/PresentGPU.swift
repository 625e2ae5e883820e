import Foundation

/// A GPU that the system shows, whether or not an OpenCL driver lists it.
public struct PresentGPU: Sendable, Equatable {
  /// `NVIDIA`, `AMD` or `Intel`.
  public let vendor: String
  /// What shows it, for example `/dev/nvidia0`.
  public let file: String

  /// One of each vendor, as files of the system show them.
  /// - Parameter root: put before every path.
  public static func all(root: String = "") -> [PresentGPU] {
    let files = FileManager.default
    var found: [PresentGPU] = []
    func add(_ vendor: String, _ file: String) {
      if !found.contains(where: { $0.vendor == vendor }) {
        found.append(PresentGPU(vendor: vendor, file: file))
      }
    }
    if files.fileExists(atPath: root + "/dev/nvidia0") { add("NVIDIA", "/dev/nvidia0") }
    if files.fileExists(atPath: root + "/dev/kfd") { add("AMD", "/dev/kfd") }
    let nodes = (try? files.contentsOfDirectory(atPath: root + "/dev/dri")) ?? []
    for node in nodes.filter({ $0.hasPrefix("renderD") }).sorted() {
      let path = "\(root)/sys/class/drm/\(node)/device/vendor"
      let text = files.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
      switch text.trimmingCharacters(in: .whitespacesAndNewlines).lowercased() {
      case "0x10de": add("NVIDIA", "/dev/dri/\(node)")
      case "0x1002": add("AMD", "/dev/dri/\(node)")
      case "0x8086": add("Intel", "/dev/dri/\(node)")
      default: break
      }
    }
    return found
  }

  /// A sentence for the user: which driver makes OpenCL list this GPU.
  public var advice: String {
    let driver =
      switch vendor {
      case "NVIDIA":
        "its driver's libnvidia-opencl.so.1 (Debian: nvidia-opencl-icd; in a container ask for "
          + "the driver capability compute)"
      case "AMD": "ROCm's libamdocl64.so (rocm-opencl-runtime)"
      default: "Intel's libigdrcl.so (Debian: intel-opencl-icd)"
      }
    return "there is a GPU of \(vendor) (\(file)), but no OpenCL driver lists it, so it is not "
      + "used; install \(driver), or name the library: OCL_ICD_VENDORS=PATH"
  }
}
