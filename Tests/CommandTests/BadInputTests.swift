import Foundation
import Testing

/// What the outside world can get wrong: one message that says what and where, the exit status, and
/// nothing half-written.
@Suite struct BadInputTests {
  /// Runs `train r.yaml` where it must fail, and checks all that is the same for every failure.
  private func failure(
    _ place: Workplace, _ more: [String] = ["--output", "run", "--json", "out.json"],
    status: Int32, says fragments: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = place.files()
    let run = try place.dovetail(["train", "r.yaml", "--device", "cpu"] + more)
    #expect(run.status == status, "\(run.stderr)", sourceLocation: sourceLocation)
    #expect(run.stdout == "", sourceLocation: sourceLocation)
    let message = try #require(run.messages.first, sourceLocation: sourceLocation)
    #expect(message.hasPrefix("dovetail: error: "), sourceLocation: sourceLocation)
    for fragment in fragments {
      #expect(run.stderr.contains(fragment), "\(run.stderr)", sourceLocation: sourceLocation)
    }
    #expect(
      run.stderr.components(separatedBy: "error: ").count == 2 || status == 78,
      sourceLocation: sourceLocation)
    #expect(place.files() == before, sourceLocation: sourceLocation)
  }

  // MARK: Recipes

  @Test(arguments: [
    ("stepps: 3", ["line 8", "stepps", "did you mean “steps”?"]),
    ("learning_rate: 3", ["line 8", "learning_rate", "did you mean “learning-rate”?"]),
    ("zebra: 3", ["line 8", "zebra", "known keys: image-size, tasks"]),
    ("learning-rate: fast", ["line 8", "learning-rate", "expected a number", "“fast”"]),
    ("seed: -1", ["line 8", "seed", "expected a whole number from 0", "“-1”"]),
    ("seed: 1.5", ["line 8", "seed", "“1.5”"]),
    ("validation: 2", ["line 8", "validation", "“2”"]),
    ("scheme: jont", ["line 8", "scheme", "joint, incremental", "did you mean “joint”?"]),
    ("architecture: {depth: 9}", ["line 8", "6n + 2", "8 and 14"]),
    ("architecture: {split: stage4}", ["line 8", "stage1, stage2, stage3", "“stage4”"]),
    ("own-rotation-head: true", ["own-rotation-head", "choose one"]),
    ("augment: perhaps", ["line 8", "augment", "true, false or a list"]),
    ("scheme: [joint", ["not valid YAML"]),
  ])
  func aWrongRecipeIs78(line: String, fragments: [String]) throws {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny + line + "\n")
    try failure(place, status: 78, says: ["r.yaml"] + fragments)
  }

  @Test(arguments: [
    ("", ["is empty"]),
    ("steps: 3\n", ["the key “tasks” is missing"]),
    ("tasks: 3\n", ["tasks", "expected a list"]),
    ("tasks: []\n", ["at least one"]),
    ("tasks: [{dataset: cifar11, path: x}]\n", ["cifar11", "did you mean “cifar10”?"]),
    ("tasks: [{dataset: cifar10}]\n", ["cifar10", "needs a path"]),
    ("tasks: [{dataset: made-up-ink}, {dataset: made-up-ink}]\n", ["names must differ"]),
    ("tasks: [{name: ../x, dataset: made-up-ink}]\n", ["../x"]),
  ])
  func wrongTasksAre78(yaml: String, fragments: [String]) throws {
    let place = try Workplace()
    try place.write("r.yaml", yaml)
    try failure(place, status: 78, says: ["r.yaml"] + fragments)
  }

  @Test func aMissingRecipeIs66() throws {
    try failure(try Workplace(), status: 66, says: ["r.yaml", "no such recipe"])
  }

  // MARK: Data

  private func cifar(_ train: [UInt8], _ test: [UInt8]) throws -> Workplace {
    let place = try Workplace()
    try place.write("c10/data_batch_1.bin", train)
    try place.write("c10/test_batch.bin", test)
    try place.write("r.yaml", "tasks: [{dataset: cifar10, path: c10}]\n")
    return place
  }

  @Test func aMissingFolderIs66() throws {
    let place = try Workplace()
    try place.write("r.yaml", "tasks: [{dataset: cifar10, path: nowhere}]\n")
    try failure(place, status: 66, says: ["nowhere", "no such folder", "data_batch_1.bin"])
  }

  @Test func aMissingTestFileIs66() throws {
    let place = try cifar([UInt8](repeating: 0, count: 3073), [])
    try FileManager.default.removeItem(at: place.url("c10/test_batch.bin"))
    try failure(place, status: 66, says: ["c10/test_batch.bin", "no such file"])
  }

  @Test func aTruncatedFileIs65() throws {
    let place = try cifar(
      [UInt8](repeating: 0, count: 2 * 3073 - 1), [UInt8](repeating: 0, count: 3073))
    try failure(
      place, status: 65, says: ["c10/data_batch_1.bin", "3073", "found 6145 bytes", "truncated"])
  }

  @Test func anEmptyFileIs65() throws {
    let place = try cifar([UInt8](repeating: 0, count: 3073), [])
    try failure(place, status: 65, says: ["c10/test_batch.bin", "found 0 bytes"])
  }

  @Test func aLabelThatCannotBeIs65() throws {
    var records = [UInt8](repeating: 0, count: 2 * 3073)
    records[3073] = 10
    let place = try cifar(records, [UInt8](repeating: 0, count: 3073))
    try failure(
      place, status: 65, says: ["c10/data_batch_1.bin", "record 1 (byte 3073)", "got 10"])
  }

  @Test func anSTL10WithTooFewLabelsIs65() throws {
    let place = try Workplace()
    for part in ["train", "test"] {
      try place.write("stl/\(part)_X.bin", [UInt8](repeating: 0, count: 2 * 27_648))
      try place.write("stl/\(part)_y.bin", [1])
    }
    try place.write("r.yaml", "tasks: [{dataset: stl10, path: stl}]\n")
    try failure(place, status: 65, says: ["stl/train_"])
  }

  @Test func aFileThatIsNoPictureIs65() throws {
    let place = try Workplace()
    for part in ["train", "test"] { try place.write("f/\(part)/a/1.JPEG", "no picture") }
    try place.write("r.yaml", "tasks: [{dataset: folder, path: f}]\n")
    try failure(
      place, status: 65, says: ["f/train/a/1.JPEG", "is a text file", "damaged-images: skip"])
  }

  @Test func aFolderWithoutATestPartIs66() throws {
    let place = try Workplace()
    try place.write("f/train/a/1.JPEG", "no picture")
    try place.write("r.yaml", "tasks: [{dataset: folder, path: f}]\n")
    try failure(place, status: 66, says: ["f/test", "test: 0.2"])
  }

  // MARK: Output

  private func tiny() throws -> Workplace {
    let place = try Workplace()
    try place.write("r.yaml", Recipes.tiny)
    return place
  }

  @Test(arguments: ["r.yaml", "r.yaml/run"])
  func outputWhereAFileStandsIs73(output: String) throws {
    try failure(try tiny(), ["--output", output], status: 73, says: ["r.yaml"])
  }

  @Test func outputWithOtherThingsInItIs73() throws {
    let place = try tiny()
    try place.write("mine/letter.txt", "Dear")
    try failure(place, ["--output", "mine"], status: 73, says: ["mine", "another --output"])
  }

  @Test func outputOfAnotherRecipeIs73AndStays() throws {
    let place = try tiny()
    #expect(try place.dovetail("train", "r.yaml", "--steps", "0", "--output", "run").status == 0)
    let results = try place.read("run/results.json")
    try failure(place, ["--output", "run"], status: 73, says: ["run", "another recipe"])
    #expect(try place.read("run/results.json") == results)
  }

  // Root may write anywhere.
  @Test(.enabled(if: geteuid() != 0, "runs as root, which may write anywhere"))
  func outputThatIsReadOnlyIs73() throws {
    let place = try tiny()
    try FileManager.default.createDirectory(
      at: place.url("closed"), withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o555])
    try failure(place, ["--output", "closed/run"], status: 73, says: ["closed"])
    try failure(place, ["--json", "closed/out.json"], status: 73, says: ["closed"])
  }

  @Test(arguments: ["r.yaml/out.json", "."])
  func jsonThatCannotBeWrittenIs73BeforeTheTraining(path: String) throws {
    try failure(try tiny(), ["--json", path, "--output", "run"], status: 73, says: ["--json"])
  }

  @Test func theDemoFindsOutFirstToo() throws {
    let place = try tiny()
    let run = try place.dovetail("demo", "--device", "cpu", "--output", "r.yaml")
    #expect(run.status == 73)
    #expect(run.messages.count == 1)
    #expect(place.files() == ["r.yaml"])
  }
}
