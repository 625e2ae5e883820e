import BackendOpenCL
import Foundation
import TestSupport
import Testing

/// Finding drivers and GPUs, by folders made for it.
@Suite struct DeviceTests {
  private func folder() throws -> String {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("dovetail-devices-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  private func write(_ text: String, _ path: String) throws {
    let url = URL(fileURLWithPath: path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  @Test func gpusAreToldByTheirFiles() throws {
    let root = try folder()
    defer { try? FileManager.default.removeItem(atPath: root) }
    #expect(PresentGPU.all(root: root).isEmpty)
    try write("", "\(root)/dev/dri/renderD128")
    try write("0x8086\n", "\(root)/sys/class/drm/renderD128/device/vendor")
    // Of a maker whose driver we do not know.
    try write("", "\(root)/dev/dri/renderD130")
    try write("0x1af4\n", "\(root)/sys/class/drm/renderD130/device/vendor")
    #expect(PresentGPU.all(root: root).map(\.file) == ["/dev/dri/renderD128"])
    try write("", "\(root)/dev/nvidia0")
    try write("", "\(root)/dev/kfd")
    try write("", "\(root)/dev/dri/renderD129")
    try write("0x1002\n", "\(root)/sys/class/drm/renderD129/device/vendor")
    let all = PresentGPU.all(root: root)
    #expect(all.map(\.vendor) == ["NVIDIA", "AMD", "Intel"])
    #expect(all.map(\.file) == ["/dev/nvidia0", "/dev/kfd", "/dev/dri/renderD128"])
    #expect(all[0].advice.contains("libnvidia-opencl.so.1"))
  }

  @Test func unregisteredDriversStandBesideTheRegistered() throws {
    let root = try folder()
    defer { try? FileManager.default.removeItem(atPath: root) }
    let (vendors, place) = ("\(root)/vendors", "\(root)/driver")
    try write("libpocl.so.2.10.0\n", "\(vendors)/pocl.icd")
    let drivers = OpenCLDrivers(environment: [:], registered: vendors, places: [place])
    let before = drivers.register(in: ["\(root)/cache"])
    // Unless this machine has one that nobody registered.
    let others = before?.drivers.map(\.library) ?? []
    try write("no library", "\(place)/libamdocl64.so")
    let found = try #require(drivers.register(in: ["\(root)/cache"]))
    let added = found.drivers.filter { !others.contains($0.library) }
    #expect(added.map(\.vendor) == ["AMD"])
    #expect(added.map(\.library) == ["\(place)/libamdocl64.so"])
    #expect(found.libraryFolders.contains(place))
    func text(_ name: String) throws -> String {
      try String(contentsOfFile: "\(found.vendorFolder)/\(name)", encoding: .utf8)
    }
    #expect(try text("pocl.icd") == "libpocl.so.2.10.0\n")
    #expect(try text("dovetail-amd.icd") == "\(place)/libamdocl64.so\n")
    // The same folder again, and another place where the first cannot be written.
    #expect(drivers.register(in: ["\(root)/cache"]) == found)
    try write("in the way", "\(root)/file")
    let elsewhere = try #require(drivers.register(in: ["\(root)/file", "\(root)/second"]))
    #expect(elsewhere.vendorFolder.hasPrefix("\(root)/second/"))
    #expect(drivers.register(in: ["\(root)/file"]) == nil)
    // Registered by its maker.
    try write("/opt/rocm/lib/libamdocl64.so\n", "\(vendors)/amdocl64.icd")
    #expect(
      drivers.register(in: ["\(root)/cache"])?.drivers.contains { $0.vendor == "AMD" } != true)
  }

  /// A container of CUDA's maker, with a loader that does not know the variable.
  @Test func driversThatAreNamedForAnotherLoaderStandBesideTheRegistered() throws {
    let root = try folder()
    defer { try? FileManager.default.removeItem(atPath: root) }
    try write("libpocl.so.2.12.0", "\(root)/vendors/pocl.icd")
    try write("no library", "\(root)/libnvidia-opencl.so.1")
    let names = "libpocl.so.2:libnvidia-opencl.so.1:/opt/other/libother.so"
    let drivers = OpenCLDrivers(
      environment: ["OCL_ICD_FILENAMES": names], registered: "\(root)/vendors", places: [root])
    let found = try #require(drivers.register(in: ["\(root)/cache"]))
    #expect(!found.drivers.contains { $0.vendor == "NVIDIA" })
    let files = try FileManager.default.contentsOfDirectory(atPath: found.vendorFolder).sorted()
    #expect(
      files.filter { !$0.hasPrefix("dovetail") } == ["named-0.icd", "named-1.icd", "pocl.icd"])
    let texts = try ["named-0", "named-1"].map {
      try String(contentsOfFile: "\(found.vendorFolder)/\($0).icd", encoding: .utf8)
    }
    #expect(texts == ["libnvidia-opencl.so.1\n", "/opt/other/libother.so\n"])
  }

  @Test(arguments: ["OCL_ICD_VENDORS", "OPENCL_VENDOR_PATH"])
  func whoNamesDriversIsLeftAlone(variable: String) throws {
    let root = try folder()
    defer { try? FileManager.default.removeItem(atPath: root) }
    try write("no library", "\(root)/libamdocl64.so")
    let drivers = OpenCLDrivers(
      environment: [variable: "/somewhere"], registered: "\(root)/vendors", places: [root])
    #expect(drivers.register(in: [root]) == nil)
  }

  /// A trial is a process: by scripts in its place.
  @Test(
    .enabled(if: TestedBackend.hasOpenCL, "no OpenCL device"),
    arguments: [
      ("exit 0", "", true),
      ("echo 'a line' >&2; echo 'this error tells.' >&2; exit 1", ": this error tells", false),
      ("echo last >&2; exit 8", "with status 8 on a small program: last", false),
      ("kill -KILL $$", "by signal 9 on a small program", false),
      ("exec sleep 60", "did not end a small program within 1 s", false),
    ])
  func verdictsSayWhatATrialCameTo(script: String, reason: String, isUsable: Bool) throws {
    let device = try #require(try OpenCLBackend.devices().first)
    let root = try folder()
    defer { try? FileManager.default.removeItem(atPath: root) }
    func verdict(_ script: String, again: Bool = false) -> DeviceVerdict {
      DeviceVerdicts(
        trial: ["/bin/sh", "-c", script, "sh"], folder: root, build: "a test",
        limit: 1
      ).verdict(on: device, family: .vector, triesAgain: again)
    }
    let first = verdict(script)
    #expect(first.isUsable == isUsable)
    #expect(
      first.reason.contains(reason) || (reason.isEmpty && first.reason.isEmpty),
      "\(first.reason)")
    // Kept, whatever a trial would say now.
    #expect(verdict(isUsable ? "exit 1" : "exit 0") == first)
    #expect(verdict(isUsable ? "exit 1" : "exit 0", again: true).isUsable != isUsable)
  }

  @Test(.enabled(if: TestedBackend.hasOpenCL, "no OpenCL device"))
  func verdictsThatCannotBeKeptAreAsGood() throws {
    let device = try #require(try OpenCLBackend.devices().first)
    let verdicts = DeviceVerdicts(
      trial: ["/bin/sh", "-c", "exit 0", "sh"], folder: "/proc/nowhere", build: "a test")
    #expect(verdicts.verdict(on: device, family: .vector).isUsable)
    let none = DeviceVerdicts(trial: ["/nowhere"], folder: nil, build: "a test")
    #expect(!none.verdict(on: device, family: .vector).isUsable)
  }
}
