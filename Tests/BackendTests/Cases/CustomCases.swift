import Tensors
import TestSupport

extension OpCase {
  /// y[i] := a·x[i] + table[i mod count of the table] + y[i], with each kind of argument.
  private static let kernel = CustomKernel(
    name: "scaled_sum",
    source: """
      __kernel void scaled_sum(
          const float a, __global const float* restrict x, __global const float* restrict table,
          const int length, __global float* restrict y, const int count) {
        const int i = get_global_id(0);
        if (i >= count) return;
        y[i] = fma(a, x[i], table[i % length] + y[i]);
      }
      """, chunk: 7
  ) { items, arguments in
    let (a, x, table) = (arguments.float(0), arguments.floats(1), arguments.floats(2))
    let (length, y) = (arguments.int(3), arguments.floats(4))
    for i in items { y[i] += a * x[i] + table[i % length] }
  }

  static let custom: [OpCase] = [Shape([1]), [33], [3, 5, 7, 31]].map { shape in
    OpCase(.custom, "\(shape)", tolerance: 1e-6) { t in
      let y = t.sum(shape, 2)
      t.backend.run(
        kernel,
        [.float(0.75), .read(t.input(shape, 1)), .values([1, -2, 3]), .int(3), .write(y)],
        items: shape.count)
      return [y]
    } expected: {
      [
        zip(doubles(shape, 1), doubles(shape, 2)).enumerated().map { i, values in
          0.75 * values.0 + [1, -2, 3][i % 3] + values.1
        }
      ]
    }
  }
}
