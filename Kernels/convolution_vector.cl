// Convolution of any filter size, stride and padding, vector family (CPUs), with what
// convolution_fused.cl does while reading and storing. A work-item takes an image; rows of
// the input, normalized and zero-padded, are copied to its private memory, ROWS output rows
// at a time, and QB pixels x V channels are summed in registers.
//
// -D: C H W (input), K KP (output channels, and rounded up to V), P Q (output), R S, STRIDE,
//     PAD_H PAD_W, ROWS, QB, CT (input channels a pass; divides C); EVERY with STRIDE 1 and no
//     padding, where a 1x1 convolution reads but every so many-th row and column of H x W.
#ifndef EVERY
#define EVERY 1
#endif
// Of few images, several work-items take the output channels of one, a part each (EPILOGUE 0, 3).
#ifndef PARTS
#define PARTS 1
#endif
#define IN_H ((H + EVERY - 1) / EVERY)
#define IN_W ((W + EVERY - 1) / EVERY)

#if defined(CONVOLUTION) || defined(STRIDED_DATA_GRADIENT)
// to [COLUMNS, CT] := input row h of image n, behind LEFT pixels of zeros (in front of which
// -LEFT pixels are left out), zeros where there is none.
#define LOAD_ROW(to, n, h, c0, LEFT, COLUMNS)                                             \
  if ((h) < 0 || (h) >= IN_H) {                                                           \
    for (int j_ = 0; j_ < (COLUMNS) * CT; j_++) (to)[j_] = 0.0f;                          \
  } else {                                                                                \
    const int skip_ = max(-(LEFT), 0), first_ = max(LEFT, 0);                             \
    const int count_ = max(min(IN_W - skip_, (COLUMNS) - first_), 0);                     \
    for (int j_ = 0; j_ < first_ * CT; j_++) (to)[j_] = 0.0f;                             \
    for (int j_ = (first_ + count_) * CT; j_ < (COLUMNS) * CT; j_++) (to)[j_] = 0.0f;     \
    __private float* pixels_ = (to) + first_ * CT;                                        \
    LOAD_PIXELS(X_, pixels_, (((size_t)(n) * H + (h) * EVERY) * W + skip_ * EVERY) * C,   \
                count_, c0, CT, C * EVERY)                                                \
  }

// QB sums, of which those below `valid` count: kept in y between passes over input channels, put
// through the epilogue in the last. The addend, which may be y, is then where the first starts.
#undef ADDS_LAST
#define ADDS_LAST (ACCUMULATE && CT == C)
#define STORE_PIXELS(at, step, valid)                                             \
  if (c0 + CT < C) {                                                              \
    _Pragma("unroll") for (int j_ = 0; j_ < QB; j_++)                             \
      if (j_ < (valid)) store_lanes(acc[j_], y + (at) + (size_t)j_ * (step) * K, lanes); \
  } else {                                                                        \
    _Pragma("unroll") for (int j_ = 0; j_ < QB; j_++)                             \
      if (j_ < (valid)) OUTPUT_STORE(acc[j_], (at) + (size_t)j_ * (step) * K, lanes) \
  }
#define LOAD_SUMS(at, step, valid)                                                \
  _Pragma("unroll") for (int j_ = 0; j_ < QB; j_++)                               \
    acc[j_] = j_ >= (valid) || (c0 == 0 && (!ACCUMULATE || CT == C))              \
                  ? ZERO                                                          \
                  : load_lanes((c0 == 0 ? addend : y) + (at) + (size_t)j_ * (step) * K, lanes);
#endif

#if defined(CONVOLUTION)
#define BUFFER_ROWS ((ROWS - 1) * STRIDE + R)
#define Q_BLOCKS ((Q + QB - 1) / QB)
#define BUFFER_COLUMNS ((Q_BLOCKS * QB - 1) * STRIDE + S)
#define POINTWISE (R == 1 && S == 1 && STRIDE * EVERY == 1 && CT == C)

