import Foundation

/// stdout and stderr, which may be closed, full, or a pipe whose reader has gone.
enum StandardStream: CInt {
  case output = 1
  case error = 2

  /// As in sysexits.h.
  static let cannotWrite: Int32 = 74

  /// Before anything is opened: a stream that is closed is taken by something that cannot be
  /// written, else the next file to be opened would get its number, and what is said its bytes.
  static func prepare() {
    signal(SIGPIPE, SIG_IGN)
    for number: CInt in 0...2 where fcntl(number, F_GETFD) < 0 {
      _ = open("/dev/null", O_RDONLY)
    }
  }

  /// - Returns: why it cannot be written.
  func write(_ bytes: [UInt8]) -> String? {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.write(rawValue, $0.baseAddress! + done, bytes.count - done)
      }
      if count >= 0 {
        done += count
      } else if errno == EAGAIN {
        // Somebody made the terminal or pipe one that does not wait.
        var place = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
        poll(&place, 1, -1)
      } else if errno != EINTR {
        // A closed one stands open for reading alone.
        return errno == EBADF ? "it is closed" : String(cString: strerror(errno))
      }
    }
    return nil
  }

  /// Columns of the terminal that it is; nil where it is none.
  var columns: Int? {
    var size = winsize()
    guard ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }
}
