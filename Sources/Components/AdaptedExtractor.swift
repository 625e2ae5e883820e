import Networks
public import Tensors

extension FeatureExtractor {
  /// This extractor behind a fresh adapter, a 1×1 convolution with batch norm to so many channels
  /// (`Architecture.adapter`), drawn from `seed`: with it, extractors of different architectures give
  /// what one shared head takes. Nothing knows what its features mean before it is trained, so it has
  /// no anchors, and no head fits it.
  /// - Throws: `ArchitectureError` where it has an adapter, or the architecture cannot have this one.
  public func adapted(
    to channels: Int, seed: UInt64, on backend: any Backend
  ) throws -> FeatureExtractor {
    if let own = architecture.adapter {
      throw ArchitectureError("adapter", "the extractor has one to \(own) channels")
    }
    var wanted = architecture
    wanted.adapter = channels
    try wanted.validate()
    let layers = wanted.makeExtractor(on: backend, seed: seed)
    layers.copyCommon(from: self.layers, on: backend)
    var lineage = Lineage(origin: .adapter)
    lineage.seed = seed
    lineage.parents = [
      .init(role: "extractor", digest: try Component(self, on: backend).header.digest)
    ]
    return FeatureExtractor(
      architecture: wanted, preprocessing: preprocessing, layers: layers,
      stamp: ComponentStamp(batchNorm: stamp.batchNorm, lineage: lineage))
  }
}
