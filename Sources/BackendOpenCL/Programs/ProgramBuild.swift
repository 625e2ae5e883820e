import COpenCL
import Dispatch
import Synchronization

extension ProgramText {
  /// Compiled from source.
  func build(in context: cl_context, for device: cl_device_id) throws(OpenCLError) -> cl_program {
    var status: cl_int = 0
    let created: cl_program? = source.withCString { pointer in
      var text: UnsafePointer<CChar>? = pointer
      return clCreateProgramWithSource(context, 1, &text, nil, &status)
    }
    guard status == CL_SUCCESS, let program = created else {
      throw OpenCLError(status, doing: "creating the program of \(kernel)")
    }
    var target: cl_device_id? = device
    let options = options.joined(separator: " ")
    status = clBuildProgram(program, 1, &target, options, nil, nil)
    guard status == CL_SUCCESS else {
      defer { clReleaseProgram(program) }
      throw OpenCLError(
        status, doing: "building \(kernel) with \(options)", detail: Self.buildLog(program, device))
    }
    return program
  }

  static func buildLog(_ program: cl_program, _ device: cl_device_id) -> String {
    let what = cl_program_build_info(CL_PROGRAM_BUILD_LOG)
    var size = 0
    clGetProgramBuildInfo(program, device, what, 0, nil, &size)
    var bytes = [UInt8](repeating: 0, count: size)
    clGetProgramBuildInfo(program, device, what, size, &bytes, nil)
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}

enum ParallelBuild {
  /// Built by several threads of this process, where the driver's compiler takes that.
  /// - Throws: the first error, in the order given.
  static func programs(
    _ texts: [ProgramText], context: cl_context, device: cl_device_id, threads: Int
  ) throws -> [cl_program] {
    // As numbers, which may cross threads.
    let (context, device) = (UInt(bitPattern: context), UInt(bitPattern: device))
    let results = Mutex([Result<UInt, OpenCLError>?](repeating: nil, count: texts.count))
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: min(threads, texts.count)) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < texts.count else { return }
        let result: Result<UInt, OpenCLError>
        do throws(OpenCLError) {
          let program = try texts[index].build(
            in: cl_context(bitPattern: context)!, for: cl_device_id(bitPattern: device)!)
          result = .success(UInt(bitPattern: program))
        } catch {
          result = .failure(error)
        }
        results.withLock { $0[index] = result }
      }
    }
    let all = results.withLock { $0.map { $0! } }
    do {
      return try all.map { cl_program(bitPattern: try $0.get())! }
    } catch {
      for case .success(let program) in all { clReleaseProgram(cl_program(bitPattern: program)) }
      throw error
    }
  }
}
