import BackendCPU
import BackendOpenCL
import Diagnostics
import Tensors
import TestSupport
import Testing

@Suite struct DoctorTests {
  @Test func everyOpIsChecked() {
    let checked = Set(Workload.checks.map(\.op))
    #expect(OpName.allCases.filter { !checked.contains($0) } == [])
  }

  /// One thread against two: the same code, so no error at all.
  @Test func aSoundBackendHasNoFindings() {
    let check = KernelCheck(
      of: CPUBackend(threads: 2), finishing: CPUBackend(threads: 1),
      against: CPUBackend(threads: 1))
    for workload in Workload.checks {
      let finding = check.examine(workload)
      #expect(finding.outcome == .fine, "\(finding.text)")
      #expect(finding.error == 0)
    }
  }

  @Test(
    .enabled(if: TestedBackend.hasOpenCL, "no OpenCL device"), arguments: KernelFamily.allCases)
  func kernelsOfBothFamiliesAreFine(_ family: KernelFamily) throws {
    let device = try OpenCLBackend.devices()[0]
    let check = KernelCheck(
      of: try OpenCLBackend(device, family: family),
      finishing: try OpenCLBackend(device, family: family, finishesEachKernel: true),
      against: CPUBackend())
    for workload in Workload.checks {
      let finding = check.examine(workload)
      #expect(finding.outcome == .fine, "\(finding.text)")
    }
  }

  @Test func adviceSaysWhatToDo() {
    func finding(_ outcome: KernelFinding.Outcome, _ algorithm: String) -> KernelFinding {
      KernelFinding(
        op: "convolutionForward", size: "16", fused: false, algorithm: algorithm, kernels: [],
        outcome: outcome, error: 1, detail: "")
    }
    func advice(_ findings: [KernelFinding], isOwn: Bool = true) -> [String] {
      FamilyExamination(family: "vector", isOwn: isOwn, findings: findings)
        .advice(device: "opencl:0").map { "\($0.problem) \($0.remedy)" }
    }
    #expect(advice([finding(.fine, "winograd")]) == [])
    let wrong = advice([finding(.differs, "winograd"), finding(.notFinite, "vector")])
    #expect(wrong.count == 2)
    #expect(wrong[0].contains("NaN or infinity from convolutionForward"))
    #expect(wrong[1].contains("--convolutions direct"))
    #expect(wrong[1].contains("--device cpu"))
    #expect(!advice([finding(.differs, "vector")])[0].contains("--convolutions direct"))
    #expect(advice([finding(.failed, "")], isOwn: false)[0].contains("training is not affected"))
    #expect(advice([finding(.notRepeatable, "")])[0].contains("bit for bit"))
  }

  @Test func limitsAreJudged() {
    func count(compiler: Bool = true, memory: UInt64 = 8 << 30, group: Int = 1024) -> Int {
      Advice.about(
        name: "opencl:0", hasCompiler: compiler, memoryBytes: memory, maxWorkGroupSize: group,
        portableWorkGroupSize: 256
      ).count
    }
    #expect(count() == 0)
    #expect(count(compiler: false) == 1)
    #expect(count(memory: 1 << 20) == 1)
    #expect(count(group: 255) == 1 && count(group: 256) == 0)
    #expect(Advice.noPlatform.remedy.contains("pocl-opencl-icd"))
    #expect(Advice.noPlatform.remedy.contains("OCL_ICD_FILENAMES"))
  }
}
