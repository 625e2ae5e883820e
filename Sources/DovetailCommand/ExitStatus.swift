import ArgumentParser
import Dovetail
import Files
import Foundation

/// Exit statuses, as in sysexits.h.
enum ExitStatus {
  static func of(_ error: any Error) -> Int32 {
    switch error {
    case let error as DatasetError: error.kind == .missing ? 66 : 65
    case is RecipeError, is RecipeFileError, is ArchitectureError, is MissingDataError: 78
    case let error as FileError: of(error.kind)
    case is SafetensorsError, is NoCommonClassError, is ApplicationError, is ExportError,
      is AlignmentError, is RetrievalError:
      65
    case is MisfitError, is NotConfirmed: 3
    case is ClassMapError, is SmallBatchError: 64
    case is NoDevice, is OpenCLError, is PrecisionError: 69
    case is InputMissing: 66
    case is OutputError: 73
    case is RunInterrupted, is GridInterrupted, is RunDirectoryTaken: 75
    default: 1
    }
  }

  private static func of(_ kind: FileError.Kind) -> Int32 {
    switch kind {
    case .missing: 66
    case .malformed: 65
    case .cannotCreate: 73
    case .cannotWrite: 74
    case .ambiguous: 64
    }
  }

  /// Runs a command's body; an error becomes one message on stderr and the right status.
  static func reporting(_ body: () throws -> Void) throws {
    do {
      try body()
      Console.finish()
    } catch let error as any ArgumentParserError {
      throw error
    } catch {
      Console.log("dovetail: error: \(ErrorWords.text(error))")
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
