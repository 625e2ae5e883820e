import ArgumentParser
import Dovetail
import Foundation

struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make an extractor and a head of another program's weights.",
    discussion: """
      Takes safetensors files with torchvision's or timm's names or those of the usual CIFAR ResNets \
      (a prefix that all names have, such as module. or model., and fc or linear for the last layer \
      are understood; F16, BF16 and F64 become F32). Depth, width and the kind of shortcuts are \
      found in the file; depth and width can be given. Both halves state the file's digest as their \
      feature space, so they fit each other.

      What the other program did to images is in no weight file: give --mean and --std as it had \
      them, else pixels in [0, 1] are taken as they are. Batch norm uses the running statistics, \
      as PyTorch in evaluation mode; components trained here use the batch's and fit only imports \
      with --batch-norm batch.

        dovetail import resnet56.safetensors --architecture resnet --split stage2 \
      --classes cifar10 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --output parts
      """)

  @Argument(help: "The weights, a safetensors file.") var file: String
  @Option(help: ArgumentHelp(ArchitectureHelp.names)) var architecture: Architecture.Name
  @Option(help: ArgumentHelp(ArchitectureHelp.depths())) var depth: Int?
  @Option(help: "What the channels are multiplied by.") var width: Double?
  @Option(help: ArgumentHelp(ArchitectureHelp.splits)) var split: Split?
  @Option(
    help: ArgumentHelp(
      "The classes by output: names with commas between, a file with a name a line, or cifar10, "
        + "cifar100 or stl10.", valueName: "names"))
  var classes: String
  @Option(help: ArgumentHelp("Directory for the two components.", valueName: "dir"))
  var output: String
  @Option(help: "What the components are called (default: as the file).") var name: String?
  @Option(help: "Height and width of the images.") var imageSize = 32
  @Option(help: ArgumentHelp("Of red, green and blue in [0, 1].", valueName: "r,g,b"))
  var mean: Triple?
  @Option(help: ArgumentHelp("Of red, green and blue in [0, 1].", valueName: "r,g,b"))
  var std: Triple?
  @Option(help: "running or batch.") var batchNorm = BatchNormPolicy.running

  struct Triple: ExpressibleByArgument {
    let values: [Float]

    init?(argument: String) {
      values = argument.split(separator: ",").compactMap {
        Float($0.trimmingCharacters(in: .whitespaces))
      }
      guard values.count == 3, values.allSatisfy(\.isFinite) else { return nil }
    }
  }

  func validate() throws {
    if batchNorm == .recalibrated {
      throw ValidationError("--batch-norm: expected running or batch, got recalibrated")
    }
    if let std, !std.values.allSatisfy({ $0 > 0 }) {
      throw ValidationError("--std: expected positive numbers")
    }
    if !(8...512 ~= imageSize) || imageSize % 4 != 0 {
      throw ValidationError("--image-size: expected 8 to 512, a multiple of 4, got \(imageSize)")
    }
    if let name, name.isEmpty || name.contains("/") || name.hasPrefix(".") {
      throw ValidationError("--name: expected the beginning of a file's name, got “\(name)”")
    }
  }

  func run() throws {
    try ExitStatus.reporting {
      var options = WeightImport.Options(
        classNames: try classNames(),
        preprocessing: Preprocessing(
          imageSize: imageSize,
          normalization: Normalization(
            mean: mean?.values ?? [0, 0, 0], std: std?.values ?? [1, 1, 1])))
      options.name = architecture
      options.depth = depth
      options.width = width
      options.split = split
      options.batchNorm = batchNorm
      let backend = CPUBackend()
      let source = try WeightImport(file, options)
      let (extractor, head) = try source.components(on: backend)
      do {
        try FileManager.default.createDirectory(
          atPath: output, withIntermediateDirectories: true)
      } catch {
        throw OutputError(
          description: "--output \(output): cannot be created: \(error.localizedDescription)")
      }
      let stem =
        name ?? URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
      let files = ["extractor", "head"].map { "\(output)/\(stem).\($0).safetensors" }
      try ComponentFile.save(extractor, to: files[0], on: backend)
      try ComponentFile.save(head, to: files[1], on: backend)
      for note in source.notes { Console.log("dovetail: \(note)") }
      if mean == nil || std == nil {
        Console.log(
          "No --mean and --std: pixels in [0, 1] are taken as they are; give those of the training "
            + "where it had others")
      }
      Console.print(
        "\(source.architecture), cut after \(source.architecture.split), "
          + "\(source.classNames.count) classes\n\(files.joined(separator: "\n"))")
    }
  }

  /// Canonical, as heads hold them.
  private func classNames() throws -> [String] {
    var names: [String]
    if let known = DatasetKind(rawValue: classes)?.classNames {
      names = known
    } else if let data = FileManager.default.contents(atPath: classes) {
      names = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
        .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    } else {
      names = classes.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    names = try ClassMap([(names, [:])]).names[0]
    guard !names.isEmpty, Set(names).count == names.count else {
      throw ValidationError("--classes: expected names, each once, got “\(classes)”")
    }
    return names
  }
}
