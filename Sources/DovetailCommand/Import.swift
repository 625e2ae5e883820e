public import ArgumentParser
public import Dovetail
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

      What the other program did to pictures is in no weight file. For imagenet-resnet torchvision's is \
      taken (224 pixels, the middle of a shorter side of 256, bilinear, ImageNet's mean and deviation), \
      or what timm's config.json beside the file says (--config); for others pixels in [0, 1] of the \
      middle square. --image-size, --resize, --resize-filter, --mean and --std win. It is recorded with \
      the extractor, and predict, certify and all others do it. Batch norm uses the running statistics, \
      as PyTorch in evaluation mode; components trained here use the batch's and fit only imports with \
      --batch-norm batch.

      With --adapter 64 there is no head, and the extractor ends in a fresh adapter to so many channels, \
      for a head that extractors of several architectures share.

        dovetail import resnet18.safetensors --architecture imagenet-resnet \\
          --split stage3 --classes imagenet-classes.txt --output parts
        dovetail import resnet56.safetensors --architecture resnet --split stage2 \\
          --classes cifar10 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 \\
          --output parts
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
  @Option(help: "Height and width of the images (32; of an imagenet-resnet 224).")
  var imageSize: Int?
  @Option(
    help: ArgumentHelp(
      "The shorter side that pictures are resized to before their middle is taken; 0: the middle "
        + "square at its area mean.", valueName: "pixels"))
  var resize: Int?
  @Option(help: ArgumentHelp("Of --resize: bilinear or bicubic, antialiased.", valueName: "filter"))
  var resizeFilter: ResizeFilter?
  @Option(help: ArgumentHelp("Of red, green and blue in [0, 1].", valueName: "r,g,b"))
  var mean: Triple?
  @Option(help: ArgumentHelp("Of red, green and blue in [0, 1].", valueName: "r,g,b"))
  var std: Triple?
  @Option(
    help: ArgumentHelp("timm's config.json: what was done to pictures.", valueName: "file"))
  var config: String?
  @Option(help: "running or batch.") var batchNorm = BatchNormPolicy.running
  @Option(
    help: ArgumentHelp(
      "The extractor alone, behind a fresh adapter to so many channels.", valueName: "channels"))
  var adapter: Int?
  @Option(help: "Of the adapter's weights.") var seed = 0

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
    if let imageSize, !(8...512 ~= imageSize) || imageSize % 4 != 0 {
      throw ValidationError("--image-size: expected 8 to 512, a multiple of 4, got \(imageSize)")
    }
    if resizeFilter != nil, resize == 0 {
      throw ValidationError("--resize-filter: is for --resize, which is 0; leave it out")
    }
    if let adapter, !(1...Architecture.mostAdapterChannels ~= adapter) {
      throw ValidationError(
        "--adapter: expected 1 to \(Architecture.mostAdapterChannels), got \(adapter)")
    }
    if seed < 0 { throw ValidationError("--seed: expected 0 or more, got \(seed)") }
    if let name, name.isEmpty || name.contains("/") || name.hasPrefix(".") {
      throw ValidationError("--name: expected the beginning of a file's name, got “\(name)”")
    }
  }

  func run() throws {
    try ExitStatus.reporting {
      let (preprocessing, origin) = try preprocessing()
      var options = WeightImport.Options(
        classNames: try classNames(), preprocessing: preprocessing)
      options.name = architecture
      options.depth = depth
      options.width = width
      options.split = split
      options.batchNorm = batchNorm
      let backend = CPUBackend()
      let source = try WeightImport(file, options)
      var (extractor, head) = try source.components(on: backend)
      if let adapter {
        extractor = try extractor.adapted(to: adapter, seed: UInt64(seed), on: backend)
      }
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
      if adapter == nil { try ComponentFile.save(head, to: files[1], on: backend) }
      for note in source.notes { Console.log("dovetail: \(note)") }
      if let origin {
        Console.log("dovetail: pictures are prepared as \(origin): \(preprocessing)")
      } else if mean == nil || std == nil {
        Console.log(
          "No --mean and --std: pixels in [0, 1] are taken as they are; give those of the training "
            + "where it had others")
      }
      guard adapter == nil else {
        Console.log(
          "dovetail: the adapter is fresh, and the file's own head does not fit behind it: train a "
            + "head that extractors share")
        Console.print("\(extractor.architecture.inFull)\n\(files[0])")
        return
      }
      Console.print(
        "\(source.architecture), cut after \(source.architecture.split), "
          + "\(source.classNames.count) classes\n\(files.joined(separator: "\n"))")
    }
  }

  /// With the words for whose it is, where it is not what the options say alone.
  private func preprocessing() throws -> (Preprocessing, origin: String?) {
    let standard = try NetworkFamilies.known(architecture).defaultPicture
    var result: Preprocessing
    var origin: String?
    if let config {
      result = try TimmConfig.preprocessing(config)
      origin = "\(config) says"
    } else if let standard {
      result = Preprocessing(
        imageSize: standard.imageSize,
        normalization: Normalization(mean: standard.mean, std: standard.std),
        framing: .crop(
          shorterSide: Int(Double(standard.imageSize) / standard.cropFraction), filter: .bilinear))
      origin = "\(standard.whose) networks do it, as the file does not say"
    } else {
      result = Preprocessing(
        imageSize: 32, normalization: Normalization(mean: [0, 0, 0], std: [1, 1, 1]))
    }
    let filter = resizeFilter ?? result.framing.filter ?? .bilinear
    if let imageSize, imageSize != result.imageSize {
      // The same part of the picture at another size, unless --resize says otherwise.
      if case .crop(let shorterSide, _) = result.framing {
        result.framing = .crop(
          shorterSide: shorterSide * imageSize / result.imageSize, filter: filter)
      }
      result.imageSize = imageSize
    }
    if let resize {
      result.framing = resize == 0 ? .square : .crop(shorterSide: resize, filter: filter)
    } else if case .crop(let shorterSide, _) = result.framing {
      result.framing = .crop(shorterSide: shorterSide, filter: filter)
    } else if resizeFilter != nil {
      throw ValidationError("--resize-filter: is for --resize; give both")
    }
    if let problem = result.framing.problem(imageSize: result.imageSize) {
      throw ValidationError("--resize: \(problem)")
    }
    if let mean { result.normalization.mean = mean.values }
    if let std { result.normalization.std = std.values }
    return (result, origin)
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

extension ResizeFilter: ExpressibleByArgument {}
