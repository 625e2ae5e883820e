import COpenCL
import Tensors

/// How `convolution_fused.cl` reads one input: the -D and the arguments of its prefix.
struct FusedInput {
  let defines: [String]
  let arguments: [KernelArgument]

  init(_ input: ConvolutionInput, prefix: String, on backend: OpenCLBackend) {
    let channels = "\(prefix)CHANNELS=\(input.tensor.shape.sizes.last!)"
    var defines = ["\(prefix)INPUT=0", channels]
    var arguments = [KernelArgument.buffer(backend.memory(input.tensor))]
    if let normalization = input.normalization {
      defines = [
        "\(prefix)INPUT=1", channels, "\(prefix)ACTIVATION=\(normalization.activation.code)",
      ]
      arguments += backend.vectors(normalization) + [.float(normalization.epsilon)]
    }
    (self.defines, self.arguments) = (defines, arguments)
  }

  init(_ gradient: OutputGradient, prefix: String, on backend: OpenCLBackend) {
    let channels = gradient.tensor.shape.sizes.last!
    guard let through = gradient.through else {
      defines = ["\(prefix)INPUT=0", "\(prefix)CHANNELS=\(channels)"]
      arguments = [.buffer(backend.memory(gradient.tensor))]
      return
    }
    let normalization = through.normalization
    defines = [
      "\(prefix)INPUT=\(through.ofBatch ? 2 : 3)", "\(prefix)CHANNELS=\(channels)",
    ]
    arguments =
      [.buffer(backend.memory(gradient.tensor)), .buffer(backend.memory(through.input))]
      + backend.vectors(normalization).prefix(3)
      + [
        .buffer(backend.memory(through.sums)), .float(normalization.epsilon),
        .float(Float(gradient.tensor.count / max(channels, 1))),
      ]
  }
}

/// What `convolution_fused.cl` does with an output: the -D and the arguments after y. `partials`
/// holds two vectors of channels for each work-item (portable family: work-group along the pixels).
struct FusedOutput {
  let defines: [String]
  let arguments: [KernelArgument]

  /// - Parameters:
  ///   - padded: channels, rounded up to the vector width.
  ///   - block: how many channels a work-item stores, and the kernel's name of the first; nil: all.
  init(
    channels: Int, padded: Int, block: (first: String, count: Int)? = nil, addend: Tensor?,
    statistics: Bool,
    completion: GradientCompletion?, following: FollowingNormalization? = nil,
    partials: cl_mem?, on backend: OpenCLBackend
  ) {
    var defines = [
      "OUT_CHANNELS=\(channels)", "OUT_PADDED=\(block?.count ?? padded)",
      "ACCUMULATE=\(addend == nil ? 0 : 1)",
    ]
    if let block { defines += ["OUT_FIRST=\(block.first)", "OUT_BLOCK=\(block.count)"] }
    var arguments = [backend.argument(addend)]
    let partial = partials.map { KernelArgument.buffer($0) } ?? .none
    if let completion {
      let normalization = completion.normalization
      let mask =
        normalization.activation == .none ? 0 : completion.output == nil ? 1 : 2
      defines += [
        "EPILOGUE=2", "MASK=\(mask)", "OUT_ACTIVATION=\(normalization.activation.code)",
      ]
      arguments +=
        [.buffer(backend.memory(completion.input))] + backend.vectors(normalization)
        + [backend.argument(completion.output), .float(normalization.epsilon), partial]
    } else if let following {
      let normalization = following.normalization
      defines += [
        "EPILOGUE=3", "RESIDUAL=\(following.residual == nil ? 0 : 1)",
        "OUT_ACTIVATION=\(normalization.activation.code)",
      ]
      arguments +=
        [backend.argument(following.residual)] + backend.vectors(normalization)
        + [.float(normalization.epsilon)]
    } else if statistics {
      defines += ["EPILOGUE=1"]
      arguments += [partial]
    } else {
      defines += ["EPILOGUE=0"]
    }
    (self.defines, self.arguments) = (defines, arguments)
  }
}

extension OpenCLBackend {
  /// Mean, variance, gamma, beta.
  fileprivate func vectors(_ normalization: ChannelNormalization) -> [KernelArgument] {
    [normalization.mean, normalization.variance, normalization.gamma, normalization.beta]
      .map { .buffer(memory($0)) }
  }
}
