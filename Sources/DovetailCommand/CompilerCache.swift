import Foundation

/// The folder where PoCL keeps compiled kernels. Without one that it can write it says that it is no
/// platform.
enum CompilerCache {
  private static let variable = "POCL_CACHE_DIR"

  /// Where the folder that PoCL would take cannot be written, names a private temporary one in its
  /// place.
  /// - Returns: what to say of that.
  static func prepare() -> String? {
    let environment = ProcessInfo.processInfo.environment
    let folder = folder(environment)
    let files = FileManager.default
    let existed = files.fileExists(atPath: folder)
    if isWritable(folder) {
      // Perhaps there is no PoCL that wants it.
      if !existed { rmdir(folder) }
      return nil
    }
    let said = "PoCL's cache of compiled kernels, \(folder), cannot be written"
    let places = [CacheFolder.privateTemporary, "/dev/shm/dovetail-\(getuid())"]
    for place in places.compactMap(\.self) {
      let other = "\(place)/pocl"
      guard isWritable(other) else { continue }
      setenv(variable, other, 1)
      return "\(said): kernels are kept in \(other); \(variable)=FOLDER names another"
    }
    return "\(said), nor a temporary one; \(variable)=FOLDER names another"
  }

  /// As PoCL finds it.
  private static func folder(_ environment: [String: String]) -> String {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let named = value(variable) { return named }
    if let cache = value("XDG_CACHE_HOME") { return "\(cache)/pocl/kcache" }
    if let home = value("HOME") { return "\(home)/.cache/pocl/kcache" }
    return "/tmp/pocl/kcache"
  }

  /// Tried by writing: permissions do not tell of disks that are full or for reading alone.
  private static func isWritable(_ folder: String) -> Bool {
    let files = FileManager.default
    // Machines that share the folder may have processes of the same id.
    let probe = "\(folder)/dovetail-\(UUID().uuidString)"
    do {
      try files.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      try Data([0]).write(to: URL(fileURLWithPath: probe))
      try files.removeItem(atPath: probe)
      return true
    } catch {
      try? files.removeItem(atPath: probe)
      return false
    }
  }
}
