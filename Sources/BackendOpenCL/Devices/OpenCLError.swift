import COpenCL
public import Files

/// What OpenCL or CLBlast reported, by name, with what was being done.
public struct OpenCLError: AdvisedError, Sendable {
  public let status: Int32
  public let doing: String
  /// The build log, or what else there is to know.
  public let detail: String
  public let advice: ErrorAdvice?

  init(_ status: Int32, doing: String, detail: String = "", advice: ErrorAdvice? = nil) {
    self.status = status
    self.doing = doing
    self.detail = detail
    self.advice = advice
  }

  public var description: String {
    "OpenCL: \(doing) failed: \(Self.name(of: status)) (\(status))"
      + (detail.isEmpty ? "" : "\n\(detail)") + (advice.map { "; \($0)" } ?? "")
  }

  /// The constant's name in the OpenCL and CLBlast headers.
  static func name(of status: Int32) -> String {
    switch status {
    case -1: "CL_DEVICE_NOT_FOUND"
    case -2: "CL_DEVICE_NOT_AVAILABLE"
    case -3: "CL_COMPILER_NOT_AVAILABLE"
    case -4: "CL_MEM_OBJECT_ALLOCATION_FAILURE"
    case -5: "CL_OUT_OF_RESOURCES"
    case -6: "CL_OUT_OF_HOST_MEMORY"
    case -8: "CL_MEM_COPY_OVERLAP"
    case -11: "CL_BUILD_PROGRAM_FAILURE"
    case -14: "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST"
    case -30: "CL_INVALID_VALUE"
    case -33: "CL_INVALID_DEVICE"
    case -34: "CL_INVALID_CONTEXT"
    case -36: "CL_INVALID_COMMAND_QUEUE"
    case -38: "CL_INVALID_MEM_OBJECT"
    case -43: "CL_INVALID_BUILD_OPTIONS"
    case -44: "CL_INVALID_PROGRAM"
    case -45: "CL_INVALID_PROGRAM_EXECUTABLE"
    case -46: "CL_INVALID_KERNEL_NAME"
    case -48: "CL_INVALID_KERNEL"
    case -49: "CL_INVALID_ARG_INDEX"
    case -50: "CL_INVALID_ARG_VALUE"
    case -51: "CL_INVALID_ARG_SIZE"
    case -52: "CL_INVALID_KERNEL_ARGS"
    case -53: "CL_INVALID_WORK_DIMENSION"
    case -54: "CL_INVALID_WORK_GROUP_SIZE"
    case -55: "CL_INVALID_WORK_ITEM_SIZE"
    case -61: "CL_INVALID_BUFFER_SIZE"
    case -63: "CL_INVALID_GLOBAL_WORK_SIZE"
    case -1001: "CL_PLATFORM_NOT_FOUND_KHR"
    case -2039 ... -1001: "CLBlast status"
    default: "unknown status"
    }
  }
}

/// Throws where an OpenCL call did not succeed.
func check(_ status: cl_int, _ doing: @autoclosure () -> String) throws {
  if status != CL_SUCCESS { throw OpenCLError(status, doing: doing()) }
}

extension ErrorAdvice {
  public static let lessMemory: ErrorAdvice =
    "lower the batch size, the images' size or the network's width"
  public static let listedDevice: ErrorAdvice = "give one of them"
}
