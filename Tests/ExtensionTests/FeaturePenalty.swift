import Dovetail

/// weight · ½ · the mean of the squared features: a loss of its own, with kernels of its own.
struct FeaturePenalty: LossTerm {
  let name = "feature-penalty"
  let weight: Double

  func parameters(of network: TaskNetwork) -> [Parameter] { [] }

  func loss(_ input: LossInput) -> Variable {
    let (features, backend) = (input.features, input.context.backend)
    let x = features.value
    let scale = Float(weight / Double(x.count))
    let loss = backend.makeTensor([1], filledWith: 0)
    backend.run(Self.sum, [.float(scale / 2), .read(x), .int(x.count), .write(loss)], items: 1)
    return input.context.tape.custom(loss, of: [features]) { _ in
      let gradient = backend.makeTensor(x.shape)
      backend.run(Self.scaled, [.float(scale), .read(x), .write(gradient)], items: x.count)
      return [gradient]
    }
  }

  private static let sum = CustomKernel(
    name: "half_square",
    source: """
      __kernel void half_square(
          const float scale, __global const float* x, const int size, __global float* loss,
          const int count) {
        if (get_global_id(0) > 0) return;
        float sum = 0.0f;
        for (int i = 0; i < size; i++) sum = fma(x[i], x[i], sum);
        loss[0] = scale * sum;
      }
      """
  ) { _, arguments in
    let x = arguments.floats(1)
    arguments.floats(3)[0] = arguments.float(0) * x.reduce(0) { $0 + $1 * $1 }
  }

  private static let scaled = CustomKernel(
    name: "scaled",
    source: """
      __kernel void scaled(
          const float scale, __global const float* x, __global float* y, const int count) {
        const int i = get_global_id(0);
        if (i < count) y[i] = scale * x[i];
      }
      """
  ) { items, arguments in
    let (scale, x, y) = (arguments.float(0), arguments.floats(1), arguments.floats(2))
    for i in items { y[i] = scale * x[i] }
  }
}
