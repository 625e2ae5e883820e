import BackendCPU
import BackendOpenCL
import Tensors
import TestSupport
import Testing

/// The op table's small rows on Oclgrind, which simulates a device and tells of races, of reads of
/// what nobody wrote and of accesses out of bounds. `Tools/check-races` runs these, and fails where
/// Oclgrind told of something.
@Suite struct SimulatedTests {
  private static let isSimulated =
    ((try? OpenCLBackend.devices()) ?? []).first?.name.contains("Oclgrind") ?? false

  /// Elements of a row's inputs and outputs at most: a thousand take about a second.
  private static let limit = 6000

  @Test(.enabled(if: isSimulated, "not on Oclgrind: Tools/check-races runs this there"))
  func smallCasesAgreeWithTheOracle() throws {
    // CLBlast neither shares Oclgrind with another thread nor runs there by itself. A backend each:
    // after a few programs Oclgrind takes what was written for uninitialized.
    let device = try #require(OpenCLBackend.devices().first)
    let byCLBlast: Set<OpName> = [.linearForward, .linearDataGradient, .linearParameterGradient]
    for c in OpCase.all where !byCLBlast.contains(c.op) {
      let measure = CaseContext(CPUBackend(threads: 1))
      _ = try c.run(measure)
      if measure.elements > Self.limit { continue }
      let backend = try OpenCLBackend(device, family: .portable, warmsUp: false)
      let outputs = try c.run(CaseContext(backend))
      for (i, (output, expected)) in zip(outputs, c.expected()).enumerated() {
        let error = relativeError(try backend.download(output), expected)
        #expect(error <= c.tolerance, "\(c.op) \(c.name), output \(i)")
      }
    }
  }

  /// What stands for tensor cores, whose lanes exchange by local memory: a tile that is not full, of
  /// two blocks of terms and a part of one.
  @Test(.enabled(if: isSimulated, "not on Oclgrind: Tools/check-races runs this there"))
  func tensorCoresAgreeWithTheOracle() throws {
    let device = try #require(OpenCLBackend.devices().first)
    let s = OpCase.ConvolutionSizes(
      n: 1, h: 3, w: 2, c: 36, k: 32, r: 1, s: 1, stride: 1, padding: 0)
    for c in OpCase.fusedForms(s, .relu) {
      let backend = try OpenCLBackend(
        device, family: .portable, precision: .tf32, emulatesTensorCores: true, warmsUp: false)
      let outputs = try c.run(CaseContext(backend))
      for (i, (output, expected)) in zip(outputs, c.expected()).enumerated() {
        let error = relativeError(try backend.download(output), expected)
        #expect(error <= 2e-2, "\(c.op) \(c.name), output \(i)")
      }
    }
  }
}
