import COpenCL
import Tensors

/// How `convolution_fused.cl` reads one input: the arguments of its prefix, and the -D.
struct FusedInput {
  /// What a program depends on.
  struct Form: Hashable {
    enum Prefix: String {
      case x = "X_"
      case dy = "DY_"
    }
    let prefix: Prefix
    /// 0: as it is, 1: normalized, 2 and 3: a gradient through a batch norm of batch or other
    /// statistics.
    let input: Int
    let channels: Int
    var activation: Activation?

    var defines: [String] {
      ["\(prefix.rawValue)INPUT=\(input)", "\(prefix.rawValue)CHANNELS=\(channels)"]
        + (activation.map { ["\(prefix.rawValue)ACTIVATION=\($0.code)"] } ?? [])
    }
  }

  let form: Form
  let arguments: [KernelArgument]

  init(_ input: ConvolutionInput, prefix: Form.Prefix, on backend: OpenCLBackend) {
    let channels = input.tensor.shape.sizes.last!
    let memory = KernelArgument.buffer(backend.memory(input.tensor))
    if let norm = input.normalization {
      form = Form(prefix: prefix, input: 1, channels: channels, activation: norm.activation)
      arguments = [
        memory, .buffer(backend.memory(norm.mean)), .buffer(backend.memory(norm.variance)),
        .buffer(backend.memory(norm.gamma)), .buffer(backend.memory(norm.beta)),
        .float(norm.epsilon),
      ]
    } else {
      form = Form(prefix: prefix, input: 0, channels: channels)
      arguments = [memory]
    }
  }

  init(_ gradient: OutputGradient, prefix: Form.Prefix, on backend: OpenCLBackend) {
    let channels = gradient.tensor.shape.sizes.last!
    let memory = KernelArgument.buffer(backend.memory(gradient.tensor))
    guard let through = gradient.through else {
      form = Form(prefix: prefix, input: 0, channels: channels)
      arguments = [memory]
      return
    }
    let norm = through.normalization
    form = Form(prefix: prefix, input: through.ofBatch ? 2 : 3, channels: channels)
    arguments = [
      memory, .buffer(backend.memory(through.input)), .buffer(backend.memory(norm.mean)),
      .buffer(backend.memory(norm.variance)), .buffer(backend.memory(norm.gamma)),
      .buffer(backend.memory(through.sums)), .float(norm.epsilon),
      .float(Float(gradient.tensor.count / max(channels, 1))),
    ]
  }
}

/// What `convolution_fused.cl` does with an output: the arguments after y, and the -D. `partials`
/// holds two vectors of channels for each work-item (portable family: work-group along the pixels).
struct FusedOutput {
  /// What a program depends on.
  struct Form: Hashable {
    enum Epilogue: Hashable {
      case plain
      case statistics
      /// With 0: no activation, 1: the mask of its input, 2: of its output.
      case completion(mask: Int, Activation)
      case following(residual: Bool, Activation)
    }

    let channels: Int
    let padded: Int
    /// How many channels a work-item stores, and the kernel's name of the first; nil: all.
    var block: Block?
    let accumulate: Bool
    let epilogue: Epilogue

    struct Block: Hashable {
      let first: String, count: Int
    }

    var defines: [String] {
      var defines = [
        "OUT_CHANNELS=\(channels)", "OUT_PADDED=\(block?.count ?? padded)",
        "ACCUMULATE=\(accumulate ? 1 : 0)",
      ]
      if let block { defines += ["OUT_FIRST=\(block.first)", "OUT_BLOCK=\(block.count)"] }
      switch epilogue {
      case .plain: defines += ["EPILOGUE=0"]
      case .statistics: defines += ["EPILOGUE=1"]
      case .completion(let mask, let activation):
        defines += ["EPILOGUE=2", "MASK=\(mask)", "OUT_ACTIVATION=\(activation.code)"]
      case .following(let residual, let activation):
        defines += [
          "EPILOGUE=3", "RESIDUAL=\(residual ? 1 : 0)", "OUT_ACTIVATION=\(activation.code)",
        ]
      }
      return defines
    }
  }

  let form: Form
  let arguments: [KernelArgument]

  /// - Parameter padded: channels, rounded up to the vector width.
  init(
    channels: Int, padded: Int, block: Form.Block? = nil, addend: Tensor?, statistics: Bool,
    completion: GradientCompletion?, following: FollowingNormalization? = nil,
    partials: cl_mem?, on backend: OpenCLBackend
  ) {
    var arguments = [backend.argument(addend)]
    let partial = partials.map { KernelArgument.buffer($0) } ?? .none
    let epilogue: Form.Epilogue
    if let completion {
      let norm = completion.normalization
      epilogue = .completion(
        mask: norm.activation == .none ? 0 : completion.output == nil ? 1 : 2, norm.activation)
      arguments += [
        .buffer(backend.memory(completion.input)), .buffer(backend.memory(norm.mean)),
        .buffer(backend.memory(norm.variance)), .buffer(backend.memory(norm.gamma)),
        .buffer(backend.memory(norm.beta)), backend.argument(completion.output),
        .float(norm.epsilon), partial,
      ]
    } else if let following {
      let norm = following.normalization
      epilogue = .following(residual: following.residual != nil, norm.activation)
      arguments += [
        backend.argument(following.residual), .buffer(backend.memory(norm.mean)),
        .buffer(backend.memory(norm.variance)), .buffer(backend.memory(norm.gamma)),
        .buffer(backend.memory(norm.beta)), .float(norm.epsilon),
      ]
    } else if statistics {
      epilogue = .statistics
      arguments.append(partial)
    } else {
      epilogue = .plain
    }
    form = Form(
      channels: channels, padded: padded, block: block, accumulate: addend != nil,
      epilogue: epilogue)
    self.arguments = arguments
  }
}
