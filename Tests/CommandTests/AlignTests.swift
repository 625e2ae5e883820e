import Foundation
import Testing

/// align, stitch, retrieval, and what they change elsewhere, as a user calls them.
@Suite struct AlignTests {
  static let tiny = """
    tasks:
      - {name: ink, dataset: made-up-ink}
      - {name: neon, dataset: made-up-neon}
    image-size: 8
    methods: []
    steps: 4
    batch: 16

    """
  static let ink = "r/components/ink.extractor.safetensors"
  static let neon = "r/components/neon.extractor.safetensors"
  static let inkHead = "r/components/ink.head.safetensors"
  static let neonHead = "r/components/neon.head.safetensors"

  private func run() throws -> Workplace {
    let place = try Workplace()
    try place.write("r.yaml", Self.tiny)
    let run = try place.dovetail("train", "r.yaml", "--device", "cpu", "--output", "r")
    #expect(run.status == 0, "\(run.stderr)")
    return place
  }

  private func align(
    _ place: Workplace, _ from: String, _ to: String, _ output: String, _ more: String...
  ) throws -> CommandRun {
    try place.dovetail(
      ["align", from, "--to", to, "--data", "made-up-neon", "--images", "200", "--device", "cpu"]
        + ["--output", output] + more)
  }

  @Test func alignedPartsSaySoEverywhere() throws {
    let place = try run()
    let aligned = try align(
      place, Self.neon, Self.ink, "c.safetensors", "--method", "least-squares", "--json", "c.json")
    #expect(aligned.status == 0, "\(aligned.stderr)")
    for words in ["aligned, not trained together", "an affine adapter", "(by alignment)", "ridge"] {
      #expect(aligned.stdout.contains(words), "\(words)")
    }
    let json = try #require(
      try JSONSerialization.jsonObject(with: place.read("c.json")) as? [String: Any])
    #expect(json["images"] as? Int == 200 && json["method"] as? String == "least-squares")

    let shown = try place.dovetail("inspect", "c.safetensors")
    for words in [
      "aligned, not trained together", "least-squares, 200 images", "alignment-target",
      "(by alignment)",
    ] { #expect(shown.stdout.contains(words), "\(shown.stdout)") }

    let join = ["recombine", "c.safetensors", Self.inkHead, "--output", "m.safetensors"]
    let joined = try place.dovetail(join)
    #expect(joined.status == 0 && joined.stdout.contains("aligned, not trained together"))
    let refused = try place.dovetail(join + ["--refuse-aligned"])
    #expect(refused.status == 3 && refused.stderr.contains("aligned, not trained together"))
    let own = try place.dovetail(
      "recombine", "c.safetensors", Self.neonHead, "--output", "n.safetensors")
    #expect(own.status == 3 && own.stderr.contains("no anchor in common"))
    let model = try place.dovetail("inspect", "m.safetensors")
    #expect(model.stdout.contains("aligned, not trained together"))

    let certificate = try place.dovetail(
      "certify", "c.safetensors", Self.inkHead, "--data", "made-up-neon", "--device", "cpu",
      "--json", "certificate.json")
    #expect([0, 3].contains(certificate.status), "\(certificate.stderr)")
    #expect(certificate.stdout.contains("aligned, not trained together"))
    #expect(try place.text("certificate.json").contains("\"aligned\" : true"))

    for file in ["c.safetensors", Self.inkHead, "m.safetensors", "certificate.json"] {
      #expect(try place.dovetail("library", "add", "parts", file).status == 0)
    }
    let verified = try place.dovetail(
      "library", "verify", "parts", "--data", "made-up-neon", "--device", "cpu")
    #expect(verified.status == 0, "\(verified.stderr)")
    #expect(verified.stdout.contains("1 measured again"))
    let fits = ["library", "search", "parts", "--fits", Self.inkHead]
    #expect(try place.dovetail(fits).stdout.contains("extractor"))
    #expect(try place.dovetail(fits + ["--refuse-aligned"]).stdout == "nothing\n")

    let exported = try place.dovetail("export", "m.safetensors", "--onnx", "m.onnx")
    #expect(exported.status == 0 && place.exists("m.onnx"), "\(exported.stderr)")
    let again = try align(
      place, Self.neon, Self.ink, "c2.safetensors", "--method", "least-squares")
    #expect(try again.status == 0 && place.read("c.safetensors") == place.read("c2.safetensors"))
  }

