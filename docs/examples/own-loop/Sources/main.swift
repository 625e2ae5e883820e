// A training loop of one's own: one network on synthetic images, with the library's layers, tape,
// optimizer and evaluator, and nothing of its trainer.
import Dovetail

let backend = try Device.best.open()
let data = try Dataset.load(.syntheticInk, path: nil, imageSize: 32)
let classes = data.classNames.count
let batchSize = 64

// A network is an extractor and a head; where it is cut matters only when it is recombined.
let architecture = Architecture(name: .resnet, depth: 8, split: .stage2)
let extractor = architecture.makeExtractor(on: backend, seed: 0)
let head = architecture.makeHead(classes: classes, on: backend, seed: 0)
let parameters = extractor.parameters + head.parameters
let optimizer = AdamW(weightDecay: 0.01)

// All training images lie on the device; what is done to them is part of fetching a minibatch.
let preprocessing = Preprocessing(imageSize: 32, normalization: data.train.normalization)
let store = backend.makeImageStore(
  bytes: data.train.bytes, count: data.train.count, height: 32, width: 32)
var random = RandomStream(seed: 0, .dataOrder)

for step in 0..<120 {
  let chosen = (0..<batchSize).map { _ in random.below(data.train.count) }
  let images = backend.makeTensor([batchSize, 32, 32, 3])
  backend.gatherImages(
    store,
    transforms: chosen.map { ImageTransform(index: Int32($0), flip: random.below(2) == 1) },
    mean: preprocessing.normalization.mean, std: preprocessing.normalization.std, into: images)

  // Forward on a tape, backward, update. Every loss is a sum of such terms.
  let tape = Tape(on: backend)
  let context = ForwardContext(tape: tape, statistics: .batch(updateRunning: true))
  let logits = head(extractor(Variable(images), context), context)
  let labels = backend.makeLabels(chosen.map { data.train.labels[$0] })
  let loss = tape.softmaxCrossEntropy(
    logits, labels, divisor: Float(batchSize), smoothing: 0.1)
  tape.backward(from: [loss])
  optimizer.step(parameters, learningRate: 0.003, on: backend)

  if step % 40 == 39 { print("step \(step + 1): loss \(try backend.download(loss.value)[0])") }
}

let network = try Recombination(
  FeatureExtractor(architecture: architecture, preprocessing: preprocessing, layers: extractor),
  TaskHead(architecture: architecture, classNames: data.classNames, layers: head))
let outcome = try Evaluator(batchSize: batchSize, on: backend)
  .evaluate(network, on: data.test, labelNames: data.classNames)!
print("accuracy on \(outcome.images) test images: \(outcome.accuracy)")
