import ArgumentParser
import Dovetail
import Foundation

/// Exit statuses, as in sysexits.h.
enum ExitStatus {
  static func of(_ error: any Error) -> Int32 {
    switch error {
    case let error as DatasetError: error.kind == .missing ? 66 : 65
    case is RecipeError, is RecipeFileError, is ArchitectureError: 78
    case let error as RunDirectoryError:
      switch error.kind {
      case .missing: 66
      case .malformed: 65
      case .cannotCreate: 73
      case .cannotWrite: 74
      }
    case let error as ComponentFileError:
      switch error.kind {
      case .missing: 66
      case .malformed: 65
      case .cannotWrite: 74
      }
    case let error as LibraryError:
      switch error.kind {
      case .missing: 66
      case .malformed: 65
      case .cannotCreate: 73
      case .cannotWrite: 74
      case .usage: 64
      }
    case is SafetensorsError, is CertificateError, is NoCommonClassError, is ApplicationError,
      is ExportError:
      65
    case is MisfitError, is NotConfirmed: 3
    case is ClassMapError, is SmallBatchError: 64
    case is NoDevice: 69
    case is OpenCLError: 69
    case is InputMissing: 66
    case is OutputError: 73
    case is RunInterrupted, is GridInterrupted: 75
    default: 1
    }
  }

  /// Runs a command's body; an error becomes one message on stderr and the right status.
  static func reporting(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as any ArgumentParserError {
      throw error
    } catch {
      Console.log("dovetail: error: \(error)")
      throw ExitCode(of(error))
    }
  }
}

/// Errors that ArgumentParser itself words and counts as usage.
protocol ArgumentParserError: Error {}
extension ValidationError: ArgumentParserError {}
extension ExitCode: ArgumentParserError {}
extension CleanExit: ArgumentParserError {}

/// A file named on the command line that is not there.
struct InputMissing: Error, CustomStringConvertible {
  let description: String
}

/// A file named on the command line that cannot be made.
struct OutputError: Error, CustomStringConvertible {
  let description: String
}
