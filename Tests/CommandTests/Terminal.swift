import Foundation
import Testing

/// A terminal of some width that a command writes to, and what it shows.
final class Terminal {
  let columns: Int
  private let leader: Int32
  private let follower: Int32

  init(columns: Int) throws {
    self.columns = columns
    leader = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    try #require(leader >= 0, "no pseudo-terminal")
    // TIOCSPTLCK and TIOCGPTN, which are macros.
    var (lock, number): (Int32, UInt32) = (0, 0)
    try #require(ioctl(leader, 0x4004_5431, &lock) == 0 && ioctl(leader, 0x8004_5430, &number) == 0)
    follower = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    try #require(follower >= 0)
    var size = winsize()
    (size.ws_row, size.ws_col) = (24, UInt16(columns))
    try #require(ioctl(follower, UInt(TIOCSWINSZ), &size) == 0)
  }

  /// Runs the command with its stderr, and where wished its stdout, on the terminal.
  /// - Returns: exit status, and all that it wrote there.
  func run(
    _ arguments: [String], in place: Workplace, withStdout: Bool = false,
    environment more: [String: String] = [:]
  ) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = try Workplace.executable()
    process.arguments = arguments
    process.currentDirectoryURL = place.folder
    var environment = ProcessInfo.processInfo.environment
    environment["OCL_ICD_VENDORS"] = place.url("none").path + "/"
    environment["TERM"] = "xterm-256color"
    environment["NO_COLOR"] = nil
    process.environment = environment.merging(more) { $1 }
    let handle = FileHandle(fileDescriptor: follower, closeOnDealloc: false)
    process.standardError = handle
    process.standardOutput = withStdout ? handle : FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    _ = fcntl(leader, F_SETFL, fcntl(leader, F_GETFL) | O_NONBLOCK)
    try process.run()
    var bytes: [UInt8] = []
    func drain() {
      var part = [UInt8](repeating: 0, count: 65_536)
      while case let count = read(leader, &part, part.count), count > 0 { bytes += part[..<count] }
    }
    while process.isRunning {
      drain()
      usleep(5_000)
    }
    process.waitUntilExit()
    drain()
    return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
  }

  deinit {
    close(leader)
    close(follower)
  }
}

/// What a terminal shows: carriage returns, new lines and the end of a line being cleared are all
/// that is understood.
struct Screen {
  /// From the top; a text that is longer than the terminal is wide goes on in the next row.
  private(set) var rows: [[Character]] = [[]]
  /// How often the last row was begun again.
  private(set) var redraws = 0
  private(set) var wraps = 0

  init(_ text: String, columns: Int) {
    var column = 0
    var rest = Substring(text.replacingOccurrences(of: "\r\n", with: "\n"))
    while let character = rest.popFirst() {
      switch character {
      case "\n":
        rows.append([])
        column = 0
      case "\r":
        column = 0
        redraws += 1
      case "\u{1B}":
        guard rest.hasPrefix("[") else { continue }
        let end = rest.firstIndex { $0.isLetter } ?? rest.endIndex
        if end < rest.endIndex, rest[end] == "K" {
          rows[rows.count - 1].removeLast(max(0, rows[rows.count - 1].count - column))
        }
        rest = end < rest.endIndex ? rest[rest.index(after: end)...] : ""
      default:
        if column == columns {
          rows.append([])
          column = 0
          wraps += 1
        }
        if column < rows[rows.count - 1].count {
          rows[rows.count - 1][column] = character
        } else {
          rows[rows.count - 1].append(character)
        }
        column += 1
      }
    }
  }

  var lines: [String] { rows.map { String($0) } }
}
