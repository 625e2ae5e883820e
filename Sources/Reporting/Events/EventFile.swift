public import Files
import Foundation
import Protobuf

/// Scalars that TensorBoard shows: `events.out.tfevents.<unix>.<host>`.
///
/// A file is a row of records, each u64 length | masked CRC-32C of the length | data | masked
/// CRC-32C of the data, little-endian; the data are Event messages (TensorFlow's event.proto,
/// summary.proto), the first of which names the version. A value is in the file when `add`
/// returns; what is cut off at the end readers skip.
public final class EventFile {
  public var path: String { file.path }
  private let file: GrowingFile

  /// Makes a new file; files of earlier runs in the directory stay as they are.
  /// - Parameters:
  ///   - directory: exists.
  ///   - startTime: seconds since 1970.
  ///   - host: part of the name; by default this machine's name.
  ///   - resumedAt: where a run goes on, its next step: TensorBoard then drops what the run's
  ///     earlier files say of this step and later ones.
  public init(
    directory: String, startTime: Double, host: String = EventFile.hostName, resumedAt: Int? = nil
  ) throws(FileError) {
    // Of another run of the same second there may be one already.
    let name = Self.fileName(startTime: startTime, host: host)
    file = try GrowingFile(creating: "\(directory)/\(name)")
    try append(Self.version(wallTime: startTime))
    if let resumedAt { try append(Self.sessionStart(step: resumedAt, wallTime: startTime)) }
  }

  /// - Parameters:
  ///   - tag: what the value is; slashes make groups: `loss/cifar10/target`.
  ///   - value: what is drawn.
  ///   - step: where it is drawn.
  ///   - wallTime: seconds since 1970.
  public func add(tag: String, value: Double, step: Int, wallTime: Double) throws(FileError) {
    try add([(tag, value)], step: step, wallTime: wallTime)
  }

  /// Several values of one step, as one record.
  public func add(
    _ values: [(tag: String, value: Double)], step: Int, wallTime: Double
  ) throws(FileError) {
    guard !values.isEmpty else { return }
    try append(Self.scalars(values, step: step, wallTime: wallTime))
  }

  private func append(_ event: ProtobufWriter) throws(FileError) {
    try file.append(Self.record(event.bytes))
  }

  // MARK: Names

  /// What the names of event files begin with.
  public static let prefix = "events.out.tfevents."

  /// This machine's name, or `localhost` where it has none.
  public static var hostName: String {
    var buffer = [UInt8](repeating: 0, count: 256)
    let found = buffer.withUnsafeMutableBytes { bytes in
      gethostname(bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count - 1) == 0
    }
    let name = String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
    return found && !name.isEmpty ? name : "localhost"
  }

  static func fileName(startTime: Double, host: String) -> String {
    let safe = host.map { character in
      character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character))
        ? character : "_"
    }
    let seconds = Int64(exactly: startTime.rounded(.down)) ?? 0
    return "\(prefix)\(seconds).\(String(safe))"
  }

  // MARK: Bytes

  static func record(_ data: [UInt8]) -> [UInt8] {
    var length: [UInt8] = []
    length.append(littleEndian: UInt64(data.count))
    var record = length
    record.append(littleEndian: CRC32C.masked(length))
    record += data
    record.append(littleEndian: CRC32C.masked(data))
    return record
  }
}

// MARK: Event messages

extension EventFile {
  /// Event: wall_time 1, file_version 3.
  static func version(wallTime: Double) -> ProtobufWriter {
    var event = ProtobufWriter()
    event.add(1, double: wallTime)
    event.add(3, string: "brain.Event:2")
    return event
  }

  /// Event: wall_time 1, step 2, summary 5 (value 1: tag 1, simple_value 2).
  static func scalars(
    _ values: [(tag: String, value: Double)], step: Int, wallTime: Double
  ) -> ProtobufWriter {
    var summary = ProtobufWriter()
    for (tag, number) in values {
      var value = ProtobufWriter()
      value.add(1, string: tag)
      value.add(2, float: Float(number))
      summary.add(1, message: value)
    }
    var event = ProtobufWriter()
    event.add(1, double: wallTime)
    if step != 0 { event.add(2, int64: Int64(step)) }
    event.add(5, message: summary)
    return event
  }

  /// Event: wall_time 1, step 2, session_log 7 (status 1: START).
  static func sessionStart(step: Int, wallTime: Double) -> ProtobufWriter {
    var log = ProtobufWriter()
    log.add(1, int64: 1)
    var event = ProtobufWriter()
    event.add(1, double: wallTime)
    if step != 0 { event.add(2, int64: Int64(step)) }
    event.add(7, message: log)
    return event
  }
}