// x [N,H,W,C], w [R,S,C,KP], y [N,P,Q,K]; global (N * PARTS).
ONE_ITEM __kernel void convolution(
    X_ARGUMENTS, __global const float* restrict w, __global float* y OUTPUT_ARGUMENTS) {
  const int n = get_global_id(0) / PARTS;
  const int first_k = get_global_id(0) % PARTS * (KP / PARTS);
  float rows[BUFFER_ROWS * BUFFER_COLUMNS * CT] __attribute__((aligned(64)));
  OUTPUT_BEGIN
  for (int p0 = 0; p0 < P; p0 += ROWS)
    for (int c0 = 0; c0 < C; c0 += CT) {
      for (int i = 0; i < BUFFER_ROWS; i++) {
        __private float* to = rows + i * BUFFER_COLUMNS * CT;
        LOAD_ROW(to, n, p0 * STRIDE + i - PAD_H, c0, PAD_W, BUFFER_COLUMNS)
      }
      for (int k = first_k; k < first_k + KP / PARTS; k += V) {
        const int lanes = K % V == 0 ? V : min(V, K - k);
#if EPILOGUE == 1
        if (p0 == 0 && c0 + CT >= C) {
          // The first pixel, from what earlier passes left of it.
          vec first = c0 > 0 ? load_lanes(y + (size_t)n * P * Q * K + k, lanes) : ZERO;
          for (int t = 0; t < R * S; t++)
            for (int c = 0; c < CT; c++)
              first = fma((vec)(rows[(t / S * BUFFER_COLUMNS + t % S) * CT + c]),
                          LOADV(w + (size_t)(t * C + c0 + c) * KP + k), first);
          OUTPUT_SHIFT(k, first)
        }
#endif
        OUTPUT_CHANNELS(k, lanes)
        for (int i = 0; i < ROWS && p0 + i < P; i++)
          for (int q0 = 0; q0 < Q; q0 += QB) {
            const size_t at = (((size_t)n * P + p0 + i) * Q + q0) * K + k;
            const int valid = Q % QB == 0 ? QB : min(QB, Q - q0);
            vec acc[QB];
            LOAD_SUMS(at, 1, valid)
#if POINTWISE
            // The pixels of the rows that come next: asked for while these are summed.
            if (k == first_k) {
              JOIN(PREFETCH_, X_INPUT)
              (X_, (((size_t)n * H + p0 + i + 1) * W + q0) * C + c0, valid * CT)
              OUTPUT_PREFETCH(at, valid * K)
            }
#endif
            for (int r = 0; r < R; r++) {
              const float* b = rows + ((i * STRIDE + r) * BUFFER_COLUMNS + q0 * STRIDE) * CT;
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
            STORE_PIXELS(at, 1, valid)
          }
        OUTPUT_CHANNELS_END(k)
      }
    }
  OUTPUT_END(n, P * Q)
}
#endif

#if defined(STRIDED_DATA_GRADIENT)
// dx of a convolution of stride > 1. The output columns of one phase (q mod STRIDE) read contiguous
// input columns through the taps s = phase + PAD_W modulo STRIDE: no product with a zero. Here
// "input" is dy and "output" is dx.
//
// x [N,H,W,C], w [R,S,C,KP], y [N,P,Q,K]; global (N).
#define FLOOR_DIVIDE(a, b) (((a) + 64 * (b)) / (b) - 64)
#define BUFFER_ROWS ((ROWS + R - 2) / STRIDE + 2)
#define LEFT ((S - 1) / STRIDE)
#define PHASE_COLUMNS ((Q + STRIDE - 1) / STRIDE)
#define Q_BLOCKS ((PHASE_COLUMNS + QB - 1) / QB)
#define BUFFER_COLUMNS (LEFT + Q_BLOCKS * QB + (STRIDE - 1 + PAD_W) / STRIDE)

ONE_ITEM __kernel void strided_data_gradient(
    X_ARGUMENTS, __global const float* restrict w, __global float* y OUTPUT_ARGUMENTS) {
  const int n = get_global_id(0);
  float rows[BUFFER_ROWS * BUFFER_COLUMNS * CT] __attribute__((aligned(64)));
  OUTPUT_BEGIN
  for (int p0 = 0; p0 < P; p0 += ROWS)
    for (int c0 = 0; c0 < C; c0 += CT) {
      const int h0 = FLOOR_DIVIDE(p0 + PAD_H - (R - 1), STRIDE);
      for (int i = 0; i < BUFFER_ROWS; i++) {
        __private float* to = rows + i * BUFFER_COLUMNS * CT;
        LOAD_ROW(to, n, h0 + i, c0, LEFT, BUFFER_COLUMNS)
      }
      for (int k = 0; k < KP; k += V) {
        const int lanes = K % V == 0 ? V : min(V, K - k);
        OUTPUT_CHANNELS(k, lanes)
        for (int p = p0; p < min(p0 + ROWS, P); p++)
#pragma unroll
          for (int phase = 0; phase < STRIDE; phase++)
            for (int j0 = 0; j0 < PHASE_COLUMNS; j0 += QB) {
              const size_t at = (((size_t)n * P + p) * Q + j0 * STRIDE + phase) * K + k;
              const int valid = (Q - phase - j0 * STRIDE + STRIDE - 1) / STRIDE;
              vec acc[QB];
              LOAD_SUMS(at, STRIDE, valid)
              // What the epilogue reads a row from here.
              for (int j = 0; j < min(valid, QB); j++)
                OUTPUT_PREFETCH(at + (size_t)(Q + j * STRIDE) * K, lanes)
              for (int r = 0; r < R; r++) {
                if ((p + PAD_H - r + 64 * STRIDE) % STRIDE != 0) continue;
                const int i = FLOOR_DIVIDE(p + PAD_H - r, STRIDE) - h0;
                const float* b = rows + (i * BUFFER_COLUMNS + LEFT + j0) * CT;
                __global const float* f = w + (size_t)(r * S * C + c0) * KP + k;
                for (int c = 0; c < CT; c++) {
#pragma unroll
                  for (int s = 0; s < S; s++) {
                    if ((phase + PAD_W - s + 64 * STRIDE) % STRIDE != 0) continue;
                    const int shift = FLOOR_DIVIDE(phase + PAD_W - s, STRIDE);
                    const vec weight = LOADV(f + (s * C + c) * KP);
#pragma unroll
                    for (int j = 0; j < QB; j++)
                      acc[j] = fma((vec)(b[(j + shift) * CT + c]), weight, acc[j]);
                  }
                }
              }
              STORE_PIXELS(at, STRIDE, valid)
            }
        OUTPUT_CHANNELS_END(k)
      }
    }
  OUTPUT_END(n, P * Q)
}
#endif

#if defined(PACK)
// packed [R,S,from,to] := w [R,S,C,K] with zeros behind K or, where SWAP, with its channels
// swapped: w[r,s,to,from], and then, where TURN, its taps turned by 180 degrees, so that the data
// gradient is a convolution; global (to, from, R*S).
__kernel void pack_filter(__global const float* restrict w, __global float* restrict packed,
    const int c, const int k) {
  const int o = get_global_id(0), i = get_global_id(1), t = get_global_id(2);
  const int to = get_global_size(0), from = get_global_size(1), taps = get_global_size(2);
  float value = 0.0f;
#if SWAP
  if (o < c) value = w[((size_t)(TURN ? taps - 1 - t : t) * c + o) * k + i];
#else
  if (o < k) value = w[((size_t)t * c + i) * k + o];
#endif
  packed[((size_t)t * from + i) * to + o] = value;
}
#endif

#if defined(FILTER_GRADIENT)
// One work-item sums CB input x KB output channels, all taps, over a slice of item_images images:
// rows of x and dy for ROWS output rows at a time in private memory, SB taps x RB channels x VB
// vectors in registers.
//
// -D besides: PAD, CB (divides C), KB (a multiple of V), SB, RB, VB (divide S, CB, KB / V).
// partial [slices,R,S,C,K]; global (C/CB * ceil(K/KB), slices).
#define BUFFER_ROWS ((ROWS - 1) * STRIDE + R)
#define BUFFER_COLUMNS ((Q - 1) * STRIDE + S)
#define POINTWISE (R == 1 && S == 1 && STRIDE * EVERY == 1 && P == 1 && PAD == 0)

ONE_ITEM __kernel void filter_gradient(
    X_ARGUMENTS, DY_ARGUMENTS, __global float* restrict partial, const int images,
    const int item_images) {
  const int block = get_global_id(0), slice = get_global_id(1);
  const int c0 = block % (C / CB) * CB, k0 = block / (C / CB) * KB;
  const int kn = min(KB, K - k0);
  float rows[BUFFER_ROWS * BUFFER_COLUMNS * CB] __attribute__((aligned(64)));
  float gradients[ROWS * Q * KB] __attribute__((aligned(64)));
  float sums[R * S * CB * KB] __attribute__((aligned(64)));
  for (int i = 0; i < R * S * CB * KB; i += V) STOREV(ZERO, sums + i);
  for (int n = slice * item_images; n < min((slice + 1) * item_images, images); n++)
    for (int p0 = 0; p0 < P; p0 += ROWS) {
      for (int i = 0; i < BUFFER_ROWS; i++) {
        __private float* to = rows + i * BUFFER_COLUMNS * CB;
        const int h = p0 * STRIDE + i - PAD;
        const int first = min(PAD, BUFFER_COLUMNS);
        const int count = max(min(IN_W, BUFFER_COLUMNS - first), 0);
        if (h < 0 || h >= IN_H) {
          for (int j = 0; j < BUFFER_COLUMNS * CB; j++) to[j] = 0.0f;
        } else {
          for (int j = 0; j < first * CB; j++) to[j] = 0.0f;
          for (int j = (first + count) * CB; j < BUFFER_COLUMNS * CB; j++) to[j] = 0.0f;
          __private float* pixels = to + first * CB;
          LOAD_PIXELS(X_, pixels, ((size_t)n * H + h * EVERY) * W * C, count, c0, CB, C * EVERY)
        }
      }
      const int pixels = min(ROWS, P - p0) * Q;
      for (int k = 0; k < KB; k += V) {
        const int lanes = (K % V + K % KB) == 0 ? V : min(V, kn - k);
        if (lanes <= 0) {
          for (int j = 0; j < pixels; j++) STOREV(ZERO, gradients + j * KB + k);
          continue;
        }
        const size_t from = ((size_t)n * P + p0) * Q * K + k0 + k;
        JOIN(CONSTANTS_, DY_INPUT)(DY_, k0 + k, lanes)
        for (int j = 0; j < pixels; j++) {
          if (KB > V && k == 0) {
            JOIN(PREFETCH_, DY_INPUT)(DY_, from + (size_t)(j + AHEAD) * K, kn)
          }
          STOREV(JOIN(VALUE_, DY_INPUT)(DY_, from + (size_t)j * K, K % V == 0 ? V : lanes),
                 gradients + j * KB + k);
        }
      }
      for (int r = 0; r < R; r++)
        for (int s0 = 0; s0 < S; s0 += SB)
          for (int c = 0; c < CB; c += RB)
            for (int k = 0; k < KB; k += V * VB) {
              float* to = sums + ((r * S + s0) * CB + c) * KB + k;
              vec acc[SB * RB * VB];
#if POINTWISE
              // Of the pixels that are read next, the share of this block.
              for (int j = c / RB * (KB / (V * VB)) + k / (V * VB); j < Q;
                   j += CB / RB * (KB / (V * VB))) {
                JOIN(PREFETCH_, X_INPUT)(X_, ((size_t)(n + 1) * Q + j) * C + c0, CB)
                JOIN(PREFETCH_, DY_INPUT)(DY_, ((size_t)(n + 1) * Q + j) * K + k0, kn)
              }
#endif
#pragma unroll
              for (int s = 0; s < SB; s++)
#pragma unroll
                for (int i = 0; i < RB * VB; i++)
                  acc[s * RB * VB + i] = LOADV(to + (s * CB + i / VB) * KB + i % VB * V);
              for (int p = 0; p < min(ROWS, P - p0); p++) {
                const float* x = rows + ((p * STRIDE + r) * BUFFER_COLUMNS + s0) * CB + c;
                const float* g = gradients + p * Q * KB + k;
                for (int q = 0; q < Q; q++) {
                  vec d[VB];
#pragma unroll
                  for (int v = 0; v < VB; v++) d[v] = LOADV(g + q * KB + v * V);
#pragma unroll
                  for (int s = 0; s < SB; s++)
#pragma unroll
                    for (int i = 0; i < RB; i++)
#pragma unroll
                      for (int v = 0; v < VB; v++)
                        acc[(s * RB + i) * VB + v] = fma(
                            d[v], (vec)(x[(q * STRIDE + s) * CB + i]),
                            acc[(s * RB + i) * VB + v]);
                }
              }
#pragma unroll
              for (int s = 0; s < SB; s++)
#pragma unroll
                for (int i = 0; i < RB * VB; i++)
                  STOREV(acc[s * RB * VB + i], to + (s * CB + i / VB) * KB + i % VB * V);
            }
    }
  for (int t = 0; t < R * S; t++)
    for (int c = 0; c < CB; c++)
      for (int k = 0; k < kn; k += V)
        store_lanes(LOADV(sums + (t * CB + c) * KB + k),
                    partial + ((size_t)(slice * R * S + t) * C + c0 + c) * K + k0 + k, kn - k);
}
#endif
