import Testing

@Suite struct DeviceTests {
  @Test func withoutOpenCLThereIsTheCPU() throws {
    let run = try Workplace().dovetail("devices")
    #expect(run.status == 0)
    #expect(run.stdout.hasPrefix("cpu "))
    #expect(run.stdout.contains("(default)"))
    #expect(run.stderr.contains("No OpenCL platform was found"))

    let devices = try #require(
      try Workplace().dovetail("devices", "--json", "-").json["devices"] as? [[String: Any]])
    #expect(devices.count == 1)
    #expect(devices[0]["device"] as? String == "cpu")
    #expect(devices[0]["isDefault"] as? Bool == true)
  }

  @Test func withoutOpenCLTrainingRunsOnTheCPUAndSaysSo() throws {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny)
    let run = try place.dovetail("train", "r.yaml", "--steps", "0")
    #expect(run.status == 0)
    let first = try #require(run.stderr.split(separator: "\n").first)
    #expect(first.hasPrefix("Device: CPU"))
    #expect(first.contains("no OpenCL platform"))
  }

  @Test(arguments: ["opencl", "opencl:7"])
  func openCLAskedForAndNotThereIs69(device: String) throws {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny)
    let run = try place.dovetail(
      "train", "r.yaml", "--device", device, "--output", "run", "--json", "out.json")
    #expect(run.status == 69)
    #expect(run.stdout == "")
    #expect(run.messages.count == 1)
    #expect(run.stderr.hasPrefix("dovetail: error: there is no "))
    #expect(run.stderr.contains("pocl-opencl-icd"))
    #expect(run.stderr.contains("--device cpu"))
    #expect(place.files() == ["r.yaml"])
  }

  // Wants an OpenCL device.
  @Test(.enabled(if: Workplace.hasOpenCL, "no OpenCL device"))
  func anUnknownDeviceIs69AndTheOthersAreListed() throws {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny)
    let run = try place.dovetail(
      ["train", "r.yaml", "--device", "opencl:77", "--output", "run"], withOpenCL: true)
    #expect(run.status == 69)
    #expect(run.stderr.contains("there is no device opencl:77"))
    #expect(run.stderr.contains("opencl:0 ("))
    #expect(place.files() == ["r.yaml"])
  }

  // Wants an OpenCL device.
  @Test(.enabled(if: Workplace.hasOpenCL, "no OpenCL device"))
  func openCLIsTheDefaultWhereThereIsOne() throws {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny)
    let devices = try place.dovetail(["devices"], withOpenCL: true)
    #expect(devices.stdout.hasPrefix("opencl:0 "))
    let run = try place.dovetail(
      ["train", "r.yaml", "--output", "run", "--json", "trained.json"], withOpenCL: true)
    #expect(run.status == 0)
    #expect(run.stderr.hasPrefix("Device: OpenCL:"))
    let again = try place.dovetail(
      ["evaluate", "run", "--json", "evaluated.json"], withOpenCL: true)
    #expect(again.status == 0)
    #expect(try place.read("trained.json") == place.read("evaluated.json"))
  }
}
