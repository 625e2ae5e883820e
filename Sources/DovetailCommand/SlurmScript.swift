import Dovetail
import Foundation

/// A batch script: its text is the same for the same words in the same folder.
struct SlurmScript {
  enum Part {
    case whole
    /// Some elements of an array of `of` parts.
    case array([Int], of: Int, atOnce: Int?)
  }

  /// `reproduce` or `train`.
  let command: String
  /// As a user gave them.
  let arguments: [String]
  let part: Part
  let name: String
  /// Folder of the logs.
  let logs: String
  let options: SlurmOptions

  static let submission = "sbatch -d afterok:$(sbatch --parsable job.sh) -a 0 job.sh report"

  var text: String {
    let sections = [head.joined(separator: "\n"), setting, jobText, stepText, Self.waiting]
    return sections.joined(separator: "\n\n") + "\n"
  }

  // MARK: What Slurm reads

  private var head: [String] {
    var lines = [
      "#!/bin/bash",
      "# Written by dovetail \(ProductVersion.current) slurm \(command).",
    ]
    switch part {
    case .whole:
      lines += ["# It goes on from the last checkpoint, whatever stopped it: sbatch job.sh"]
    case .array:
      lines += [
        "# This submits the trainings, and after them the report:", "#   \(Self.submission)",
        "# A report trains what is missing first. Submit the trainings again, or the report with",
        "# afterany in place of afterok, where one of them failed.",
      ]
    }
    lines.append(Self.directive("job-name", name))
    if case .array(let elements, _, let atOnce) = part {
      lines.append(
        Self.directive("array", Self.ranges(elements) + (atOnce.map { "%\($0)" } ?? "")))
    }
    let place: String
    switch part {
    case .whole: place = "%j"
    case .array: place = "%A_%a"
    }
    let folder = logs.replacingOccurrences(of: "%", with: "%%")
      .replacingOccurrences(of: "\"", with: "\\\"")
    lines += [
      Self.directive("output", "\"\(folder)/\(name)-\(place).log\""),
      // A job that goes on adds to its log.
      Self.directive("open-mode", "append"),
      Self.directive("requeue", nil),
      Self.directive("signal", "B:USR1@120"),
      Self.directive("ntasks", "1"),
      Self.directive("cpus-per-task", "\(options.cpusPerTask)"),
    ]
    for (key, value) in [
      ("time", options.time), ("mem", options.mem), ("partition", options.partition),
      ("gres", options.gres),
    ] {
      if let value { lines.append(Self.directive(key, value)) }
    }
    return lines + options.sbatch.map { "#SBATCH --\($0)" }
  }

  private static func directive(_ key: String, _ value: String?) -> String {
    "#SBATCH --\(key)" + (value.map { "=\($0)" } ?? "")
  }

  /// `0-3,7`, of sorted numbers.
  static func ranges(_ numbers: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers {
      if let last = ranges.last, last.upperBound + 1 == number {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    return ranges.map {
      $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
    }.joined(separator: ",")
  }

  // MARK: What the shell runs

  private var setting: String {
    let folder = FileManager.default.currentDirectoryPath
    return """
      set -euo pipefail
      cd \(Invocation.quoted(folder))
      # Threads of PoCL, by its versions before 5 and since.
      export POCL_MAX_PTHREAD_COUNT="${SLURM_CPUS_PER_TASK:-\(options.cpusPerTask)}"
      export POCL_CPU_MAX_CU_COUNT="$POCL_MAX_PTHREAD_COUNT"
      """
  }

  private var jobText: String {
    switch part {
    case .whole:
      return """
        job="${SLURM_JOB_ID:?submit this file with sbatch}"
        """
    case .array(_, let count, _):
      // One element has the number of the whole array, so its own would queue all of them again.
      return """
        job="${SLURM_ARRAY_JOB_ID:?submit this file with sbatch}_$SLURM_ARRAY_TASK_ID"
        case "${1-}" in
          report) set -- ;;
          '') set -- --no-report --shard "$((SLURM_ARRAY_TASK_ID + 1))/\(count)" ;;
          *)
            echo "expected report, or nothing after the script's name, got $1" >&2
            exit 64 ;;
        esac
        """
    }
  }

  private var stepText: String {
    let given: String
    switch part {
    case .whole: given = ""
    case .array: given = " \"$@\""
    }
    let words = arguments.map(Invocation.quoted).joined(separator: " ")
    return """
      # USR1 comes before the time is up, to this shell alone: the program is to stop with a
      # checkpoint, and the job to go on later. TERM is the job's end.
      signaled=
      isUp=
      isOver=
      step=
      pass() {
        signaled=1
        if [ -n "$step" ]; then kill -TERM "$step" 2>/dev/null || true; fi
      }
      trap 'signaled=1; if [ -z "$isUp" ]; then isUp=1; pass; fi' USR1
      trap 'isOver=1; pass' TERM
      \(Invocation.quoted(Invocation.path)) \(command)\(given) \(words) &
      step=$!
      if [ -n "$signaled" ]; then pass; fi
      """
  }

  /// A signal ends `wait`, but not what it waits for.
  private static let waiting = """
    status=127
    while :; do
      signaled=
      result=0
      wait "$step" || result=$?
      # 127: waited for before.
      if [ "$result" = 127 ]; then break; fi
      status=$result
      if [ -z "$signaled" ]; then break; fi
    done

    # 75: stopped with a checkpoint, or another job works in the directory. 143: stopped where there
    # is none to leave, as while images are read; ten times at most, as that may take all the time.
    again=
    case "$status" in
      75) again=1 ;;
      143) if [ -n "$isUp" ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 10 ]; then again=1; fi ;;
    esac
    if [ -n "$again" ] && [ -z "$isOver" ]; then
      echo "job $job: goes back into the queue" >&2
      if scontrol requeue "$job"; then exit 0; fi
      echo "job $job: could not be queued again; submit it again, and it goes on" >&2
    fi
    exit "$status"
    """
}
