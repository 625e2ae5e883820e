// Filters for the Winograd kernels: u [36,C,K] := G w G^T of w [3,3,C,K] or, where channels change
// places, of w[2-r][2-s][k][c] (orientation 1) or w[r][s][k][c] (2). One launch for 16 filters:
// work-item (c, i) takes input channel c of filter i.

static inline void transform(const vec a, const vec b, const vec c, vec* to, const int step) {
  const vec even = a + c, far = fma((vec)(4.0f), c, a);
  to[0] = (vec)(0.25f) * a;
  to[step] = (even + b) * (vec)(-1.0f / 6);
  to[2 * step] = (even - b) * (vec)(-1.0f / 6);
  to[3 * step] = fma((vec)(2.0f), b, far) * (vec)(1.0f / 24);
  to[4 * step] = fma((vec)(-2.0f), b, far) * (vec)(1.0f / 24);
  to[5 * step] = c;
}

static inline void transform_filter(
    __global const float* restrict w, __global float* restrict u, const int C, const int K,
    const int orientation) {
  const int c = get_global_id(0);
  if (c >= C) return;
  for (int k = 0; k < K; k += V) {
    vec g[9], q[18];
    for (int t = 0; t < 9; t++) {
      if (orientation) {
        const int tap = orientation == 1 ? 8 - t : t;
        float lanes[V];
        for (int l = 0; l < V; l++) lanes[l] = w[((size_t)tap * K + k + l) * C + c];
        g[t] = LOADV(lanes);
      } else {
        g[t] = LOADV(w + ((size_t)t * C + c) * K + k);
      }
    }
    for (int s = 0; s < 3; s++) transform(g[s], g[3 + s], g[6 + s], q + s, 3);
    for (int i = 0; i < 6; i++) {
      vec row[6];
      transform(q[i * 3], q[i * 3 + 1], q[i * 3 + 2], row, 1);
      for (int j = 0; j < 6; j++) STREAMV(row[j], u + ((size_t)(i * 6 + j) * C + c) * K + k);
    }
  }
}

#define ARGUMENTS(i) __global const float *restrict w##i, __global float *restrict u##i
#define FILTER(i) w##i
#define TRANSFORMED(i) u##i
#define INPUTS(i) cs.values[i]
#define OUTPUTS(i) ks.values[i]
#define ORIENTATION(i) orientations.values[i]

ONE_ITEM __kernel void transform_filters(
    const Sixteen cs, const Sixteen ks, const Sixteen orientations, SIXTEEN_ARGUMENTS) {
  const int i = get_global_id(1);
  transform_filter(
      OF_SIXTEEN(i, FILTER), OF_SIXTEEN(i, TRANSFORMED), OF_SIXTEEN(i, INPUTS),
      OF_SIXTEEN(i, OUTPUTS), OF_SIXTEEN(i, ORIENTATION));
}
