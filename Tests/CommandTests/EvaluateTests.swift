import Foundation
import Testing

@Suite struct EvaluateTests {
  /// A run of no steps: its files are all that matters here.
  private func run() throws -> Workplace {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny)
    let run = try place.dovetail(
      "train", "r.yaml", "--device", "cpu", "--steps", "0", "--output", "run")
    #expect(run.status == 0)
    return place
  }

  private func failure(
    _ place: Workplace, _ directory: String, status: Int32, says fragments: [String]
  ) throws {
    let before = place.files()
    let run = try place.dovetail("evaluate", directory, "--device", "cpu", "--json", "out.json")
    #expect(run.status == status, "\(run.stderr)")
    #expect(run.stdout == "")
    #expect(run.messages.count == 1)
    for fragment in fragments { #expect(run.stderr.contains(fragment), "\(run.stderr)") }
    #expect(place.files() == before)
  }

  @Test func aDirectoryThatIsNoRunIs66() throws {
    let place = try Workplace()
    try place.write("mine/letter.txt", "Dear")
    let advice = "give one that `dovetail train --output` wrote"
    try failure(place, "nowhere", status: 66, says: ["nowhere", "no such directory; \(advice)"])
    try failure(place, "mine", status: 66, says: ["mine", "recipe.yaml; \(advice)"])
  }

  @Test func aMissingComponentIs66() throws {
    let place = try run()
    let name = "run/components/neon.head.safetensors"
    try FileManager.default.removeItem(at: place.url(name))
    try failure(place, "run", status: 66, says: [name])
  }

  @Test func aTruncatedComponentIs65() throws {
    let place = try run()
    let name = "run/components/ink.extractor.safetensors"
    let bytes = [UInt8](try place.read(name))
    try place.write(name, Array(bytes.dropLast()))
    try failure(place, "run", status: 65, says: [name])
    try place.write(name, Array(bytes.prefix(100)))
    try failure(place, "run", status: 65, says: [name])
  }

  @Test func aHeadInAnExtractorsPlaceIs65() throws {
    let place = try run()
    try place.write(
      "run/components/ink.extractor.safetensors",
      [UInt8](try place.read("run/components/ink.head.safetensors")))
    try failure(place, "run", status: 65, says: ["run/components/ink.extractor.safetensors"])
  }

  @Test func resultsThatCannotBeUnderstoodAre65() throws {
    let place = try run()
    try place.write("run/results.json", "{}")
    try failure(place, "run", status: 65, says: ["run", "results.json"])
  }
}
