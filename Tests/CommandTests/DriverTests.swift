import BackendOpenCL
import Foundation
import TestSupport
import Testing

/// Drivers that nobody registered, and drivers that fail.
@Suite(.serialized, .enabled(if: StandInDriver.isThere, "no PoCL, or no compiler for C"))
struct DriverTests {
  @Test func anUnregisteredGPUIsFoundBesideARegisteredDriverAndPreferred() throws {
    let place = try Workplace()
    defer { try? FileManager.default.removeItem(at: place.cache) }
    let run = try place.withStandIn(nil, "devices", "--json", "-")
    #expect(run.status == 0)
    #expect(run.stderr.contains("found a driver of NVIDIA that is not registered"))
    let devices = try #require(try run.json["devices"] as? [[String: Any]])
    #expect(devices[0]["name"] as? String == "Stand-in GPU")
    #expect(devices[0]["isDefault"] as? Bool == true)
    #expect(devices[0]["kernels"] as? String == "portable")
    // The registered one is still there, unless none is.
    let others = devices.dropFirst().compactMap { $0["device"] as? String }
    #expect(others.last == "cpu")
    #expect(
      others.count == 2
        || !FileManager.default.fileExists(atPath: "/etc/OpenCL/vendors/pocl.icd"))
  }

  @Test func aGPUThatIsNamedForTheKhronosLoaderIsFoundToo() throws {
    let place = try Workplace()
    defer { try? FileManager.default.removeItem(at: place.cache) }
    let run = try place.dovetail(
      ["devices", "--json", "-"], withOpenCL: true,
      environment: [
        "LD_LIBRARY_PATH": try #require(StandInDriver.folder),
        "XDG_CACHE_HOME": place.cache.path, "OCL_ICD_FILENAMES": "libnvidia-opencl.so.1",
      ])
    #expect(run.status == 0, "\(run.stderr)")
    let devices = try #require(try run.json["devices"] as? [[String: Any]])
    #expect(devices.filter { $0["name"] as? String == "Stand-in GPU" }.count == 1)
    #expect(devices[0]["isDefault"] as? Bool == true)
  }

  @Test func whoNamesDriversGetsThoseAlone() throws {
    let place = try Workplace()
    let run = try place.dovetail(
      ["devices"], environment: ["LD_LIBRARY_PATH": try #require(StandInDriver.folder)])
    #expect(run.stdout.hasPrefix("cpu "))
  }

  @Test(arguments: [
    ("opencl-1.1", "it has OpenCL 1.1, kernels take 1.2"),
    ("no-compiler", "its driver has no compiler"),
    ("build-fails", "CL_BUILD_PROGRAM_FAILURE"),
    ("build-ends", "its driver ended the process with status 8"),
    ("wrong", "a small convolution gave 0.0"),
  ])
  func aDriverThatFailsIsPassedOverWithTheReason(behavior: String, reason: String) throws {
    let place = try Workplace()
    defer { try? FileManager.default.removeItem(at: place.cache) }
    try place.write("r.yaml", Recipes.tiny)
    // The only one: the CPU backend takes over.
    let alone = try place.withStandIn(behavior, "train", "r.yaml", "--steps", "1", alone: true)
    #expect(alone.status == 0, "\(alone.stderr)")
    #expect(alone.stderr.contains("opencl:0 (Stand-in GPU) is passed over: "))
    #expect(alone.stderr.contains(reason), "\(alone.stderr)")
    #expect(alone.stderr.contains("Device: CPU"))
    #expect(alone.stderr.contains("no OpenCL device can be used"))
    // Asked for, it is refused, and the verdict that was kept says why.
    let asked = try place.withStandIn(
      behavior, "train", "r.yaml", "--device", "opencl:0", "--output", "run", alone: true)
    #expect(asked.status == 69)
    #expect(asked.stderr.contains(reason))
    #expect(!place.exists("run"))
    let doctor = try place.withStandIn(behavior, "doctor", alone: true)
    #expect(doctor.status == 69)
    #expect(doctor.stdout.contains(reason))
    // Beside a usable one, that is taken.
    let devices = try place.withStandIn(behavior, "devices", "--json", "-")
    let listed = try #require(try devices.json["devices"] as? [[String: Any]])
    #expect(listed[0]["isUsable"] as? Bool == false)
    #expect(listed[0]["isDefault"] as? Bool == false)
    #expect((listed[0]["reason"] as? String)?.contains(reason) == true)
  }

  @Test func aVerdictIsKeptUntilTheDeviceIsTriedAgain() throws {
    let place = try Workplace()
    defer { try? FileManager.default.removeItem(at: place.cache) }
    func isUsable(_ behavior: String?, _ more: String...) throws -> Bool? {
      let arguments = ["devices", "--json", "-"] + more
      let run =
        more.isEmpty
        ? try place.withStandIn(behavior, arguments[0], arguments[1], arguments[2], alone: true)
        : try place.withStandIn(
          behavior, arguments[0], arguments[1], arguments[2], arguments[3], alone: true)
      return ((try run.json["devices"] as? [[String: Any]])?[0])?["isUsable"] as? Bool
    }
    #expect(try isUsable("build-ends") == false)
    #expect(try isUsable(nil) == false)
    #expect(try isUsable(nil, "--try-again") == true)
    #expect(try isUsable("build-ends") == true)
  }

  @Test func aDriverThatHangsIsStopped() throws {
    let device = try #require(try OpenCLBackend.devices().first)
    let verdicts = DeviceVerdicts(
      trial: [
        "/usr/bin/env", "LD_LIBRARY_PATH=\(try #require(StandInDriver.folder))",
        "OCL_ICD_VENDORS=libnvidia-opencl.so.1", "STAND_IN=build-hangs",
        try Workplace.executable().path, "try-device",
      ], folder: nil, build: "a test", limit: 2)
    let verdict = verdicts.verdict(on: device, family: .portable)
    #expect(!verdict.isUsable)
    #expect(verdict.reason.contains("did not end a small program within 2 s"))
  }

  @Test func memoryThatIsMissingAtLaunchIsMadeRoomFor() throws {
    let place = try Workplace()
    defer { try? FileManager.default.removeItem(at: place.cache) }
    try place.write("r.yaml", Recipes.tiny)
    let plain = try place.withStandIn(
      nil, "train", "r.yaml", "--json", "plain.json", alone: true)
    #expect(plain.status == 0, "\(plain.stderr)")
    let once = try place.withStandIn(
      "no-memory", "train", "r.yaml", "--json", "once.json", alone: true)
    #expect(once.status == 0, "\(once.stderr)")
    let names = ["plain.json", "once.json"]
    let accuracies = try names.map { name -> Double? in
      let json = try JSONSerialization.jsonObject(with: place.read(name)) as? [String: Any]
      return json?["recombinationAccuracy"] as? Double
    }
    #expect(accuracies[0] != nil && accuracies[0] == accuracies[1])
    let never = try place.withStandIn("never-memory", "train", "r.yaml", alone: true)
    #expect(never.status == 69)
    for fragment in ["CL_OUT_OF_RESOURCES", "bytes are in use", "; lower batch, image-size "] {
      #expect(never.stderr.contains(fragment), "\(never.stderr)")
    }
  }

  @Test func binariesAreKeptForADriverThatKeepsNone() throws {
    let place = try Workplace()
    defer { try? FileManager.default.removeItem(at: place.cache) }
    try place.write("r.yaml", Recipes.tiny)
    func train(_ name: String) throws -> (results: Data, fromCache: Int) {
      let run = try place.withStandIn(
        nil, "train", "r.yaml", "--output", name, "--build-logs", "\(name)-logs", alone: true)
      #expect(run.status == 0, "\(run.stderr)")
      let programs = try #require(
        try JSONSerialization.jsonObject(with: place.read("\(name)-logs/programs.json"))
          as? [[String: Any]])
      #expect(programs.count > 20)
      return (
        try place.read("\(name)/components/ink.extractor.safetensors"),
        programs.count { $0["fromCache"] as? Bool == true }
      )
    }
    func binaries() -> [URL] {
      FileManager.default.enumerator(
        at: place.cache.appendingPathComponent("dovetail/programs"),
        includingPropertiesForKeys: nil)?.compactMap { $0 as? URL }
        .filter { $0.pathExtension == "bin" } ?? []
    }
    let first = try train("first")
    #expect(first.fromCache == 0)
    let kept = binaries()
    #expect(kept.count > 20)
    let second = try train("second")
    #expect(second.fromCache == kept.count)
    #expect(second.results == first.results)
    // A damaged one, an empty one and one of another format are made again.
    for (url, bytes) in zip(
      kept, [Data("no binary".utf8), Data(), try Data(contentsOf: kept[3]) + [1]])
    {
      try bytes.write(to: url)
    }
    let third = try train("third")
    #expect(third.fromCache == kept.count - 3)
    #expect(third.results == first.results)
    // Where nothing can be kept, time is lost and nothing else.
    try FileManager.default.removeItem(at: place.cache)
    try Data("in the way".utf8).write(to: place.cache)
    let fourth = try train("fourth")
    #expect(fourth.fromCache == 0)
    #expect(fourth.results == first.results)
  }
}

