import Datasets
import Foundation
import Testing

/// recalibrate, predict and export as a user calls them.
@Suite struct PredictTests {
  /// A model of two parts that fit, and pictures.
  private func place(pictures: Int = 40) throws -> Workplace {
    let place = try Workplace()
    try place.write("recipe.yaml", Recipes.tiny)
    let run = try place.dovetail(
      "train", "recipe.yaml", "--device", "cpu", "--output", "run", "--quiet")
    #expect(run.status == 0, "\(run.stderr)")
    let joined = try place.dovetail(
      "recombine", "run/components/ink.extractor.safetensors",
      "run/components/neon.head.safetensors", "--output", "m.safetensors")
    #expect(joined.status == 0, "\(joined.stderr)")
    for index in 0..<pictures {
      let pixels = (0..<16 * 16 * 3).map { UInt8(($0 * (index + 3) + index * index) % 251) }
      let name = "pictures/" + (index < 10 ? "0\(index)" : "\(index)") + ".jpg"
      try place.write(name, try JPEG.encode(pixels, width: 16, height: 16, quality: 90))
    }
    return place
  }

  private func logits(_ place: Workplace, _ arguments: String...) throws -> [String: [Double]] {
    let run = try place.dovetail(["predict"] + arguments + ["--device", "cpu", "--json", "-"])
    #expect(run.status == 0, "\(run.stderr)")
    let images = try #require(try run.json["images"] as? [[String: Any]])
    var all: [String: [Double]] = [:]
    for image in images {
      let path = try #require(image["path"] as? String)
      all[path.split(separator: "/").last.map(String.init)!] = image["logits"] as? [Double]
    }
    return all
  }

  @Test func aRecalibratedModelLooksAtEachImageAlone() throws {
    let place = try place()
    let run = try place.dovetail(
      "recalibrate", "m.safetensors", "--data", "images=pictures", "--device", "cpu", "--output",
      "fixed.safetensors")
    #expect(run.status == 0, "\(run.stderr)")
    let all = try logits(place, "fixed.safetensors", "pictures")
    #expect(all.count == 40)
    let some = try logits(place, "fixed.safetensors", "pictures/17.jpg", "pictures/03.jpg")
    for (name, values) in some {
      let others = try #require(all[name])
      for (a, b) in zip(values, others) { #expect(abs(a - b) <= 1e-5 * max(1, abs(b))) }
    }
    // recombine --recalibrate is both at once.
    let both = try place.dovetail(
      "recombine", "run/components/ink.extractor.safetensors",
      "run/components/neon.head.safetensors", "--recalibrate", "images=pictures", "--device", "cpu",
      "--output", "both.safetensors")
    #expect(both.status == 0, "\(both.stderr)")
    #expect(try place.read("both.safetensors") == place.read("fixed.safetensors"))
    let table = try place.dovetail(
      "predict", "fixed.safetensors", "pictures/05.jpg", "--top", "2", "--device", "cpu")
    #expect(table.status == 0 && table.stdout.hasPrefix("pictures/05.jpg"))
    #expect(table.stdout.filter { $0 == "%" }.count == 2)
  }

  @Test func aModelThatNormalizesByTheBatchRefusesAFew() throws {
    let place = try place()
    let few = ["predict", "m.safetensors", "pictures/00.jpg", "--device", "cpu"]
    let refused = try place.dovetail(few)
    #expect(
      refused.status == 64 && refused.stdout == ""
        && refused.stderr.contains(
          "fewer than 32: give more, recalibrate the model (dovetail recalibrate), ")
    )
    #expect(try place.dovetail(few + ["--allow-small-batch"]).status == 0)
    let many = try place.dovetail("predict", "m.safetensors", "pictures", "--device", "cpu")
    #expect(many.status == 0 && many.stderr.contains("depends on the others"))
    #expect(many.stdout.split(separator: "\n").count == 40)
  }

  @Test func damagedImagesStopItOrAreLeftOut() throws {
    let place = try place(pictures: 33)
    try place.write("pictures/broken.jpg", Array(try place.read("pictures/00.jpg").prefix(60)))
    let stopped = try place.dovetail("predict", "m.safetensors", "pictures", "--device", "cpu")
    #expect(stopped.status == 65 && stopped.stderr.contains("broken.jpg") && stopped.stdout == "")
    let left = try place.dovetail(
      "predict", "m.safetensors", "pictures", "--device", "cpu", "--skip-damaged")
    #expect(left.status == 0 && left.stderr.contains("broken.jpg"))
    #expect(left.stdout.split(separator: "\n").count == 33)
    for (arguments, status) in [
      (["m.safetensors", "gone.jpg"], Int32(66)),
      (["run/components/ink.extractor.safetensors", "pictures"], 65),
      (["m.safetensors", "pictures", "--top", "0"], 64),
    ] {
      #expect(try place.dovetail(["predict"] + arguments).status == status, "\(arguments)")
    }
  }

  /// What ONNX Runtime makes of them, Tools/check-onnx.py looks at.
  @Test func componentsAreExportedAlikeEachTime() throws {
    let place = try place(pictures: 0)
    for (file, output, contents) in [
      (
        "m.safetensors", "m.onnx",
        ["images", "logits", "extractor.conv1.weight", "head.linear.bias"]
      ),
      ("run/components/ink.extractor.safetensors", "e.onnx", ["images", "features"]),
      ("run/components/ink.head.safetensors", "h.onnx", ["features", "logits"]),
      ("run/components/auxiliary/rotation.safetensors", "r.onnx", ["features", "logits"]),
    ] {
      let run = try place.dovetail("export", file, "--onnx", output)
      #expect(run.status == 0, "\(run.stderr)")
      let text = String(decoding: try place.read(output), as: UTF8.self)
      for name in contents { #expect(text.contains(name), "\(output): \(name)") }
      _ = try place.dovetail("export", file, "--onnx", "again.onnx")
      #expect(try place.read("again.onnx") == place.read(output))
    }
    try place.write("no.safetensors", "nothing")
    let bad = try place.dovetail("export", "no.safetensors", "--onnx", "x.onnx")
    #expect(bad.status == 65 && !place.exists("x.onnx"))
  }
}