  @Test func whatCannotBeAlignedSaysWhy() throws {
    let place = try run()
    for method in ["permutation", "permutation-rescaled", "orthogonal"] {
      let run = try align(place, Self.ink, Self.neon, "\(method).safetensors", "--method", method)
      #expect(run.status == 0, "\(run.stderr)")
    }
    let twice = try align(place, "orthogonal.safetensors", Self.neon, "x.safetensors")
    #expect(twice.status == 65 && twice.stderr.contains("align the one that it was made from"))
    let head = try align(place, Self.inkHead, Self.neon, "x.safetensors")
    #expect(head.status == 65 && head.stderr.contains("expected a component of kind extractor"))
    for more in [["--method", "magic"], ["--images", "3"], ["--batch", "1"]] {
      let run = try place.dovetail(
        [
          "align", Self.ink, "--to", Self.neon, "--data", "made-up-ink", "--output",
          "x.safetensors",
        ]
          + more)
      #expect(run.status == 64, "\(more)")
    }
    #expect(!place.exists("x.safetensors"))
  }

  @Test func stitchingIsABound() throws {
    let place = try run()
    let arguments = [
      "stitch", Self.ink, Self.neonHead, "--data", "made-up-ink", "--device", "cpu", "--steps",
    ]
    let run = try place.dovetail(arguments + ["12", "--json", "s.json"])
    #expect(run.status == 0, "\(run.stderr)")
    for words in ["is a bound", "not a measure of compatibility", "random orders", "the identity"] {
      #expect(run.stdout.contains(words), "\(words)")
    }
    let json = try #require(
      try JSONSerialization.jsonObject(with: place.read("s.json")) as? [String: Any])
    for key in ["accuracy", "accuracyBefore", "shuffledAccuracy"] {
      #expect(0...1 ~= (json[key] as? Double ?? -1), "\(key)")
    }
    let again = try place.dovetail(arguments + ["12", "--json", "-"])
    #expect(try again.stdout == place.text("s.json"))
    let none = try place.dovetail(arguments + ["0", "--json", "-"]).json
    #expect(none["accuracy"] as? Double == none["accuracyBefore"] as? Double)
    #expect(none["accuracyBefore"] as? Double == json["accuracyBefore"] as? Double)
  }

  @Test func retrievalAndWhatAChangeCosts() throws {
    let place = try run()
    let run = try place.dovetail(
      "retrieval", Self.ink, Self.neon, "--data", "made-up-ink", "--device", "cpu", "--json",
      "r.json")
    #expect(run.status == 0 && run.stdout.contains("recall@1") && run.stdout.contains("mAP"))
    let json = try #require(
      try JSONSerialization.jsonObject(with: place.read("r.json")) as? [String: Any])
    #expect((json["rows"] as? [[String: Any]])?.count == 4)
    let matrix = try place.dovetail(
      "matrix", Self.ink, Self.inkHead, Self.neon, Self.neonHead, "--data", "made-up-ink",
      "--allow-different-space", "--retrieval", "--device", "cpu", "--json", "m.json")
    #expect(matrix.status == 0, "\(matrix.stderr)")
    #expect(matrix.stdout.contains("recombined / own (flips)"))
    #expect(matrix.stdout.contains("query in gallery"))
    let all = try #require(
      try JSONSerialization.jsonObject(with: place.read("m.json")) as? [String: Any])
    let cells = try #require(all["cells"] as? [[String: Any]])
    let bounds = cells.compactMap { ($0["certificate"] as? [String: Any])?["upperBound"] }
    #expect(cells.count == 4 && bounds.count == 2)
    #expect((all["retrieval"] as? [[String: Any]])?.count == 1)
    let certify = try place.dovetail(
      "certify", Self.ink, Self.neonHead, "--data", "made-up-ink", "--own-head", Self.inkHead,
      "--allow-different-space", "--device", "cpu")
    for words in ["negative flips: ", "positive: ", "recombined / own: "] {
      #expect(certify.stdout.contains(words), "\(certify.stdout)")
    }
  }
}
