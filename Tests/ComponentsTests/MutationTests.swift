import BackendCPU
import Components
import Datasets
import Files
import Networks
import Tensors
import TestSupport
import Testing

/// Ten thousand damaged files a format: each reads, or is refused with an error of ours; none
/// traps.
@Suite struct MutationTests {
  private let backend = CPUBackend(threads: 1)
  private let architecture = Architecture(
    name: .mobileNetV2, width: 0.05, split: .block(1), adapter: 2)

  private func extractor() -> FeatureExtractor {
    FeatureExtractor(
      architecture: architecture,
      preprocessing: Preprocessing(
        imageSize: 32, normalization: Normalization(mean: [0, 0, 0], std: [1, 1, 1])),
      layers: architecture.makeExtractor(on: backend, seed: 1),
      stamp: ComponentStamp(
        featureSpace: FeatureSpace([Anchor(.sharedHead, String(repeating: "a", count: 64))]),
        lineage: Lineage(origin: .training)))
  }

  /// - Returns: how many read.
  private func survivors(_ bytes: [UInt8], _ count: Int = 10_000) -> Int {
    var read = 0
    for mutation in Mutations(of: bytes, count: count) {
      do {
        let component = try ComponentFile.Contents(bytes: mutation, path: "m")
        // Rebuilding layers too neither traps nor takes other weights.
        if case .component(let record) = component {
          _ = try record.makeExtractor(path: "m", on: backend)
        }
        read += 1
      } catch {
        // Reading throws nothing but FileError, which the compiler checks.
      }
    }
    return read
  }

  @Test func extractors() throws {
    let bytes = try Component(extractor(), on: backend).file.bytes
    #expect(try ComponentFile.Contents(bytes: bytes, path: "m").summary.kind == .extractor)
    // Spaces in the header's padding and text such as a name may change; weights may not.
    #expect(survivors(bytes) < 5000)
  }

  @Test func anySafetensors() {
    let file = SafetensorsFile(
      tensors: [
        "a": .init(shape: [2, 3], values: [1, 2, 3, 4, 5, 6]), "b": .init(shape: [], values: [7]),
        "é": .init(shape: [0], values: []),
      ], metadata: ["k": "v", "empty": ""])
    for mutation in Mutations(of: file.bytes, count: 10_000) {
      do {
        let read = try SafetensorsFile(bytes: mutation)
        // What was read writes to what reads as the same, NaNs apart.
        let again = try SafetensorsFile(bytes: read.bytes)
        #expect(again.metadata == read.metadata && again.tensors.keys == read.tensors.keys)
      } catch {
        // Reading throws nothing but SafetensorsError, which the compiler checks.
      }
      _ = try? SafetensorsIndex(bytes: mutation)
    }
  }
}
