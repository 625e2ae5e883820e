import Datasets
import Tensors

/// Image sets on the device, as long as they are measured again and again: a test set is uploaded
/// once for all measurements of a run.
final class HeldImages {
  private let backend: any Backend
  /// The one that was used last stands last.
  private var stores: [(images: ImageSet, store: ImageStore)] = []
  /// Bytes that are held beside the set in use.
  private static let mostBytes = 512 << 20

  init(on backend: any Backend) { self.backend = backend }

  func store(of images: ImageSet) -> ImageStore {
    if let index = stores.firstIndex(where: { $0.images.identity === images.identity }) {
      stores.append(stores.remove(at: index))
      return stores.last!.store
    }
    while stores.map(\.images.bytes.count).reduce(0, +) + images.bytes.count > Self.mostBytes,
      !stores.isEmpty
    {
      stores.removeFirst()
    }
    let store = backend.makeImageStore(
      bytes: images.bytes, count: images.count, height: images.size, width: images.size)
    stores.append((images, store))
    return store
  }
}