/// A step as it is written down for `Tools/gpu-static`.
@Suite(.enabled(if: Workplace.hasOpenCL, "no OpenCL device"))
struct DumpTests {
  @Test(arguments: [
    ["bench", "step", "--depth", "8", "--dump-programs", "file/x"],
    ["bench", "step", "--depth", "8", "--build-logs", "file/x"],
    ["doctor", "--build-logs", "file/x"],
  ])
  func aFolderThatCannotBeMadeIs73(arguments: [String]) throws {
    let place = try Workplace()
    try place.write("file", "in the way")
    let run = try place.dovetail(arguments, withOpenCL: true)
    #expect(run.status == 73)
    #expect(run.stderr.contains("file/x: the folder cannot be made"), "\(run.stderr)")
  }

  @Test(arguments: [["resnet", "8"], ["wide-resnet", "10"], ["mobilenet-v2", nil]])
  func everyPortableLaunchHasWholeGroups(network: [String?]) throws {
    let place = try Workplace()
    var arguments = [
      "bench", "step", "--architecture", network[0]!, "--batch", "13", "--kernels", "portable",
      "--methods", "iiw,rp,dcc", "--dump-programs", "dump",
    ]
    if let depth = network[1] { arguments += ["--depth", depth] }
    let run = try place.dovetail(arguments, withOpenCL: true)
    #expect(run.status == 0, "\(run.stderr)")
    let step = try #require(
      try JSONSerialization.jsonObject(with: place.read("dump/step.json")) as? [String: Any])
    let commands = try #require(step["commands"] as? [[String: Any]])
    let launches = commands.filter { $0["kind"] as? String == "launch" }
    #expect(launches.count > 100)
    for launch in launches {
      let name = launch["kernel"] as? String ?? ""
      let global = try #require(launch["global"] as? [Int])
      let local = try #require(launch["local"] as? [Int], "\(name)")
      #expect(zip(global, local).allSatisfy { $0 % $1 == 0 }, "\(name): \(global), \(local)")
      #expect(32...256 ~= local.reduce(1, *) || global == local, "\(name): \(local)")
    }
    let programs = try #require(step["programs"] as? [[String: Any]])
    for program in programs {
      #expect(place.exists("dump/\(try #require(program["file"] as? String))"))
      let options = try #require(program["options"] as? [String])
      #expect(!options.contains("-DCPU_BUILTINS"))
    }
  }
}
