// Convolution, portable family: one work-item an output element. Neighbouring work-items share a
// pixel and differ in the channel, so that a GPU reads filters and writes results coalesced.
// Sizes are arguments: one build serves every shape.

typedef struct { int n, h, w, c, k, r, s, p, q, stride, padding; } Geometry;

// x [N,H,W,C], w [R,S,C,K], y [N,P,Q,K]; global (N*P*Q*K).
__kernel void convolution_forward(
    __global const float* restrict x, __global const float* restrict w,
    __global float* restrict y, const Geometry g) {
  const int i = get_global_id(0);
  const int k = i % g.k, q = i / g.k % g.q, p = i / g.k / g.q % g.p, n = i / g.k / g.q / g.p;
  float sum = 0.0f;
  for (int r = 0; r < g.r; r++) {
    const int v = p * g.stride + r - g.padding;
    if (v < 0 || v >= g.h) continue;
    for (int s = 0; s < g.s; s++) {
      const int u = q * g.stride + s - g.padding;
      if (u < 0 || u >= g.w) continue;
      __global const float* a = x + ((size_t)(n * g.h + v) * g.w + u) * g.c;
      __global const float* b = w + (size_t)(r * g.s + s) * g.c * g.k + k;
      for (int c = 0; c < g.c; c++) sum = fma(a[c], b[(size_t)c * g.k], sum);
    }
  }
  y[i] = sum;
}

// Gather: each input element sums over the outputs that read it; global (N*H*W*C).
__kernel void convolution_data_gradient(
    __global const float* restrict dy, __global const float* restrict w,
    __global float* restrict dx, const Geometry g, const int accumulate) {
  const int i = get_global_id(0);
  const int c = i % g.c, u = i / g.c % g.w, v = i / g.c / g.w % g.h, n = i / g.c / g.w / g.h;
  float sum = accumulate ? dx[i] : 0.0f;
  for (int r = 0; r < g.r; r++) {
    const int a = v + g.padding - r;
    if (a < 0 || a % g.stride != 0 || a / g.stride >= g.p) continue;
    for (int s = 0; s < g.s; s++) {
      const int b = u + g.padding - s;
      if (b < 0 || b % g.stride != 0 || b / g.stride >= g.q) continue;
      __global const float* d =
          dy + ((size_t)(n * g.p + a / g.stride) * g.q + b / g.stride) * g.k;
      __global const float* f = w + ((size_t)(r * g.s + s) * g.c + c) * g.k;
      for (int k = 0; k < g.k; k++) sum = fma(d[k], f[k], sum);
    }
  }
  dx[i] = sum;
}

// partial [slices,R,S,C,K], a slice being `images` images; global (R*S*C*K, slices).
__kernel void convolution_filter_gradient(
    __global const float* restrict x, __global const float* restrict dy,
    __global float* restrict partial, const Geometry g, const int images) {
  const int i = get_global_id(0), slice = get_global_id(1);
  const int k = i % g.k, c = i / g.k % g.c, s = i / g.k / g.c % g.s, r = i / g.k / g.c / g.s;
  float sum = 0.0f;
  for (int n = slice * images; n < (slice + 1) * images && n < g.n; n++)
    for (int p = 0; p < g.p; p++) {
      const int v = p * g.stride + r - g.padding;
      if (v < 0 || v >= g.h) continue;
      for (int q = 0; q < g.q; q++) {
        const int u = q * g.stride + s - g.padding;
        if (u < 0 || u >= g.w) continue;
        sum = fma(x[((size_t)(n * g.h + v) * g.w + u) * g.c + c],
                  dy[((size_t)(n * g.p + p) * g.q + q) * g.k + k], sum);
      }
    }
  partial[(size_t)slice * get_global_size(0) + i] = sum;
}
