// Convolution, vector family (CPUs): one work-item computes ROWS output rows of one image, QB pixels
// x V channels in registers at a time, from a zero-padded private copy of its input rows.
//
// The same kernel is forward and data gradient: the latter is a convolution of dy, dilated by the
// stride, with the filter turned by 180 degrees and its channels swapped (pack_filter).
//
// -D: C H W (input), K KP (output channels, and rounded up to V), P Q (output), R S, STRIDE,
//     DILATION (of the input), PAD_H PAD_W, ROWS, QB, CT (input channels a pass; divides C),
//     ACCUMULATE (0, 1).

#if defined(CONVOLUTION)
#define BUFFER_ROWS ((ROWS - 1) * STRIDE + R)
#define Q_BLOCKS ((Q + QB - 1) / QB)
#define BUFFER_COLUMNS ((Q_BLOCKS * QB - 1) * STRIDE + S)

// x [N,H,W,C], w [R,S,C,KP], y [N,P,Q,K]; global (ceil(P / ROWS), N).
ONE_ITEM __kernel void convolution(
    __global const float* restrict x, __global const float* restrict w,
    __global float* restrict y) {
  const int p0 = get_global_id(0) * ROWS, n = get_global_id(1);
  float rows[BUFFER_ROWS * BUFFER_COLUMNS * CT] __attribute__((aligned(64)));
  for (int c0 = 0; c0 < C; c0 += CT) {
    for (int i = 0; i < BUFFER_ROWS; i++) {
      __private float* to = rows + i * BUFFER_COLUMNS * CT;
      const int v = p0 * STRIDE + i - PAD_H;
      if (v < 0 || v % DILATION != 0 || v / DILATION >= H) {
        for (int j = 0; j < BUFFER_COLUMNS * CT; j++) to[j] = 0.0f;
        continue;
      }
      __global const float* from = x + ((size_t)(n * H + v / DILATION) * W) * C + c0;
      for (int j = 0; j < BUFFER_COLUMNS; j++) {
        const int u = j - PAD_W;
        if (u < 0 || u % DILATION != 0 || u / DILATION >= W) {
          for (int c = 0; c < CT; c++) to[j * CT + c] = 0.0f;
        } else {
          for (int c = 0; c < CT; c++) to[j * CT + c] = from[u / DILATION * C + c];
        }
      }
    }
    for (int k = 0; k < KP; k += V) {
      for (int i = 0; i < ROWS && p0 + i < P; i++) {
        for (int q0 = 0; q0 < Q; q0 += QB) {
          __global float* out = y + ((size_t)(n * P + p0 + i) * Q + q0) * K + k;
          vec acc[QB];
#pragma unroll
          for (int j = 0; j < QB; j++) acc[j] = ZERO;
          if (ACCUMULATE || c0 > 0) {
#pragma unroll
            for (int j = 0; j < QB; j++) {
              if (Q % QB != 0 && q0 + j >= Q) continue;
#if K == KP
              acc[j] = LOADV(out + j * K);
#else
              float lanes[V];
              for (int l = 0; l < V; l++) lanes[l] = k + l < K ? out[j * K + l] : 0.0f;
              acc[j] = LOADV(lanes);
#endif
            }
          }
          for (int r = 0; r < R; r++) {
            __private const float* b = rows + ((i * STRIDE + r) * BUFFER_COLUMNS + q0 * STRIDE) * CT;
            __global const float* f = w + (size_t)(r * S * C + c0) * KP + k;
            for (int c = 0; c < CT; c++) {
#pragma unroll
              for (int s = 0; s < S; s++) {
                const vec weight = LOADV(f + (s * C + c) * KP);
#pragma unroll
                for (int j = 0; j < QB; j++)
                  acc[j] = fma((vec)(b[(j * STRIDE + s) * CT + c]), weight, acc[j]);
              }
            }
          }
#pragma unroll
          for (int j = 0; j < QB; j++) {
            if (Q % QB != 0 && q0 + j >= Q) continue;
#if K == KP
            STOREV(acc[j], out + j * K);
#else
            float lanes[V];
            STOREV(acc[j], lanes);
            for (int l = 0; l < V; l++)
              if (k + l < K) out[j * K + l] = lanes[l];
#endif
          }
        }
      }
    }
  }
}
#endif

