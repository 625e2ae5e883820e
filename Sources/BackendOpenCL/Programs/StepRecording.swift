import COpenCL
import Files
import Foundation
public import Tensors

/// What a backend would do, written down instead of done: the programs that it wants, and the
/// commands since `startStep()`. Nothing is compiled and nothing runs; what is read back is 0.
public final class StepRecording {
  struct Program {
    let id: Int
    let key: ProgramKey
    let text: ProgramText
  }

  enum Command {
    case launch(Kernel, global: [Int], local: [Int]?, arguments: [Argument])
    /// Of CLBlast: c [m, n] := a [m, k] · b [k, n] + beta · c.
    case product(m: Int, n: Int, k: Int, beta: Float)
    case write(Int)
    case read(Int)
    case copy(Int)
    case finish
  }

  enum Argument {
    /// Equal numbers are equal buffers; bytes of the tensor in it.
    case buffer(Int, bytes: Int)
    case value(KernelArgument)
  }

  struct Use {
    let program: Int
    let global: [Int]
    let local: [Int]?
    let arguments: [Argument]
  }

  private(set) var programs: [Program] = []
  private(set) var commands: [Command] = []
  /// The first launch of each program with each size of work-groups.
  private(set) var uses: [Use] = []
  private var used: Set<[Int]> = []
  private var buffers: [cl_mem: (number: Int, bytes: Int)] = [:]

  public init() {}

  /// Forgets the commands so far: the next ones are those of a step.
  public func startStep() { commands = [] }

  /// - Returns: the program's number, from 1.
  func add(_ key: ProgramKey, _ text: ProgramText) -> Int {
    programs.append(Program(id: programs.count + 1, key: key, text: text))
    return programs.count
  }

  func add(_ command: Command) { commands.append(command) }

  func addLaunch(
    _ kernel: Kernel, _ arguments: [KernelArgument], global: [Int], local: [Int]?
  ) {
    let recorded = arguments.map { argument -> Argument in
      guard case .buffer(let memory) = argument, let known = buffers[memory] else {
        return .value(argument)
      }
      return .buffer(known.number, bytes: known.bytes)
    }
    add(.launch(kernel, global: global, local: local, arguments: recorded))
    // Where the driver chooses the size, it follows from the range.
    if used.insert([kernel.program] + (local ?? [0] + global)).inserted {
      uses.append(
        Use(program: kernel.program, global: global, local: local, arguments: recorded))
    }
  }

  /// Told of each buffer that is handed out, and of what for.
  func holds(_ memory: cl_mem, bytes: Int) {
    buffers[memory] = (buffers[memory]?.number ?? buffers.count + 1, bytes)
  }
}

// MARK: Files

/// What a recording is of, for its reader.
public struct RecordedStep: Encodable, Sendable {
  let network: String
  let batchSize: Int
  let imageSize: Int
  let methods: [String]
  let kernels: String
  let precision: String

  /// As version 0.1 wrote them.
  private enum CodingKeys: String, CodingKey {
    case network
    case batchSize = "batch"
    case imageSize, methods, kernels, precision
  }

  public init(
    network: String, batchSize: Int, imageSize: Int, methods: [String], kernels: KernelFamily,
    precision: ProductPrecision
  ) {
    self.precision = precision.rawValue
    (self.network, self.batchSize, self.imageSize) = (network, batchSize, imageSize)
    (self.methods, self.kernels) = (methods, kernels.rawValue)
  }
}

extension StepRecording {
  /// Writes `programs/0001-<kernel>.cl` and `step.json` into a folder.
  /// - Throws: where a file cannot be written.
  public func write(to folder: String, of step: RecordedStep) throws {
    let manager = FileManager.default
    // An earlier recording's.
    if manager.fileExists(atPath: "\(folder)/step.json") {
      try manager.removeItem(atPath: "\(folder)/programs")
    }
    try manager.createDirectory(
      atPath: "\(folder)/programs", withIntermediateDirectories: true)
    for program in programs {
      try program.text.source.write(
        toFile: "\(folder)/\(program.file)", atomically: false, encoding: .utf8)
    }
    let file = File(step: step, programs: programs, commands: commands)
    try AtomicFile.write(
      try CanonicalJSON.line(file), to: "\(folder)/step.json", synced: false)
  }

  private struct File: Encodable {
    let step: RecordedStep
    let programs: [Program]
    let commands: [Command]

    enum Key: CodingKey { case format, programs, commands }

    func encode(to encoder: any Encoder) throws {
      try step.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(1, forKey: .format)
      try container.encode(programs, forKey: .programs)
      try container.encode(commands, forKey: .commands)
    }
  }
}

extension StepRecording.Program: Encodable {
  var file: String { "programs/\(numbered(id, text.kernel)).cl" }

  enum Key: CodingKey { case id, file, kernel, options }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(id, forKey: .id)
    try container.encode(file, forKey: .file)
    try container.encode(text.kernel, forKey: .kernel)
    try container.encode(text.options, forKey: .options)
  }
}

extension StepRecording.Command: Encodable {
  enum Key: CodingKey { case kind, program, kernel, global, local, arguments, m, n, k, beta, bytes }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    func encode(_ kind: String, bytes: Int? = nil) throws {
      try container.encode(kind, forKey: .kind)
      try container.encodeIfPresent(bytes, forKey: .bytes)
    }
    switch self {
    case .launch(let kernel, let global, let local, let arguments):
      try encode("launch")
      try container.encode(kernel.program, forKey: .program)
      try container.encode(kernel.name, forKey: .kernel)
      try container.encode(global, forKey: .global)
      try container.encode(local, forKey: .local)
      try container.encode(arguments, forKey: .arguments)
    case .product(let m, let n, let k, let beta):
      try encode("product")
      try container.encode(m, forKey: .m)
      try container.encode(n, forKey: .n)
      try container.encode(k, forKey: .k)
      try container.encode(beta, forKey: .beta)
    case .write(let bytes): try encode("write", bytes: bytes)
    case .read(let bytes): try encode("read", bytes: bytes)
    case .copy(let bytes): try encode("copy", bytes: bytes)
    case .finish: try encode("finish")
    }
  }
}

extension StepRecording.Argument: Encodable {
  enum Key: CodingKey { case buffer, bytes, int, float, floats, ints, none }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .buffer(let number, let bytes):
      try container.encode(number, forKey: .buffer)
      try container.encode(bytes, forKey: .bytes)
    case .value(.buffer), .value(.none): try container.encode(true, forKey: .none)
    case .value(.int(let value)): try container.encode(value, forKey: .int)
    case .value(.float(let value)): try container.encode(value, forKey: .float)
    case .value(.float4(let a, let b, let c)):
      try container.encode([a, b, c, 0], forKey: .floats)
    case .value(.ints(let values)): try container.encode(values, forKey: .ints)
    case .value(.floats(let values)): try container.encode(values, forKey: .floats)
    }
  }
}
