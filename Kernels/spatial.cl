// Ops that move pixels: shortcut, pooling, both families. One work-item takes one pixel's channels
// (global size 0: pixels of the written tensor) or, on GPUs, one channel of it
// (CHANNELS_IN_GRID 1).

#if CHANNELS_IN_GRID
#define EACH_CHANNEL(channels) const int ch = get_global_id(1);
#else
#define EACH_CHANNEL(channels) for (int ch = 0; ch < (channels); ch++)
#endif

// x [N,H,W,C] -> y [N,P,Q,K]; global (N*P*Q [, K]).
__kernel void shortcut(__global const float* restrict x, __global float* restrict y, const int h,
    const int w, const int c, const int p, const int q, const int k, const int stride) {
  const int i = get_global_id(0), n = i / (p * q), a = i / q % p, b = i % q;
  const size_t from = ((size_t)(n * h + a * stride) * w + b * stride) * c;
  const int offset = (k - c) / 2;
  EACH_CHANNEL(k) {
    const int source = ch - offset;
    y[(size_t)i * k + ch] = source >= 0 && source < c ? x[from + source] : 0.0f;
  }
}

// global (N*H*W [, C]).
__kernel void shortcut_backward(__global const float* restrict dy, __global float* restrict dx,
    const int h, const int w, const int c, const int p, const int q, const int k,
    const int stride, const int accumulate) {
  const int i = get_global_id(0), n = i / (h * w), a = i / w % h, b = i % w;
  const int read = a % stride == 0 && b % stride == 0;
  const size_t from = ((size_t)(n * p + a / stride) * q + b / stride) * k + (k - c) / 2;
  EACH_CHANNEL(c) {
    const size_t at = (size_t)i * c + ch;
    const float g = read ? dy[from + ch] : 0.0f;
    dx[at] = accumulate ? dx[at] + g : g;
  }
}

// Mean over window_h x window_w at (a*stride, b*stride); global (N*P*Q [, C]).
__kernel void average_pool(__global const float* restrict x, __global float* restrict y,
    const int h, const int w, const int c, const int p, const int q, const int window_h,
    const int window_w, const int stride) {
  const int i = get_global_id(0), n = i / (p * q), a = i / q % p, b = i % q;
  const float share = 1.0f / (float)(window_h * window_w);
  EACH_CHANNEL(c) {
    float sum = 0.0f;
    for (int r = 0; r < window_h; r++)
      for (int s = 0; s < window_w; s++)
        sum += x[((size_t)(n * h + a * stride + r) * w + b * stride + s) * c + ch];
    y[(size_t)i * c + ch] = sum * share;
  }
}

// global (N*H*W [, C]).
__kernel void average_pool_backward(__global const float* restrict dy, __global float* restrict dx,
    const int h, const int w, const int c, const int p, const int q, const int window_h,
    const int window_w, const int stride, const int accumulate) {
  const int i = get_global_id(0), n = i / (h * w), a = i / w % h, b = i % w;
  const float share = 1.0f / (float)(window_h * window_w);
  const int p_first = a < window_h ? 0 : (a - window_h) / stride + 1;
  const int q_first = b < window_w ? 0 : (b - window_w) / stride + 1;
  EACH_CHANNEL(c) {
    float sum = 0.0f;
    for (int r = p_first; r < p && r * stride <= a; r++)
      for (int s = q_first; s < q && s * stride <= b; s++)
        sum += dy[((size_t)(n * p + r) * q + s) * c + ch];
    const size_t at = (size_t)i * c + ch;
    dx[at] = accumulate ? fma(sum, share, dx[at]) : sum * share;
  }
}
