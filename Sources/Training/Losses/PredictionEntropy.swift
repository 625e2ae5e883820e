package import Autograd
import Foundation
import Tensors

extension Tape {
  /// What a network's own predictions say of themselves, with p[n] = softmax(logits[n]), their mean
  /// q = Σ_n p[n] / N and the entropy H(p) = −Σ_k p[k] · log p[k]:
  ///
  ///     loss = weight · (Σ_n H(p[n]) / N − diversity · H(q))
  ///
  /// logits `[N, K]`, loss `[1]`. With diversity 0 it asks for predictions that are sure (Wang et
  /// al. 2021), with 1 also for as many of each class (Liang et al. 2020). Keeps log p and log q.
  /// The gradient of logits[n, k] is
  ///
  ///     weight / N · p[k] · (−log p[k] − H(p) + diversity · (log q[k] − Σ_j p[j] · log q[j]))
  package func predictionEntropy(
    _ logits: Variable, diversity: Float, weight: Float
  ) -> Variable {
    precondition(
      logits.shape.rank == 2, "predictionEntropy: needs [N,K], got \(logits.shape)")
    let (n, k) = (logits.shape[0], logits.shape[1])
    let backend = backend
    let logs = backend.makeTensor([n, k])
    let entropies = backend.makeTensor([n])
    backend.run(
      Self.logarithms, [.read(logits.value), .write(logs), .write(entropies), .int(k)], items: n)
    let means = backend.makeTensor([k])
    backend.run(Self.meanLogarithms, [.read(logs), .write(means), .int(n), .int(k)], items: k)
    let loss = backend.makeTensor([1])
    backend.run(
      Self.entropyLoss,
      [
        .read(entropies), .read(means), .write(loss), .int(n), .int(k), .float(diversity),
        .float(weight),
      ], items: 1)
    return custom(loss, of: [logits]) { dloss in
      let gradient = backend.makeTensor([n, k])
      backend.run(
        Self.entropyGradient,
        [
          .read(logs), .read(entropies), .read(means), .read(dloss), .write(gradient), .int(k),
          .float(diversity), .float(weight / Float(n)),
        ], items: n)
      return [gradient]
    }
  }

  /// log p by image, and H(p).
  private static let logarithms = CustomKernel(
    name: "entropy_logarithms",
    source: """
      __kernel void entropy_logarithms(
          __global const float* logits, __global float* logs, __global float* entropies,
          const int k, const int count) {
        const int n = get_global_id(0);
        if (n >= count) return;
        __global const float* row = logits + (size_t)n * k;
        float top = row[0];
        for (int i = 1; i < k; i++) top = fmax(top, row[i]);
        float sum = 0.0f;
        for (int i = 0; i < k; i++) sum += exp(row[i] - top);
        const float surprise = log(sum) + top;
        float entropy = 0.0f;
        for (int i = 0; i < k; i++) {
          const float value = row[i] - surprise;
          logs[(size_t)n * k + i] = value;
          entropy -= exp(value) * value;
        }
        entropies[n] = entropy;
      }
      """
  ) { items, arguments in
    let (logits, logs) = (arguments.floats(0), arguments.floats(1))
    let (entropies, k) = (arguments.floats(2), arguments.int(3))
    for n in items {
      var top = logits[n * k]
      for i in 1..<max(k, 1) { top = max(top, logits[n * k + i]) }
      var sum: Float = 0
      for i in 0..<k { sum += exp(logits[n * k + i] - top) }
      let surprise = log(sum) + top
      var entropy: Float = 0
      for i in 0..<k {
        let value = logits[n * k + i] - surprise
        logs[n * k + i] = value
        entropy -= exp(value) * value
      }
      entropies[n] = entropy
    }
  }

  /// log q by class; a class that no image may be of counts as one of next to no probability.
  private static let meanLogarithms = CustomKernel(
    name: "entropy_means",
    source: """
      __kernel void entropy_means(
          __global const float* logs, __global float* means, const int n, const int k,
          const int count) {
        const int i = get_global_id(0);
        if (i >= count) return;
        float sum = 0.0f;
        for (int j = 0; j < n; j++) sum += exp(logs[(size_t)j * k + i]);
        means[i] = log(fmax(sum / n, 1e-37f));
      }
      """, chunk: 8
  ) { items, arguments in
    let (logs, means) = (arguments.floats(0), arguments.floats(1))
    let (n, k) = (arguments.int(2), arguments.int(3))
    for i in items {
      var sum: Float = 0
      for j in 0..<n { sum += exp(logs[j * k + i]) }
      means[i] = log(max(sum / Float(n), 1e-37))
    }
  }

  private static let entropyLoss = CustomKernel(
    name: "entropy_loss",
    source: """
      __kernel void entropy_loss(
          __global const float* entropies, __global const float* means, __global float* loss,
          const int n, const int k, const float diversity, const float weight, const int count) {
        if (get_global_id(0) > 0) return;
        float sum = 0.0f, spread = 0.0f;
        for (int j = 0; j < n; j++) sum += entropies[j];
        for (int i = 0; i < k; i++) spread -= exp(means[i]) * means[i];
        loss[0] = weight * (sum / n - diversity * spread);
      }
      """
  ) { _, arguments in
    let (entropies, means) = (arguments.floats(0), arguments.floats(1))
    let (n, k) = (arguments.int(3), arguments.int(4))
    var (sum, spread): (Float, Float) = (0, 0)
    for j in 0..<n { sum += entropies[j] }
    for i in 0..<k { spread -= exp(means[i]) * means[i] }
    arguments.floats(2)[0] = arguments.float(6) * (sum / Float(n) - arguments.float(5) * spread)
  }

  private static let entropyGradient = CustomKernel(
    name: "entropy_gradient",
    source: """
      __kernel void entropy_gradient(
          __global const float* logs, __global const float* entropies,
          __global const float* means, __global const float* dloss, __global float* gradient,
          const int k, const float diversity, const float scale, const int count) {
        const int n = get_global_id(0);
        if (n >= count) return;
        __global const float* row = logs + (size_t)n * k;
        float crossed = 0.0f;
        for (int i = 0; i < k; i++) crossed += exp(row[i]) * means[i];
        for (int i = 0; i < k; i++) {
          const float sure = -row[i] - entropies[n];
          const float spread = diversity * (means[i] - crossed);
          gradient[(size_t)n * k + i] = dloss[0] * scale * exp(row[i]) * (sure + spread);
        }
      }
      """
  ) { items, arguments in
    let (logs, entropies, means) = (arguments.floats(0), arguments.floats(1), arguments.floats(2))
    let (gradient, k) = (arguments.floats(4), arguments.int(5))
    let (diversity, scale) = (arguments.float(6), arguments.floats(3)[0] * arguments.float(7))
    for n in items {
      var crossed: Float = 0
      for i in 0..<k { crossed += exp(logs[n * k + i]) * means[i] }
      for i in 0..<k {
        let sure = -logs[n * k + i] - entropies[n]
        let spread = diversity * (means[i] - crossed)
        gradient[n * k + i] = scale * exp(logs[n * k + i]) * (sure + spread)
      }
    }
  }
}
