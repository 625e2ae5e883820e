import Datasets
public import Files
import Foundation

/// The `config.json` that timm publishes beside weights: what is done to pictures before the network.
public enum TimmConfig {
  private struct Values: Decodable {
    var inputSize: [Int]?
    var interpolation: String?
    var cropFraction: Double?
    var cropMode: String?
    var mean: [Float]?
    var std: [Float]?

    private enum CodingKeys: String, CodingKey {
      case inputSize = "input_size"
      case interpolation
      case cropFraction = "crop_pct"
      case cropMode = "crop_mode"
      case mean, std
    }
  }

  private struct Outer: Decodable {
    var pretrained: Values?

    private enum CodingKeys: String, CodingKey { case pretrained = "pretrained_cfg" }
  }

  /// Where it says nothing, timm's own standards: crop_pct 0.875, bicubic, ImageNet's mean and
  /// deviation.
  /// - Throws: `FileError` where the file is missing, no such JSON, or asks for what is not done here.
  public static func preprocessing(_ path: String) throws(FileError) -> Preprocessing {
    func malformed(_ problem: String) -> FileError {
      FileError(kind: .malformed, path: path, problem: problem)
    }
    let bytes = try ComponentFile.bytes(path)
    let values: Values
    do {
      _ = try StrictJSON.parse(bytes[...])
      let data = Data(bytes)
      values =
        try JSONDecoder().decode(Outer.self, from: data).pretrained
        ?? JSONDecoder().decode(Values.self, from: data)
    } catch {
      throw malformed(
        "is no configuration of timm's: expected a JSON object with pretrained_cfg, or with "
          + "input_size, interpolation, crop_pct, mean and std")
    }
    guard let input = values.inputSize, input.count == 3, input[0] == 3, input[1] == input[2],
      8...512 ~= input[1], input[1] % 4 == 0
    else {
      throw malformed(
        "input_size: expected [3, size, size], the size from 8 to 512 and a multiple of 4, got "
          + (values.inputSize.map { "\($0)" } ?? "nothing"))
    }
    guard ["center", nil].contains(values.cropMode) else {
      throw malformed("crop_mode: expected center, got \(values.cropMode!)")
    }
    guard let filter = ResizeFilter(rawValue: values.interpolation ?? "bicubic") else {
      throw malformed(
        "interpolation: expected \(ResizeFilter.allCases.map(\.rawValue).joined(separator: " or ")), "
          + "got \(values.interpolation!)")
    }
    let fraction = values.cropFraction ?? 0.875
    guard 0.1...1 ~= fraction else {
      throw malformed("crop_pct: expected 0.1 to 1, got \(fraction)")
    }
    let mean = values.mean ?? [0.485, 0.456, 0.406]
    let std = values.std ?? [0.229, 0.224, 0.225]
    guard mean.count == 3, std.count == 3, std.allSatisfy({ $0 > 0 }) else {
      throw malformed("mean and std: expected three numbers each, got \(mean) and \(std)")
    }
    return Preprocessing(
      imageSize: input[1], normalization: Normalization(mean: mean, std: std),
      framing: .crop(shorterSide: Int(Double(input[1]) / fraction), filter: filter))
  }
}
