import BackendOpenCL
import Tensors
import TestSupport
import Testing

@Suite struct OpTableTests {
  @Test func everyOpHasACase() {
    let covered = Set(OpCase.all.map(\.op))
    #expect(OpName.allCases.filter { !covered.contains($0) } == [])
  }

  /// One backend for all rows: a kernel that serves many of them is built once.
  @Test(arguments: TestedBackend.available)
  func everyCaseAgreesWithTheOracle(_ tested: TestedBackend) throws {
    let backend = try tested.make()
    for c in OpCase.all {
      let context = CaseContext(backend)
      let outputs = try c.run(context)
      let expected = c.expected()
      #expect(outputs.count == expected.count)
      for (i, (output, expected)) in zip(outputs, expected).enumerated() {
        let error = relativeError(try backend.download(output), expected)
        #expect(error <= c.tolerance, "\(c.op) \(c.name), output \(i)")
      }
      try context.expectNothingElseChanged()
    }
    if let openCL = backend as? OpenCLBackend, openCL.device.driverVersion.hasPrefix("3.1") {
      // A function that pocl_builtins.cl lacks would cost every start three times its time.
      #expect(openCL.declaresBuiltins == openCL.device.isPoCL)
    }
  }

  /// The same bits on every call.
  @Test(arguments: TestedBackend.available)
  func everyCaseRepeatsBitForBit(_ tested: TestedBackend) throws {
    let backend = try tested.make()
    for c in OpCase.all {
      #expect(try bits(c, backend) == bits(c, backend), "\(c.op) \(c.name)")
    }
  }

  /// The same bits whatever the number of threads.
  @Test func everyCaseIsTheSameOnOneThreadAndOnTwo() throws {
    let (one, two) = (try TestedBackend.cpuOneThread.make(), try TestedBackend.cpu.make())
    for c in OpCase.all {
      #expect(try bits(c, one) == bits(c, two), "\(c.op) \(c.name)")
    }
  }

  private func bits(_ c: OpCase, _ backend: any Backend) throws -> [[UInt32]] {
    try c.run(CaseContext(backend)).map { try backend.download($0).map(\.bitPattern) }
  }

  /// Says in the log whether OpenCL was there to be tested.
  @Test(.enabled(if: TestedBackend.hasOpenCL, "no OpenCL device: its backend is not tested"))
  func thereIsAnOpenCLDevice() { #expect(TestedBackend.available.count == 4) }
}
