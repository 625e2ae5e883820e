import Kernels

/// What a program is built from; equal keys are built once.
struct ProgramKey: Hashable {
  /// Files, one after the other.
  let sources: [KernelSource]
  let kernel: String
  /// -D NAME=VALUE, in the order given.
  let defines: [String]
  /// Text before the files: what they are written around.
  let prelude: String
  /// Text after them, of another package.
  let own: String
  /// For the driver's compiler, after all -D.
  let options: [String]

  init(
    _ sources: [KernelSource], kernel: String, defines: [String], prelude: String = "",
    own: String = "", options: [String] = []
  ) {
    self.options = options
    (self.sources, self.kernel, self.defines) = (sources, kernel, defines)
    (self.prelude, self.own) = (prelude, own)
  }

  /// The same with our own options alone.
  var withoutOptions: ProgramKey {
    ProgramKey(sources, kernel: kernel, defines: defines, prelude: prelude, own: own)
  }

  /// One file, after the common one.
  init(source: KernelSource, kernel: String, defines: [String]) {
    self.init([.common, source], kernel: kernel, defines: defines)
  }
}

/// Source and options of a program, as they are given to the compiler.
struct ProgramText: Hashable {
  let kernel: String
  let source: String
  let options: [String]

  init(kernel: String, source: String, options: [String]) {
    (self.kernel, self.source, self.options) = (kernel, source, options)
  }

  /// - Parameter settings: of the device that it is for.
  init(_ key: ProgramKey, _ settings: CompilerSettings) {
    kernel = key.kernel
    // Another package's source may use functions that are not declared there.
    let declares = settings.declaresBuiltins && key.own.isEmpty
    let sources = (declares ? [.poclBuiltins] : []) + key.sources
    let texts = sources.map(\.text) + [key.own]
    source = ([key.prelude] + texts).filter { !$0.isEmpty }.joined(separator: "\n")
    // OpenCL C 1.2 everywhere; no relaxed arithmetic: equal source gives equal results.
    let defines = (declares ? ["_OPENCL_H_"] : []) + settings.defines + key.defines
    options = ["-cl-std=CL1.2"] + defines.map { "-D\($0)" } + key.options + settings.options
  }
}

/// What every program of a backend is built with.
struct CompilerSettings {
  /// Whether `pocl_builtins.cl` stands for the driver's own declarations.
  var declaresBuiltins: Bool
  /// -D that tell programs what the compiler has.
  let defines: [String]
  /// The user's, after all others.
  let options: [String]
}
