import Components
import Foundation
import Testing
import Training

/// A run goes on in the precision in which it was begun.
extension ResumeTests {
  /// Half a run in another precision would be neither of both.
  @Test func anotherPrecisionIsRefused() throws {
    try withFolders(1) { folders in
      let folder = folders[0]
      _ = try run(.sharedHead, folder, stopAfter: 1)
      let name = try #require(
        try FileManager.default.contentsOfDirectory(atPath: "\(folder)/checkpoints").first)
      let path = "\(folder)/checkpoints/\(name)"
      let bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
      var file = try SafetensorsFile(bytes: bytes)
      let state = try #require(file.metadata["state"])
      #expect(!state.contains("precision"))
      file.metadata["state"] = "{\"precision\":\"tf32\"," + state.dropFirst()
      try Data(file.bytes).write(to: URL(fileURLWithPath: path))
      do {
        _ = try run(.sharedHead, folder)
        Issue.record("it goes on")
      } catch {
        #expect(
          "\(error)".contains(
            "holds an interrupted run in tf32, this one is in float32; go on in its precision"),
          "\(error)")
      }
    }
  }
}
