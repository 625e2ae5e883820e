import Datasets
import Foundation
import Testing

/// recombine, certify and matrix as a user calls them.
@Suite struct RecombineTests {
  static let ink = "components/ink.extractor.safetensors"
  static let inkHead = "components/ink.head.safetensors"
  static let neonHead = "components/neon.head.safetensors"

  /// Two runs of the same tasks, which have nothing in common: `a` with all methods, `b` with none.
  private func runs() throws -> Workplace {
    let place = try Workplace()
    try place.write("a.yaml", Recipes.tiny)
    try place.write(
      "b.yaml",
      Recipes.tiny.split(separator: "\n").filter { !$0.hasPrefix("methods") }
        .joined(separator: "\n") + "\nseed: 5\n")
    for name in ["a", "b"] {
      let run = try place.dovetail(
        "train", "\(name).yaml", "--device", "cpu", "--steps", "2", "--output", name)
      #expect(run.status == 0, "\(run.stderr)")
    }
    return place
  }

  @Test func whatFitsIsJoinedAndWhatDoesNotSaysWhy() throws {
    let place = try runs()
    let joined = try place.dovetail(
      "recombine", "a/\(Self.ink)", "a/\(Self.neonHead)", "--output", "m.safetensors")
    #expect(joined.status == 0, "\(joined.stderr)")
    #expect(joined.stdout.contains("rotation-head") && place.exists("m.safetensors"))
    let again = try place.dovetail(
      "recombine", "a/\(Self.ink)", "a/\(Self.neonHead)", "--output", "m2.safetensors")
    #expect(try again.status == 0 && place.read("m.safetensors") == place.read("m2.safetensors"))

    let foreign = ["recombine", "a/\(Self.ink)", "b/\(Self.neonHead)", "--output", "f.safetensors"]
    let refused = try place.dovetail(foreign)
    #expect(refused.status == 3 && refused.stdout == "" && !place.exists("f.safetensors"))
    #expect(refused.messages.count == 1)
    for fragment in ["feature space", "rotation-head", "the head's: shared-head"] {
      #expect(refused.stderr.contains(fragment), "\(refused.stderr)")
    }
    #expect(try place.dovetail(foreign + ["--allow-different-space"]).status == 0)
    #expect(try place.text("f.safetensors").contains("differentSpaceAllowed"))

    let swapped = try place.dovetail(
      "recombine", "a/\(Self.neonHead)", "a/\(Self.ink)", "--output", "s.safetensors")
    #expect(swapped.status == 65 && !place.exists("s.safetensors"))
    #expect(swapped.stderr.contains("expected a component of kind extractor, got head"))
  }

  @Test func certificatesAreVerifiedAndVerdictsAreStatuses() throws {
    let place = try runs()
    let certify = [
      "certify", "a/\(Self.ink)", "a/\(Self.neonHead)", "--data", "made-up-ink", "--own-head",
      "a/\(Self.inkHead)", "--device", "cpu",
    ]
    // After two steps nothing works: a negative verdict, and a good certificate of it.
    let run = try place.dovetail(certify + ["--json", "c.json"])
    #expect(run.status == 3 && run.stdout.contains("verdict: incompatible"), "\(run.stderr)")
    let verified = try place.dovetail(certify + ["--verify", "c.json"])
    #expect(verified.status == 3 && verified.stdout.contains("c.json: confirmed"))
    let json = try place.dovetail(certify + ["--json", "-"]).json
    #expect(json["verdict"] as? String == "incompatible" && json["images"] as? Int == 900)

    try place.write(
      "forged.json",
      try place.text("c.json").replacingOccurrences(
        of: "\"verdict\" : \"incompatible\"", with: "\"verdict\" : \"compatible\""))
    let forged = try place.dovetail(certify + ["--verify", "forged.json"])
    #expect(forged.status == 3 && forged.stderr.contains("forged.json: not confirmed"))
    #expect(forged.stderr.contains("verdict: certified compatible, now incompatible"))

    let misfit = try place.dovetail(
      "certify", "a/\(Self.ink)", "b/\(Self.neonHead)", "--data", "made-up-ink", "--device", "cpu")
    #expect(misfit.status == 3 && misfit.stderr.contains("do not fit"))
    for (arguments, status) in [
      (["--data", "folder"], 64), (["--data", "cifar10=nowhere"], 66),
      (["--data", "made-up-ink", "--synonyms", "fox=dog"], 64),
      (["--data", "made-up-ink", "--verify", "none.json"], 66),
      (["--data", "made-up-ink", "--verify", "a.yaml"], 65),
    ] as [([String], Int32)] {
      let run = try place.dovetail(
        ["certify", "a/\(Self.ink)", "a/\(Self.neonHead)", "--device", "cpu"] + arguments)
      #expect(run.status == status, "\(arguments): \(run.stderr)")
    }
  }

