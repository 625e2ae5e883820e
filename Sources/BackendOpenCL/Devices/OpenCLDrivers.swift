import Files
import Foundation

/// Finds OpenCL drivers whose library is there but that nobody registered with the loader, as in
/// many GPU containers, and registers them for this process, beside those that are registered.
public struct OpenCLDrivers: Sendable {
  /// A driver that the loader would pass over.
  public struct Unregistered: Sendable, Equatable {
    public let vendor: String
    /// As an .icd file names it: a path, or a name that the dynamic linker finds.
    public let library: String
  }

  /// What has to be set before the first OpenCL call.
  public struct Registration: Sendable, Equatable {
    public let drivers: [Unregistered]
    /// For OCL_ICD_VENDORS, in whose place OCL_ICD_FILENAMES then is nothing to say: what it names is
    /// in the folder.
    public let vendorFolder: String
    /// Folders that the dynamic linker does not search and that drivers of these were found in: they
    /// load further libraries from there by name.
    public let libraryFolders: [String]
  }

  /// GPU drivers by the name of their library.
  private static let known = [
    ("NVIDIA", "libnvidia-opencl.so.1"), ("AMD", "libamdocl64.so"), ("Intel", "libigdrcl.so"),
  ]
  /// For CPUs: taken where none at all is registered.
  private static let forCPUs = [("PoCL", "libpocl.so.2")]
  /// Where they hide, beside what the linker searches.
  static let places = [
    "/usr/local/nvidia/lib64", "/usr/local/nvidia/lib", "/usr/lib/wsl/lib", "/opt/rocm/lib",
    "/opt/rocm/opencl/lib", "/usr/lib/x86_64-linux-gnu/intel-opencl", "/usr/lib64/intel-opencl",
    "/usr/lib/x86_64-linux-gnu/nvidia/current",
  ]

  private let environment: [String: String]
  private let registered: String
  private let places: [String]

  /// - Parameters:
  ///   - environment: of the process.
  ///   - registered: the folder of .icd files that the loader reads where nothing else is said.
  ///   - places: searched for libraries beside LD_LIBRARY_PATH and what the linker finds.
  public init(
    environment: [String: String], registered: String = "/etc/OpenCL/vendors",
    places: [String]? = nil
  ) {
    (self.environment, self.registered) = (environment, registered)
    self.places = places ?? Self.places
  }

  /// Nil where the user has said which drivers to take, or none is unregistered.
  ///
  /// OCL_ICD_FILENAMES adds drivers to the registered ones in the Khronos loader; ocl-icd, up to 2.3.1
  /// at least, does not know it, so containers that name their GPU's driver there would have none.
  /// - Parameter folders: the first of them in which a folder can be made gets the .icd files.
  public func register(in folders: [String]) -> Registration? {
    let asked = ["OCL_ICD_VENDORS", "OPENCL_VENDOR_PATH"]
    if asked.contains(where: { !(environment[$0] ?? "").isEmpty }) { return nil }
    let files = registeredFiles()
    func isRegistered(_ library: String) -> Bool {
      files.contains { $0.text.contains(Self.stem(library)) }
    }
    let named = (environment["OCL_ICD_FILENAMES"] ?? "").split(separator: ":").map(String.init)
      .filter { !isRegistered($0) }
    let candidates = Self.known + (files.isEmpty && named.isEmpty ? Self.forCPUs : [])
    var drivers: [Unregistered] = []
    var libraryFolders: [String] = []
    for (vendor, library) in candidates where !isRegistered(library) {
      if named.contains(where: { Self.stem($0) == Self.stem(library) }) { continue }
      guard let found = find(library) else { continue }
      drivers.append(Unregistered(vendor: vendor, library: found.library))
      if let folder = found.folder, !libraryFolders.contains(folder) {
        libraryFolders.append(folder)
      }
    }
    if drivers.isEmpty && named.isEmpty { return nil }
    let own =
      named.enumerated().map { ("named-\($0).icd", $1 + "\n") }
      + drivers.map { ("dovetail-\($0.vendor.lowercased()).icd", $0.library + "\n") }
    guard let folder = write(files.map { ($0.name, $0.text) } + own, in: folders) else {
      return nil
    }
    return Registration(
      drivers: drivers, vendorFolder: folder, libraryFolders: libraryFolders)
  }

  /// What is the same in a library's name and in its path, whatever the version.
  private static func stem(_ library: String) -> Substring {
    (library.split(separator: "/").last ?? "").prefix { $0 != "." }
  }

  private func registeredFiles() -> [(name: String, text: String)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: registered)) ?? []
    return names.filter { $0.hasSuffix(".icd") }.sorted().compactMap { name in
      FileManager.default.contents(atPath: "\(registered)/\(name)").map {
        (name, String(decoding: $0, as: UTF8.self))
      }
    }
  }

  /// Where a library is: by name where the linker finds it, else by path and folder.
  private func find(_ library: String) -> (library: String, folder: String?)? {
    if let handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL) {
      dlclose(handle)
      return (library, nil)
    }
    for place in places where FileManager.default.fileExists(atPath: "\(place)/\(library)") {
      return ("\(place)/\(library)", place)
    }
    return nil
  }

  /// Makes the folder of these files, named by what is in them, once; nil where it can be made
  /// nowhere.
  private func write(_ files: [(name: String, text: String)], in folders: [String]) -> String? {
    let all = files.map { "\($0.name)\n\($0.text)" }.joined(separator: "\n")
    let digest = Digest.hex(Data(all.utf8)).prefix(16)
    for folder in folders {
      let target = "\(folder)/vendors-\(digest)"
      if FileManager.default.fileExists(atPath: target) { return target }
      let aside = "\(target).\(ProcessInfo.processInfo.processIdentifier)\(AtomicFile.suffix)"
      do {
        try Folder.make(folder)
        // False where another process has just made it.
        _ = try AtomicFolder.make(
          target, aside: aside, files: files.map { ($0.name, Array($0.text.utf8)) },
          isPrivate: true, synced: false)
        return target
      } catch {}
    }
    return nil
  }
}
