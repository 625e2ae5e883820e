extension OpenCLBackend {
  /// What a recorded step needs of this backend's compiler, in the order of use, each program and
  /// size of work-groups once.
  public func compileJobs(_ recording: StepRecording) -> [CompileJob] {
    recording.uses.map { use in
      let text = ProgramText(recording.programs[use.program - 1].key, programs.settings)
      return CompileJob(
        kernel: text.kernel, source: text.source, options: text.options, global: use.global,
        local: use.local,
        arguments: use.arguments.map { argument in
          switch argument {
          case .buffer, .value(.buffer): .buffer
          case .value(.none): .none
          case .value(.int(let value)): .int(value)
          case .value(.float(let value)): .float(value)
          case .value(.float4(let a, let b, let c)): .float4(a, b, c)
          case .value(.ints(let values)): .ints(values)
          case .value(.floats(let values)): .floats(values)
          }
        },
        bytes: use.arguments.map { argument in
          if case .buffer(_, let bytes) = argument { bytes } else { 0 }
        }.max() ?? 0)
    }
  }

  /// Whether its driver's compiler is used by one thread of a process at a time, and what one
  /// process compiled is there for the next.
  public var compilesByProcesses: Bool { device.isPoCL }

  /// Builds the programs of a recorded step by several threads of this process.
  /// - Throws: the first error of a build.
  public func prepare(_ recording: StepRecording, threads: Int) throws {
    try programs.prepare(recording.programs.map(\.key), threads: threads)
  }
}
