import Dovetail
import Foundation

/// A test image, and what one network's extractor under the other's head takes it for.
struct DemoPicture {
  let extractor: String
  let head: String
  let size: Int
  /// RGB, row by row.
  let pixels: [UInt8]
  let className: String
  /// Of the pair that was trained as usual.
  let usual: String
  let compatible: String
}

enum DemoPictures {
  /// Two of each domain: the first test images of two classes, chosen before anything was trained.
  static func all(
    _ recipe: Recipe, _ datasets: [Dataset], independent: RunDirectory, compatible: RunDirectory,
    on backend: any Backend
  ) throws -> [DemoPicture] {
    let classMap = try recipe.classMap(datasets)
    let common = classMap.common
    // As they are measured: batches of images of the common classes.
    let evaluator = Evaluator(batchSize: recipe.batchSize, on: backend)
    var pictures: [DemoPicture] = []
    for (from, to) in [(0, 1), (1, 0)] {
      let names = classMap.names[from]
      let test = datasets[from].test
      let images = test.subset(
        test.labels.indices.filter { common.contains(names[Int(test.labels[$0])]) })
      func guesses(_ directory: RunDirectory) throws -> [String] {
        let model = try Model(
          extractor: try ComponentFile.read(
            directory.extractor(recipe.tasks[from].name), as: .extractor),
          head: try ComponentFile.read(directory.head(recipe.tasks[to].name), as: .head),
          allowDifferentSpace: true)
        let network = try model.makeModel(path: directory.path, on: backend)
        return try evaluator.predictions(network, images).map { network.head.classNames[$0] }
      }
      let (usual, fitting) = (try guesses(independent), try guesses(compatible))
      for number in [2 * from + 1, 2 * from + 4] {
        let name = common[number % common.count]
        guard let index = images.labels.firstIndex(where: { names[Int($0)] == name }) else {
          continue
        }
        let area = 3 * images.size * images.size
        pictures.append(
          DemoPicture(
            extractor: recipe.tasks[from].name, head: recipe.tasks[to].name, size: images.size,
            pixels: Array(images.bytes[index * area..<(index + 1) * area]), className: name,
            usual: usual[index], compatible: fitting[index]))
      }
    }
    return pictures
  }
}

/// Pictures as letters, side by side: in color by half blocks, two pixels each, else by how bright
/// they are.
enum PictureText {
  private static let columns = 16
  private static let ramp = Array(" .:-=+*#%@")

  /// Does stdout show colors, and may it?
  static var hasColor: Bool {
    let environment = ProcessInfo.processInfo.environment
    let term = environment["TERM"] ?? ""
    return isatty(1) != 0 && (environment["NO_COLOR"] ?? "").isEmpty
      && (term.contains("256color") || !(environment["COLORTERM"] ?? "").isEmpty)
  }

  static func rows(_ pictures: [(size: Int, pixels: [UInt8])], inColor: Bool) -> [String] {
    (0..<columns / 2).map { row in
      pictures.map { picture in
        (0..<columns).map { column -> String in
          let upper = color(picture, column, 2 * row)
          let lower = color(picture, column, 2 * row + 1)
          if inColor {
            return "\u{1B}[38;5;\(index(upper));48;5;\(index(lower))m▀"
          }
          let brightness = (upper + lower).reduce(0, +) / Double(6 * 256)
          return String(ramp[min(Int(brightness * Double(ramp.count)), ramp.count - 1)])
        }.joined() + (inColor ? "\u{1B}[0m" : "")
      }.joined(separator: "   ")
    }
  }

  /// Mean of a cell's pixels.
  private static func color(
    _ picture: (size: Int, pixels: [UInt8]), _ column: Int, _ row: Int
  ) -> [Double] {
    let side = picture.size / columns
    var sum = [0.0, 0, 0]
    for y in row * side..<(row + 1) * side {
      for x in column * side..<(column + 1) * side {
        for channel in 0..<3 {
          sum[channel] += Double(picture.pixels[3 * (y * picture.size + x) + channel])
        }
      }
    }
    return sum.map { $0 / Double(side * side) }
  }

  /// Of the 216 colors of a terminal's palette the next one.
  private static func index(_ color: [Double]) -> Int {
    let levels = color.map { value in
      value < 48 ? 0 : value < 115 ? 1 : min(5, Int((value - 35) / 40))
    }
    return 16 + 36 * levels[0] + 6 * levels[1] + levels[2]
  }
}
