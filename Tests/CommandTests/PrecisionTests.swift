import Foundation
import Testing

/// `--precision tf32`: where it is refused, and what is said of it where it is not.
@Suite struct PrecisionTests {
  @Test(arguments: [["train", "r.yaml", "--output", "run"], ["bench", "step", "--depth", "8"]])
  func theCPUHasNone(command: [String]) throws {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny)
    let run = try place.dovetail(command + ["--device", "cpu", "--precision", "tf32"])
    #expect(run.status == 69)
    #expect(
      run.stderr.contains(
        "dovetail: error: precision tf32: the CPU backend has no tensor cores; it takes an NVIDIA "
          + "GPU of compute capability 8.0 or later and portable kernels; float32 runs everywhere"),
      "\(run.stderr)")
    #expect(!place.exists("run/components"))
  }

  @Test func anotherWordIsNoPrecision() throws {
    let run = try Workplace().dovetail("bench", "step", "--precision", "bf16")
    #expect(run.status == 64)
    #expect(run.stderr.contains("bf16"))
  }

  @Test(.enabled(if: Workplace.hasOpenCL, "no OpenCL device"), arguments: ["bench step", "doctor"])
  func aDeviceWithoutTensorCoresIsRefused(command: String) throws {
    let run = try Workplace().dovetail(
      command.split(separator: " ").map(String.init) + [
        "--device", "opencl:0", "--kernels", "portable", "--precision", "tf32",
      ], withOpenCL: true)
    #expect(run.status == 69)
    #expect(run.stderr.contains("precision tf32: opencl:0 ("), "\(run.stderr)")
    #expect(run.stderr.contains("is no NVIDIA GPU"), "\(run.stderr)")
  }

  /// What is only written down is for another device.
  @Test(.enabled(if: Workplace.hasOpenCL, "no OpenCL device"))
  func aStepInTF32IsWrittenDownOnAnyDevice() throws {
    let place = try Workplace()
    let run = try place.dovetail(
      [
        "bench", "step", "--depth", "8", "--batch", "4", "--image-size", "8", "--kernels",
        "portable", "--precision", "tf32", "--dump-programs", "dump",
      ], withOpenCL: true)
    #expect(run.status == 0, "\(run.stderr)")
    let text = String(decoding: try place.read("dump/step.json"), as: UTF8.self)
    let step = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(step["precision"] as? String == "tf32")
    let programs = try #require(step["programs"] as? [[String: Any]])
    let onTensorCores = programs.filter {
      ($0["options"] as? [String])?.contains("-DTENSOR_CORES=1") == true
    }
    // Three passes of 32 → 32, 32 → 64, 64 → 64; what has 16 channels stays float32.
    #expect(onTensorCores.count >= 9 && onTensorCores.count < programs.count)
    for program in onTensorCores {
      #expect((program["options"] as? [String])?.contains("-cl-nv-maxrregcount=168") == true)
    }
  }

  @Test(.enabled(if: Workplace.hasOpenCL, "no OpenCL device"))
  func componentsStateIt() throws {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny)
    let run = try place.dovetail(
      [
        "train", "r.yaml", "--steps", "1", "--set", "methods: []", "--output", "run", "--device",
        "opencl:0", "--kernels", "portable", "--precision", "tf32", "--emulate-tensor-cores",
      ], withOpenCL: true)
    #expect(run.status == 0, "\(run.stderr)")
    #expect(run.stderr.contains("portable kernels, TF32 emulated)"), "\(run.stderr)")
    let said = try place.dovetail("inspect", "run/components/ink.extractor.safetensors")
    #expect(said.stdout.contains("tf32"), "\(said.stdout)")
  }
}
