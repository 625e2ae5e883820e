import Foundation
import Testing

/// The driver of Fixtures/stand_in_driver.c, compiled: a GPU that computes by PoCL and misbehaves as
/// it is told. Nobody has registered it.
enum StandInDriver {
  /// The folder of its library, which has the name of NVIDIA's; nil where PoCL or a compiler for C
  /// is missing.
  static let folder: String? = {
    guard
      let source = Bundle.module.url(
        forResource: "stand_in_driver", withExtension: "c", subdirectory: "Fixtures")
    else { return nil }
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("dovetail-stand-in-\(getuid())").path
    try? FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = [
      "-c",
      """
      ldconfig -p 2>/dev/null | grep -q libpocl.so.2 || exit 77
      for compiler in cc gcc clang; do
        command -v $compiler >/dev/null || continue
        $compiler -shared -fPIC -O1 -o "$2/made.$$" "$1" -ldl \
          && mv "$2/made.$$" "$2/libnvidia-opencl.so.1" && exit 0
      done
      exit 77
      """, "sh", source.path, folder,
    ]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    process.waitUntilExit()
    return process.terminationStatus == 0 ? folder : nil
  }()

  static var isThere: Bool { folder != nil }
}

extension Workplace {
  /// Runs `dovetail` where the stand-in is found, in a cache of its own.
  /// - Parameter behavior: as the fixture names it; nil: it computes rightly.
  func withStandIn(
    _ behavior: String?, _ arguments: String..., alone: Bool = false
  ) throws -> CommandRun {
    var environment = ["LD_LIBRARY_PATH": try #require(StandInDriver.folder)]
    environment["XDG_CACHE_HOME"] = cache.path
    // The compiled kernels are shared by all tests.
    environment["POCL_CACHE_DIR"] =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("dovetail-stand-in-\(getuid())/kernels").path
    if let behavior { environment["STAND_IN"] = behavior }
    if alone { environment["OCL_ICD_VENDORS"] = "libnvidia-opencl.so.1" }
    return try dovetail(arguments, withOpenCL: true, environment: environment)
  }

  /// Beside the folder, so that tests can say what a command left in that.
  var cache: URL { folder.appendingPathExtension("cache") }
}
