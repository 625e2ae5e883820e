import Foundation
import Testing

/// stdout and stderr that cannot be written, terminals that are narrow, caches that are not there.
@Suite struct StreamsTests {
  /// By a shell, as a user redirects; `dovetail` and no OpenCL are in its variables.
  private func shell(
    _ place: Workplace, _ text: String, withOpenCL: Bool = false
  ) throws -> CommandRun {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", text]
    process.currentDirectoryURL = place.folder
    var variables = ProcessInfo.processInfo.environment
    variables["D"] = try Workplace.executable().path
    if !withOpenCL { variables["OCL_ICD_VENDORS"] = place.url("none").path + "/" }
    process.environment = variables
    let files = ["out", "err"].map { place.url(".\($0)") }
    for file in files { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    try process.run()
    process.waitUntilExit()
    let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
    return CommandRun(status: process.terminationStatus, stdout: texts[0], stderr: texts[1])
  }

  @Test(arguments: [
    (">/dev/full", "No space left on device"), (">&-", "it is closed"),
    ("| true", "Broken pipe"),
  ])
  func whatCannotBePrintedIsAnError(_ redirection: String, _ reason: String) throws {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny)
    for command in [
      "list", "--help", "recipe-keys", "devices --json -",
      "train r.yaml --device cpu --quiet --steps 1 --output run --overwrite",
    ] {
      let run = try shell(place, "set -o pipefail; { sleep 0.3; $D \(command); } \(redirection)")
      #expect(run.status == 74, "\(command): \(run.stderr)")
      #expect(run.stderr.contains("standard output cannot be written: \(reason)"), "\(command)")
      // A message, no dump.
      #expect(run.stderr.split(separator: "\n").count <= 3, "\(run.stderr)")
    }
    // The work is done all the same.
    #expect(place.exists("run/results.json") && !place.exists("run/run.lock"))
  }

  @Test(arguments: ["2>/dev/full", "2>&-"])
  func messagesThatNobodyCanReadAreAnError(_ redirection: String) throws {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny)
    let run = try shell(place, "$D train r.yaml --device cpu --output run \(redirection)")
    #expect(run.status == 74)
    #expect(run.stdout.contains("own task"))
    #expect(run.stdout.contains("standard error cannot be written: "))
    // No file got what was meant for the stream.
    #expect(try place.text("run/recipe.yaml").hasPrefix("tasks:"))
    let metrics = try place.text("run/metrics.jsonl").split(separator: "\n")
    #expect(metrics.allSatisfy { $0.hasPrefix("{") })
    #expect(try shell(place, "$D nonsense \(redirection)").status == 64)
  }

  @Test(.enabled(if: Workplace.hasOpenCL, "no OpenCL device"))
  func aCompilerCacheThatCannotBeWrittenIsReplaced() throws {
    let place = try Workplace()
    let run = try shell(place, "POCL_CACHE_DIR=/proc/none $D devices", withOpenCL: true)
    #expect(run.status == 0)
    #expect(run.stdout.hasPrefix("opencl:0"))
    #expect(!run.stderr.contains("No OpenCL platform"))
    if run.stdout.contains("Portable Computing Language") {
      #expect(run.stderr.split(separator: "\n").filter { $0.contains("/proc/none") }.count == 1)
    }
  }
}