#if defined(PACK)
// packed [R,S,C,KP] := w [R,S,C,K] with zeros behind K or, where TURN, packed [R,S,K,CP] :=
// w[R-1-r, S-1-s, c, k], so that the data gradient is a convolution. `from` and `to` are the
// packed filter's input and (padded) output channels; global (to, from, R*S).
__kernel void pack_filter(__global const float* restrict w, __global float* restrict packed,
    const int c, const int k, const int to) {
  const int o = get_global_id(0), i = get_global_id(1), t = get_global_id(2);
  const int taps = get_global_size(2), from = get_global_size(1);
  float value = 0.0f;
#if TURN
  if (o < c) value = w[((size_t)(taps - 1 - t) * c + o) * k + i];
#else
  if (o < k) value = w[((size_t)t * c + i) * k + o];
#endif
  packed[((size_t)t * from + i) * to + o] = value;
}
#endif

#if defined(FILTER_GRADIENT)
// Filter gradient: one work-item sums CB input channels x V output channels x all taps over a slice
// of the images. x and dy of an image stay in cache over the taps, SB x CB accumulators in
// registers over its rows.
//
// -D: N C H W K P Q R S STRIDE PAD, CB (divides C), SB (taps of a row at a time), IMAGES (a slice).
// x [N,H,W,C], dy [N,P,Q,K], partial [slices,R,S,C,K]; global (C/CB * ceil(K/V), slices).
#define Q_LOW ((PAD + STRIDE - 1) / STRIDE)
#define Q_LAST (W - S + PAD)
#define Q_HIGH (Q_LAST < 0 ? 0 : (Q_LAST / STRIDE + 1 < Q ? Q_LAST / STRIDE + 1 : Q))

inline vec load_channels(__global const float* p, const int k) {
#if K % V == 0
  return LOADV(p);
#else
  if (k + V <= K) return LOADV(p);
  float lanes[V];
  for (int l = 0; l < V; l++) lanes[l] = k + l < K ? p[l] : 0.0f;
  return LOADV(lanes);
#endif
}

ONE_ITEM __kernel void filter_gradient(
    __global const float* restrict x, __global const float* restrict dy,
    __global float* restrict partial) {
  const int block = get_global_id(0), slice = get_global_id(1);
  const int c0 = block % (C / CB) * CB, k = block / (C / CB) * V;
  vec sums[R * S * CB];
  for (int i = 0; i < R * S * CB; i++) sums[i] = ZERO;
  for (int n = slice * IMAGES; n < (slice + 1) * IMAGES && n < N; n++) {
    for (int r = 0; r < R; r++) {
      for (int s0 = 0; s0 < S; s0 += SB) {
        vec acc[SB * CB];
#pragma unroll
        for (int i = 0; i < SB * CB; i++)
          acc[i] = s0 * CB + i < S * CB ? sums[(r * S + s0) * CB + i] : ZERO;
        for (int p = 0; p < P; p++) {
          const int v = p * STRIDE + r - PAD;
          if (v < 0 || v >= H) continue;
          __global const float* g = dy + ((size_t)(n * P + p) * Q) * K + k;
          __global const float* row = x + ((size_t)(n * H + v) * W) * C + c0;
#define TAPS_CHECKED(q)                                                              \
  {                                                                                  \
    const vec d = load_channels(g + (q) * K, k);                                     \
    _Pragma("unroll") for (int s = 0; s < SB; s++) {                                 \
      const int u = (q) * STRIDE + s0 + s - PAD;                                     \
      if (u >= 0 && u < W && s0 + s < S) {                                           \
        _Pragma("unroll") for (int i = 0; i < CB; i++)                               \
          acc[s * CB + i] = fma(d, (vec)(row[u * C + i]), acc[s * CB + i]);          \
      }                                                                              \
    }                                                                                \
  }
          int q = 0;
          for (; q < Q_LOW && q < Q; q++) TAPS_CHECKED(q)
          if (SB == S) {
            for (; q < Q_HIGH; q++) {
              const vec d = load_channels(g + q * K, k);
              __global const float* at = row + (q * STRIDE - PAD) * C;
#pragma unroll
              for (int s = 0; s < SB; s++)
#pragma unroll
                for (int i = 0; i < CB; i++)
                  acc[s * CB + i] = fma(d, (vec)(at[s * C + i]), acc[s * CB + i]);
            }
          }
          for (; q < Q; q++) TAPS_CHECKED(q)
        }
#pragma unroll
        for (int i = 0; i < SB * CB; i++)
          if (s0 * CB + i < S * CB) sums[(r * S + s0) * CB + i] = acc[i];
      }
    }
  }
  for (int t = 0; t < R * S; t++)
    for (int i = 0; i < CB; i++) {
      __global float* out = partial + ((size_t)(slice * R * S + t) * C + c0 + i) * K + k;
#if K % V == 0
      STOREV(sums[t * CB + i], out);
#else
      float lanes[V];
      STOREV(sums[t * CB + i], lanes);
      for (int l = 0; l < V; l++)
        if (k + l < K) out[l] = lanes[l];
#endif
    }
}
#endif
