public import Tensors

/// - Precondition: for everything here: `validate()` passes.
extension Architecture {
  private var network: any NetworkFamily {
    guard let family = NetworkFamilies.family(named: name) else {
      preconditionFailure("no network family is called “\(name)”: validate() says so")
    }
    let network = family.init(self)
    precondition(
      network.pieces.count == family.splits.count,
      "\(name): \(network.pieces.count) pieces and \(family.splits.count) splits")
    return network
  }

  /// Number of pieces of the network before the cut, at least 1.
  private var piecesBeforeCut: Int { name.splits.firstIndex(of: split)! + 1 }

  /// Name of the last linear layer; its weight has one row an output.
  public var classifier: String { network.classifier }

  /// What crosses the cut: number of channels, and by how much the image has been shrunk.
  public var cut: (channels: Int, spatialDivisor: Int) {
    let piece = network.pieces[piecesBeforeCut - 1]
    return (affineAdapter?.channels ?? adapter ?? piece.channels, piece.divisor)
  }

  /// What the features have gone through last: a ResNet's blocks end in a ReLU; those of the other
  /// networks, and adapters, in a sum or a linear map.
  public var cutActivation: Activation {
    if let affineAdapter { return affineAdapter.activation }
    return adapter == nil ? network.pieces[piecesBeforeCut - 1].activation : .none
  }

  /// Throws where what follows the cut cannot take the adapter's features.
  func validateAdapter(_ channels: Int) throws(ArchitectureError) {
    try network.validate(adapter: channels, before: piecesBeforeCut)
  }

  /// Everything before the cut, freshly drawn: images `[N, H, W, 3]` to features
  /// `[N, H/divisor, W/divisor, channels]` of `cut`. Equal seeds give equal weights: identical
  /// initial weights are one seed given twice.
  public func makeExtractor(on backend: any Backend, seed: UInt64) -> Sequential {
    let network = network
    let fresh = FreshWeights(backend: backend, seed: seed)
    var layers = network.stem(fresh)
    var channels = network.stemChannels
    for (index, piece) in network.pieces.prefix(piecesBeforeCut).enumerated() {
      layers += network.piece(index, inputChannels: channels, fresh)
      channels = piece.channels
    }
    if let adapter {
      layers.append(
        Convolution(
          "adapter.0", inputChannels: channels, outputChannels: adapter, kernelSize: 1,
          on: backend, seed: seed, stream: FreshWeights.adapterStream))
      layers.append(BatchNorm("adapter.1", channels: adapter, activation: .none, on: backend))
      channels = adapter
    }
    if let affineAdapter {
      layers.append(
        AffineConvolution(
          "affine", inputChannels: channels, outputChannels: affineAdapter.channels,
          activation: affineAdapter.activation, on: backend, seed: seed,
          stream: FreshWeights.affineAdapterStream))
    }
    return Sequential(layers)
  }

  /// Everything after the cut, freshly drawn, for features of `cut.channels` channels, whichever
  /// extractor they come from: to logits `[N, classes]`.
  /// - Parameters:
  ///   - classes: outputs.
  ///   - backend: where the weights are.
  ///   - seed: of the fresh weights.
  ///   - linearSeed: of the last linear layer, where it differs from `seed`.
  public func makeHead(
    classes: Int, on backend: any Backend, seed: UInt64, linearSeed: UInt64? = nil
  ) -> Sequential {
    let network = network
    let fresh = FreshWeights(backend: backend, seed: seed)
    var layers: [any Layer] = []
    var channels = cut.channels
    for (index, piece) in network.pieces.enumerated().dropFirst(piecesBeforeCut) {
      layers += network.piece(index, inputChannels: channels, fresh)
      channels = piece.channels
    }
    let (tail, outputChannels) = network.tail(inputChannels: channels, fresh)
    return Sequential(
      layers + tail + [
        GlobalAveragePool(),
        Linear(
          network.classifier, inputs: outputChannels, outputs: classes, on: backend,
          seed: linearSeed ?? seed, stream: FreshWeights.classifierStream),
      ])
  }
}
