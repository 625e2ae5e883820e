// Recombines and predicts, and trains nothing: an extractor and a head that somebody else trained.
//
//     recombine EXTRACTOR HEAD PICTURE…
import Dovetail
import Foundation

let arguments = CommandLine.arguments.dropFirst()
guard arguments.count >= 3 else {
  print("usage: recombine EXTRACTOR HEAD PICTURE...")
  exit(64)
}
let files = Array(arguments)

// Values: nothing is computed, and no device is needed, to see whether two parts fit.
let extractor = try Component(contentsOf: files[0])
let head = try Component(contentsOf: files[1])
let model = try extractor.joined(to: head)
print("they share: \(model.featureSpace)")
try model.write(to: "recombined.safetensors")

// Batch norm takes a batch's statistics, so pictures are named together.
let (predictions, _) = try Predictor(model).predict(
  Array(files.dropFirst(2)), path: "recombined.safetensors", allowSmallBatch: true,
  on: try Device.best.open())
for prediction in predictions {
  let best = prediction.best(1)[0]
  print("\(prediction.path): \(head.header.classNames![best.output]) \(best.probability)")
}
