import Testing

@Suite struct DoctorTests {
  @Test func withoutOpenCLItIs69AndSaysWhatToDo() throws {
    let run = try Workplace().dovetail("doctor")
    #expect(run.status == 69)
    #expect(run.stdout.contains("No OpenCL platform was found"))
    #expect(run.stdout.contains("pocl-opencl-icd"))
    #expect(run.stdout.contains("OCL_ICD_FILENAMES"))
    let json = try Workplace().dovetail("doctor", "--json", "-")
    #expect(json.status == 69)
    #expect((try json.json["devices"] as? [Any])?.count == 0)
    #expect((try json.json["advice"] as? [Any])?.count == 1)
  }

  // Wants an OpenCL device.
  @Test(.enabled(if: Workplace.hasOpenCL, "no OpenCL device"))
  func everyKernelIsFineHere() throws {
    let run = try Workplace().dovetail(
      ["doctor", "--device", "opencl:0", "--all-kernels", "--json", "-"], withOpenCL: true)
    #expect(run.status == 0, "\(run.stdout)")
    let results = try run.json
    #expect(results["failures"] as? Int == 0)
    #expect(results["checks"] as? Int ?? 0 > 100)
    let device = try #require((results["devices"] as? [[String: Any]])?.first)
    for key in ["maxWorkGroupSize", "memoryBytes", "vectorWidth", "maxBufferBytes"] {
      #expect(device[key] as? Int ?? 0 > 0, "\(key)")
    }
    #expect(device["hasDoubles"] is Bool)
    let families = try #require(device["families"] as? [[String: Any]])
    #expect(Set(families.compactMap { $0["family"] as? String }) == ["vector", "portable"])
    #expect(families[0]["isOwn"] as? Bool == true)
  }

  // Wants an OpenCL device.
  @Test(.enabled(if: Workplace.hasOpenCL, "no OpenCL device"))
  func aDeviceThatIsNotThereIs69() throws {
    let run = try Workplace().dovetail(["doctor", "--device", "opencl:77"], withOpenCL: true)
    #expect(run.status == 69)
    #expect(run.stderr.contains("there is no device opencl:77"))
  }

  @Test(arguments: [
    ["--device", "cpu"], ["--device", "gpu"], ["--json"],
    ["--all-kernels", "--kernels", "vector"],
  ])
  func wrongOptionsAre64(arguments: [String]) throws {
    #expect(try Workplace().dovetail(["doctor"] + arguments).status == 64)
  }
}
