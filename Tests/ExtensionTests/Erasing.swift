import Dovetail

/// Random erasing (Zhong et al. 2020), here of one square to the mean color: a step with a launch of
/// its own.
struct Erasing: AugmentationStep {
  let name = "erasing"
  let side: Int

  func change(
    _ x: Tensor, positions: [Int], random: inout RandomStream, on backend: any Backend
  ) {
    let size = x.shape[1]
    let corners = (0...positions.max()!).map { _ in
      (random.below(size - side + 1), random.below(size - side + 1))
    }
    backend.run(
      Self.kernel,
      [
        .write(x), .values(positions.flatMap { [Float(corners[$0].0), Float(corners[$0].1)] }),
        .int(size), .int(side),
      ], items: positions.count)
  }

  private static let kernel = CustomKernel(
    name: "erase",
    source: """
      __kernel void erase(
          __global float* x, __global const float* corners, const int size, const int side,
          const int count) {
        const int n = get_global_id(0);
        if (n >= count) return;
        const int top = (int)corners[2 * n], left = (int)corners[2 * n + 1];
        for (int i = top; i < top + side; i++)
          for (int j = 3 * left; j < 3 * (left + side); j++)
            x[((size_t)n * size + i) * size * 3 + j] = 0.0f;
      }
      """, chunk: 1
  ) { items, arguments in
    let (x, corners) = (arguments.floats(0), arguments.floats(1))
    let (size, side) = (arguments.int(2), arguments.int(3))
    for n in items {
      let (top, left) = (Int(corners[2 * n]), Int(corners[2 * n + 1]))
      for i in top..<top + side {
        for j in 3 * left..<3 * (left + side) { x[(n * size + i) * size * 3 + j] = 0 }
      }
    }
  }
}
