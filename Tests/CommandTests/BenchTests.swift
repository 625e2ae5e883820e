import Testing

@Suite struct BenchTests {
  @Test func kernelsTableAndJSONAgree() throws {
    let place = try Workplace()
    let run = try place.dovetail(
      "bench", "kernels", "--device", "cpu", "--batch", "1", "--repeats", "1", "--filter",
      "convolutionForward stage 3", "--json", "kernels.json")
    #expect(run.status == 0, "\(run.stderr)")
    #expect(run.stdout.hasPrefix("FMA peak "))
    let results = try place.dovetail(
      "bench", "kernels", "--device", "cpu", "--batch", "1", "--repeats", "1", "--filter",
      "convolutionForward stage 3", "--json", "-"
    ).json
    #expect(results["fmaPeakGFLOPS"] as? Double ?? 0 > 0)
    #expect(results["copyGBs"] as? Double ?? 0 > 0)
    let rows = try #require(results["rows"] as? [[String: Any]])
    #expect(rows.count >= 3)
    for row in rows {
      #expect(row["op"] as? String == "convolutionForward")
      for key in ["n", "h", "w", "c", "k", "r", "s", "stride", "groups"] {
        #expect(row[key] is Int, "\(key)")
      }
      for key in ["gflops", "gbs", "fractionOfPeak", "milliseconds"] {
        #expect(row[key] as? Double ?? 0 > 0, "\(key)")
      }
      #expect(row["algorithm"] as? String == "loops")
      #expect(row["fused"] is Bool)
    }
    #expect(run.stdout.split(separator: "\n").count == 2 + rows.count)
    #expect(place.exists("kernels.json"))
  }

  @Test(arguments: [[], ["--methods", "iiw,rp,dcc"], ["--recompute", "blocks"]])
  func aStepIsTimed(options: [String]) throws {
    let run = try Workplace().dovetail(
      [
        "bench", "step", "--depth", "8", "--batch", "4", "--image-size", "8", "--repeats", "2",
        "--device", "cpu", "--json", "-",
      ] + options)
    let isJoint = options.first == "--methods"
    #expect(run.status == 0, "\(run.stderr)")
    let results = try run.json
    #expect(results["millisecondsPerStep"] as? Double ?? 0 > 0)
    #expect(results["imagesPerSecond"] as? Double ?? 0 > 0)
    #expect(results["hostMilliseconds"] is Double)
    #expect(results["peakMemoryBytes"] as? Int ?? 0 > 1 << 20)
    #expect(results["architecture"] as? String == "resnet-8")
    #expect(results["tasks"] as? Int == (isJoint ? 2 : 1))
    #expect((results["methods"] as? [String])?.count == (isJoint ? 3 : 0))
    #expect(results["recompute"] as? String == (options.first == "--recompute" ? "blocks" : "none"))
  }

  // Wants an OpenCL device.
  @Test(.enabled(if: Workplace.hasOpenCL, "no OpenCL device"))
  func onOpenCLLaunchesAndBuffersAreCounted() throws {
    let run = try Workplace().dovetail(
      [
        "bench", "step", "--architecture", "resnet", "--depth", "8", "--batch", "4",
        "--image-size", "8", "--repeats", "1", "--json", "-",
      ], withOpenCL: true)
    #expect(run.status == 0, "\(run.stderr)")
    #expect(try run.json["launches"] as? Int ?? 0 > 10)
    #expect(try run.json["peakBufferBytes"] as? Int ?? 0 > 1 << 10)
  }

  @Test(arguments: [
    ["kernels", "--filter", "no such op"], ["kernels", "--repeats", "0"],
    ["kernels", "--batch", "-1"], ["step", "--batch", "0"], ["step", "--methods", "iiw,xyz"],
    ["step", "--methods", "rp,rp"], ["step", "--methods", ""],
    ["step", "--architecture", "alexnet"], ["step", "--repeats", "few"],
    ["step", "--recompute", "all"],
  ])
  func wrongOptionsAre64(arguments: [String]) throws {
    let run = try Workplace().dovetail(["bench"] + arguments)
    #expect(run.status == 64, "\(run.stderr)")
    #expect(run.stdout == "")
  }

  @Test func aDepthThatCannotBeIs78() throws {
    let run = try Workplace().dovetail("bench", "step", "--depth", "9", "--device", "cpu")
    #expect(run.status == 78)
    #expect(run.stderr.contains("6n + 2"))
  }
}
