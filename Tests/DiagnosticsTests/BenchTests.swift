import BackendCPU
import BackendOpenCL
import Diagnostics
import Networks
import Tensors
import TestSupport
import Testing
import Training

/// What the bench reports; never how fast it was. The clock is made up: it counts its readings.
@Suite struct BenchTests {
  private func clock() -> TurnedClock { TurnedClock(step: .seconds(1)) }

  @Test func aRowTellsRateAndShareByTheClockGiven() throws {
    let bench = KernelBench(on: CPUBackend(threads: 1), repeats: 3, clock: clock())
    let ceilings = Ceilings(fmaPeakGFLOPS: 2e-6, copyGBs: 4e-6)
    let row = try bench.measure(
      Workload(.linearForward, "test", n: 10, c: 5, k: 10), against: ceilings)
    // One call takes one second: 1000 operations; (50 + 50 + 10 + 100) floats.
    #expect(abs(row.milliseconds - 1000) < 1e-9)
    #expect(abs(row.gflops - 1e-6) < 1e-15)
    #expect(abs(row.gbs - 840e-9) < 1e-15)
    #expect(abs(row.fractionOfPeak - 0.5) < 1e-9)
    #expect((row.op, row.limit, row.algorithm) == ("linearForward", "fma", "loops"))
    let add = try bench.measure(Workload(.addForward, "test", n: 10, c: 10), against: ceilings)
    #expect((add.gflops, add.limit) == (0, "copy"))
    #expect(abs(add.fractionOfPeak - 0.3) < 1e-9)
  }

  @Test func ceilingsAreFoundOnTheCPU() throws {
    let bench = KernelBench(on: CPUBackend(threads: 2), repeats: 1, clock: clock())
    let ceilings = try bench.ceilings(copiedBytes: 1 << 16)
    #expect(ceilings.fmaPeakGFLOPS > 0)
    #expect(abs(ceilings.copyGBs - 2 * 65_536e-9) < 1e-12)
  }

  @Test(.enabled(if: TestedBackend.hasOpenCL, "no OpenCL device"))
  func openCLNamesWhatRan() throws {
    for family in KernelFamily.allCases {
      let backend = try OpenCLBackend(device: 0, family: family)
      let bench = KernelBench(on: backend, repeats: 1, clock: clock())
      #expect(try bench.ceilings(copiedBytes: 1 << 16).fmaPeakGFLOPS > 0)
      let ceilings = Ceilings(fmaPeakGFLOPS: 1, copyGBs: 1)
      let relu = try bench.measure(
        Workload(.reluForward, "", n: 2, h: 4, w: 4, c: 4), against: ceilings)
      #expect(relu.kernels == ["relu"])
      #expect(relu.algorithm == family.rawValue)
      let linear = try bench.measure(
        Workload(.linearDataGradient, "", n: 4, c: 8, k: 8), against: ceilings)
      #expect(linear.algorithm == "clblast" || linear.kernels != [])
    }
  }

  /// The copy that the bandwidth is measured with copies.
  @Test(arguments: TestedBackend.available)
  func theMeasuredCopyCopies(_ tested: TestedBackend) throws {
    let backend = try #require(try tested.make() as? any InstrumentedBackend)
    let shape: Shape = [16, 8200]
    let numbers = values(shape, 1)
    let (a, b) = (backend.makeTensor(shape, numbers), backend.makeTensor(shape, filledWith: 0))
    backend.runCopy(a, to: b)
    #expect(try backend.download(b) == numbers)
  }

  @Test func aStepCountsImagesOfAllTasks() throws {
    let backend = CPUBackend(threads: 2)
    for (methods, tasks) in [([], 1), (CompatibilityMethod.all, 2)] {
      let bench = try StepBench(
        Architecture(depth: 8), methods: methods, batchSize: 4, imageSize: 8, on: backend,
        stopwatch: Stopwatch(clock()))
      var warmUps = 0
      let results = try bench.run(repeats: 3, warmUp: { _ in warmUps += 1 })
      // Began, enqueued, ended: two seconds, of which the host took one.
      #expect(results.millisecondsOfSteps == [2000, 2000, 2000])
      #expect(results.millisecondsPerStep == 2000)
      #expect(results.hostMilliseconds == 1000)
      #expect(results.imagesPerSecond == Double(4 * tasks) / 2)
      #expect((results.tasks, warmUps) == (tasks, 2))
      #expect(results.launches == nil)
      #expect(results.architecture == "resnet-8")
    }
  }

  @Test func peakMemoryIsReadFromTheStatus() {
    #expect(ProcessMemory.peakBytes(inStatus: "Name:\tx\nVmHWM:\t    2048 kB\n") == 2 << 20)
    #expect(ProcessMemory.peakBytes(inStatus: "VmHWM: many kB\n") == nil)
    #expect(ProcessMemory.peakBytes(inStatus: "") == nil)
    #if os(Linux)
      #expect(ProcessMemory.peakBytes()! > 1 << 20)
    #endif
  }
}