  @Test func howLikelyACertificateIsIsATableAndJSON() throws {
    let place = try runs()
    let parts = ["a/\(Self.ink)", "a/\(Self.neonHead)", "--device", "cpu"]
    let power = ["certify-power"] + parts + ["--data", "made-up-ink", "--draws", "2"]
    let run = try place.dovetail(power + ["--images", "50", "--json", "p.json"])
    #expect(run.status == 0, "\(run.stderr)")
    #expect(run.stdout.contains("made-up ink: drawn from 900 images"), "\(run.stdout)")
    let json = try #require(
      try JSONSerialization.jsonObject(with: place.read("p.json")) as? [String: Any])
    let points = try #require(json["points"] as? [[String: Any]])
    #expect(points.map { $0["classes"] as? Int } == [5, 9])
    for (arguments, words) in [
      (["--draws", "0"], "--draws: expected 1"), (["--classes", "1"], "--classes: expected 2"),
      (["--test", "0.2"], "--test is for --data folder=PATH"),
    ] {
      let wrong = try place.dovetail(power.dropLast(2) + arguments)
      #expect(wrong.status == 64 && wrong.stderr.contains(words), "\(wrong.stderr)")
    }
  }

  /// A folder of classes without a test part is split as a recipe splits it.
  @Test func aFolderIsSplitForACertificate() throws {
    let place = try runs()
    for (label, name) in ["boat", "lamp"].enumerated() {
      for index in 0..<10 {
        let pixels = (0..<16 * 16 * 3).map { UInt8(($0 * (index + 3) + label * 90) % 251) }
        try place.write(
          "flat/\(name)/\(index).jpg", try JPEG.encode(pixels, width: 16, height: 16, quality: 90))
      }
    }
    let certify = [
      "certify", "a/\(Self.ink)", "a/\(Self.neonHead)", "--device", "cpu", "--data", "folder=flat",
    ]
    let whole = try place.dovetail(certify)
    #expect(whole.status == 65 || whole.status == 66)
    #expect(whole.stderr.contains("--test 0.2"), "\(whole.stderr)")
    let split = try place.dovetail(certify + ["--test", "0.2", "--json", "-"])
    #expect(split.status == 3, "\(split.stderr)")
    #expect(try split.json["images"] as? Int == 4)
    let wrong = try place.dovetail(certify + ["--test", "1.5"])
    #expect(wrong.status == 64 && wrong.stderr.contains("between 0 and 1"))
    let limit = try place.dovetail(
      certify + ["--test", "0.2"], environment: ["DOVETAIL_PICTURE_LIMIT": "much"])
    #expect(limit.status == 64 && limit.stderr.contains("DOVETAIL_PICTURE_LIMIT: expected"))
  }

  @Test func aMatrixIsATableAndJSON() throws {
    let place = try runs()
    let files = ["a", "b"].flatMap { run in
      [Self.ink, Self.inkHead, "components/neon.extractor.safetensors", Self.neonHead].map {
        "\(run)/\($0)"
      }
    }
    let run = try place.dovetail(
      ["matrix"] + files
        + ["--data", "made-up-ink", "--device", "cpu", "--json", "m.json"])
    #expect(run.status == 0, "\(run.stderr)")
    #expect(run.stdout.contains("a/components/ink.extractor"))
    let matrix = try #require(
      try JSONSerialization.jsonObject(with: place.read("m.json")) as? [String: Any])
    let cells = try #require(matrix["cells"] as? [[String: Any]])
    #expect(cells.count == 16)
    // All four pairs of a fit, and each network of b its own head.
    #expect(cells.filter { $0["certificate"] != nil }.count == 6)
    let heads = try place.dovetail(
      "matrix", "a/\(Self.neonHead)", "--data", "made-up-ink", "--device", "cpu")
    #expect(heads.status == 64)
  }
}
