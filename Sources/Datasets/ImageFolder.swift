import Dispatch
public import Files
import Foundation

/// What happens when a file cannot be decoded.
public enum DamagedImages: String, Codable, Sendable, CaseIterable {
  /// The load fails and names it.
  case fail
  /// It is left out, counted and named in the data set's notes.
  case skip
}

/// Image folders, as ILSVRC-12 is usually unpacked: `root/train/<class>/*` and `root/test` or
/// `root/val`, in any case; or `root/<class>/*` with a part held out for tests. Classes are the
/// folder names, sorted. `Picture` says how a file becomes an image.
enum ImageFolder {
  /// - Parameter fraction: of each class's images for tests, where there is no test part.
  static func load(
    at path: String, form: PictureForm, onDamaged: DamagedImages, memory: Int,
    test fraction: Double?
  ) throws(DatasetError) -> Dataset {
    let layout = try FolderLayout(path, test: fraction)
    var notes = layout.notes
    if let note = RepeatedImages.note(
      train: layout.train.map(\.path), test: layout.test.map(\.path), root: path)
    {
      notes.append(note)
    }
    let (train, stream) = try heldOrStreamed(
      layout.train, root: path, form, onDamaged, memory, &notes)
    let test = try decode(layout.test, form, onDamaged, &notes)
    let name = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
    return Dataset(
      name: "folder \(name)", classNames: layout.classNames, train: train, test: test,
      notes: notes, stream: stream)
  }

  /// All that fits into `memory` bytes is held.
  static func heldOrStreamed(
    _ files: [(path: String, label: Int32)], root: String, _ form: PictureForm,
    _ onDamaged: DamagedImages, _ memory: Int, _ notes: inout [String]
  ) throws(DatasetError) -> (ImageSet, ImageStream?) {
    guard files.count * form.size * form.size * 3 > memory else {
      return (try decode(files, form, onDamaged, &notes), nil)
    }
    let stream = try ImageStream(files, root: root, form: form, onDamaged: onDamaged)
    notes.append(stream.note)
    return (ImageSet(bytes: [], labels: [], size: form.size), stream)
  }

  /// The images of the files, in their order; what cannot be decoded is left out or thrown.
  static func decode(
    _ files: [(path: String, label: Int32)], _ form: PictureForm, _ onDamaged: DamagedImages,
    _ notes: inout [String]
  ) throws(DatasetError) -> ImageSet {
    let decoded = decodeAll(files.map(\.path), form)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(files.count * form.size * form.size * 3)
    var labels: [Int32] = []
    var damaged: [DatasetError] = []
    for (file, result) in zip(files, decoded) {
      switch result {
      case .success(let pixels):
        bytes += pixels
        labels.append(file.label)
      case .failure(let error): damaged.append(error)
      }
    }
    if let first = damaged.first {
      guard onDamaged == .skip, !labels.isEmpty else {
        throw DatasetError(
          first.kind, path: first.path,
          problem: first.problem
            + Self.more(damaged.count - 1),
          advice: first.advice)
      }
      notes.append(
        "\(damaged.count) damaged image\(damaged.count == 1 ? "" : "s") skipped: "
          + damaged.prefix(3).map(\.path).joined(separator: ", ")
          + (damaged.count > 3 ? ", …" : ""))
    }
    return ImageSet(bytes: bytes, labels: labels, size: form.size)
  }

  private static func more(_ count: Int) -> String {
    count == 0 ? "" : " (and \(count) more damaged file\(count == 1 ? "" : "s"))"
  }

  /// Decodes on all cores; results stand in the order of the paths, whatever the threads did.
  static func decodeAll(
    _ paths: [String], _ form: PictureForm
  ) -> [Result<[UInt8], DatasetError>] {
    let empty = Result<[UInt8], DatasetError>.success([])
    var results = [Result<[UInt8], DatasetError>](repeating: empty, count: paths.count)
    let chunk = 64
    results.withUnsafeMutableBufferPointer { buffer in
      // Each iteration writes its own slots alone.
      nonisolated(unsafe) let slots = buffer
      DispatchQueue.concurrentPerform(iterations: (paths.count + chunk - 1) / chunk) { block in
        for i in block * chunk..<min((block + 1) * chunk, paths.count) {
          slots[i] = decode(paths[i], form)
        }
      }
    }
    return results
  }

  static func decode(_ path: String, _ form: PictureForm) -> Result<[UInt8], DatasetError> {
    do throws(DatasetError) {
      let data = try DataFile.picture(path)
      return data.withUnsafeBytes { bytes in
        do throws(PictureFailure) {
          return .success(try Picture.square(bytes, form))
        } catch {
          return .failure(Self.error(path, error))
        }
      }
    } catch {
      return .failure(error)
    }
  }

  private static func error(_ path: String, _ failure: PictureFailure) -> DatasetError {
    switch failure {
    case .unknown(let what):
      DatasetError(
        .malformed, path: path, problem: "\(what); Dovetail reads \(Picture.formatNames)",
        advice: .pictureThatCanBeRead)
    case .damaged(let format, let words):
      DatasetError(
        .malformed, path: path, problem: "is not a whole \(format) image: \(words)",
        advice: .wholePicture)
    case .tooLarge(let words):
      DatasetError(.malformed, path: path, problem: words, advice: .smallerPicture)
    }
  }
}

extension ErrorAdvice {
  public static let wholePicture: ErrorAdvice =
    "Restore or remove the file, or skip damaged images."
  public static let pictureThatCanBeRead: ErrorAdvice =
    "Convert or remove the file, or skip damaged images."
  public static let smallerPicture: ErrorAdvice =
    """
    Save it smaller (or neither progressive nor interlaced), raise the limits \
    (DOVETAIL_PICTURE_LIMIT=4 in the environment makes them four times as large), or skip damaged \
    images.
    """
}
