import BackendCPU
import Components
import Datasets
import Files
import Foundation
import Networks
import Testing

/// The library as processes use it, several at a time.
@Suite(.serialized) struct LibraryTests {
  /// Files of `count` different components: `f0`, `f1`, ….
  private func files(_ count: Int, in place: Workplace) throws {
    let backend = CPUBackend(threads: 1)
    let architecture = Architecture(depth: 8, split: .stage1)
    for index in 0..<count {
      try ComponentFile.save(
        FeatureExtractor(
          architecture: architecture,
          preprocessing: Preprocessing(
            imageSize: 8, normalization: Normalization(mean: [0, 0, 0], std: [1, 1, 1])),
          layers: architecture.makeExtractor(on: backend, seed: UInt64(index))),
        to: place.url("f\(index)").path, on: backend)
    }
  }

  private func names(_ range: Range<Int>) -> [String] { range.map { "f\($0)" } }

  private func verify(_ place: Workplace) throws -> [String: Any] {
    let run = try place.dovetail("library", "verify", "lib", "--json", "-")
    #expect(run.status == 0, "\(run.stderr)")
    return try run.json
  }

  /// Two processes, a hundred additions each, half of them of the same files.
  @Test func twoProcessesLoseAndDamageNothing() throws {
    let place = try Workplace()
    try files(150, in: place)
    var other: CommandRun?
    let first = try place.dovetail(["library", "add", "lib"] + names(0..<100)) { _ in
      other = try? place.dovetail(["library", "add", "lib"] + names(50..<150).reversed())
    }
    let second = try #require(other)
    #expect(first.status == 0 && second.status == 0, "\(first.stderr)\(second.stderr)")
    #expect(first.stdout.split(separator: "\n").count == 100)
    #expect(second.stdout.split(separator: "\n").count == 100)
    let report = try verify(place)
    #expect(report["entries"] as? Int == 150 && report["unfinished"] as? Int == 0)
    // Each of the shared ones was new to one of them.
    let was = (first.stdout + second.stdout).components(separatedBy: "(was there)").count - 1
    #expect(was == 50)
    for index in [0, 60, 149] {
      let digest = Digest.hex([UInt8](try place.read("f\(index)")))
      #expect(
        try place.read("lib/\(digest)/component.safetensors") == place.read("f\(index)"))
    }
  }

  /// What is in place when a process is killed stays, whole; what it leaves unfinished is no entry.
  @Test func aLibraryOutlivesTheKillingOfWhoAdds() throws {
    let place = try Workplace()
    try files(60, in: place)
    func listing() -> (entries: Set<String>, unfinished: Int) {
      let names =
        (try? FileManager.default.contentsOfDirectory(atPath: place.url("lib").path)) ?? []
      let unfinished = names.filter { $0.hasPrefix(".adding-") }.count
      return (Set(names.filter { Digest.isValid($0) }), unfinished)
    }
    for round in 1...3 {
      let start = listing()
      var before = start
      let killed = try place.dovetail(["library", "add", "lib"] + names(0..<60)) { process in
        // Ten more in place, and another one half made.
        var runs = true
        repeat {
          usleep(100)
          runs = process.isRunning
          before = listing()
        } while runs
          && (before.entries.count < round * 10 || before.unfinished == start.unfinished)
        kill(process.processIdentifier, SIGKILL)
      }
      #expect([137, 0].contains(killed.status))
      #expect(before.entries.count >= round * 10)
      let after = listing()
      #expect(before.entries.isSubset(of: after.entries))
      // A process that is killed leaves the one that it was at, or none.
      #expect(start.unfinished...start.unfinished + 1 ~= after.unfinished)
      let report = try verify(place)
      #expect(report["entries"] as? Int == after.entries.count)
      #expect(report["unfinished"] as? Int == after.unfinished)
    }
    #expect(try place.dovetail(["library", "add", "lib"] + names(0..<60)).status == 0)
    #expect(try verify(place)["entries"] as? Int == 60)
    let added = try names(0..<60).map { Digest.hex([UInt8](try place.read($0))) }
    #expect(listing().entries == Set(added))
  }

  @Test func entriesAreListedShownFoundAndRemoved() throws {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny)
    let train = try place.dovetail(
      "train", "r.yaml", "--device", "cpu", "--steps", "1", "--output", "run")
    #expect(train.status == 0)
    let parts = ["ink.extractor", "ink.head", "neon.extractor", "neon.head"].map {
      "run/components/\($0).safetensors"
    }
    _ = try place.dovetail(
      "recombine", parts[0], parts[3], "--output", "m.safetensors")
    _ = try place.dovetail(
      "certify", parts[0], parts[3], "--data", "made-up-ink", "--json", "c.json", "--device", "cpu")
    let added = try place.dovetail(
      ["library", "add", "lib"] + parts + ["m.safetensors", "c.json"])
    #expect(added.status == 0, "\(added.stderr)")
    let list = try place.dovetail("library", "list", "lib")
    #expect(list.stdout.split(separator: "\n").count == 6)
    let heads = try place.dovetail(
      "library", "search", "lib", "--kind", "head", "--fits", parts[0], "--label", "boat")
    #expect(heads.stdout.split(separator: "\n").count == 2, "\(heads.stdout)")

    let digest = String(added.stdout.split(separator: "\n")[4].prefix(64))
    let shown = try place.dovetail("library", "show", "lib", String(digest.prefix(10)))
    for fragment in ["kind", "model", "from extractor of ink", "from head of neon"] {
      #expect(shown.stdout.contains(fragment), "\(shown.stdout)")
    }
    let verified = try place.dovetail(
      "library", "verify", "lib", "--data", "made-up-ink", "--device", "cpu", "--json", "-")
    #expect(try verified.status == 0 && verified.json["measuredAgain"] as? Int == 1)
    let ranked = try place.dovetail(
      "library", "rank", "lib", "--data", "made-up-neon", "--device", "cpu")
    // Four pairs and the model.
    #expect(ranked.status == 0 && ranked.stdout.split(separator: "\n").count == 6)

    #expect(try place.dovetail("library", "remove", "lib", digest).status == 0)
    #expect(try place.dovetail("library", "show", "lib", digest).status == 66)
    #expect(try place.dovetail("library", "list", "nowhere").status == 66)
    // A certificate whose figures were changed.
    let name = String(added.stdout.split(separator: "\n")[5].prefix(64))
    let file = "lib/\(name)/certificate.json"
    try place.write(
      file, try place.text(file).replacingOccurrences(of: "\"seed\" : 0", with: "\"seed\" : 1"))
    let damaged = try place.dovetail("library", "verify", "lib")
    #expect(damaged.status == 3 && damaged.stderr.contains("is damaged"))
  }
}
