// Depthwise convolution, vector family (CPUs): channel c of y [N,P,Q,C] is channel c of x [N,H,W,C]
// under w [R,S,C].
//
// A block of QB columns at a time, all channels of it (so that memory is read in order), V at a time
// with filter and outputs in registers; each loaded pixel serves all outputs of the block that read
// it. The channels behind the last whole vector go one by one; the host chooses V so that there
// seldom are any.
//
// -D: C W Q R S STRIDE PAD, QB and what stands with each kernel; the other sizes are arguments, so
//     that one build serves every batch.

#if defined(FORWARD) || defined(DATA_GRADIENT)
// -D: for the data gradient QB is a multiple of STRIDE and FIRST, COLUMNS (columns of dy that a
//     block reads, the first relative to its own), ACCUMULATE.
#if defined(FORWARD)
#define IN_COLUMNS W
#define OUT_COLUMNS Q
#define COLUMNS ((QB - 1) * STRIDE + S)
#define ACCUMULATE 0
// The first input column that a block of output columns from q0 on reads.
#define ORIGIN(q0) ((q0) * STRIDE - PAD)
// For column t from there and tap s: STRIDE times the output column of the block.
#define TARGET(t, s) ((t) - (s))
#define TARGET_STRIDE STRIDE
// The input row or column that output row or column i reads with tap k, times FROM_STRIDE.
#define FROM(i, k) ((i) * STRIDE + (k) - PAD)
#define FROM_STRIDE 1
// The tap of the last row that an output row reads, and the columns from a block to the next.
#define LAST_TAP (R - 1)
#define ADVANCE (QB * STRIDE)
#else
#define IN_COLUMNS Q
#define OUT_COLUMNS W
#define ORIGIN(q0) ((q0) / STRIDE + FIRST)
#define TARGET(t, s) (((t) + FIRST) * STRIDE + (s) - PAD)
#define TARGET_STRIDE 1
#define FROM(i, k) ((i) + PAD - (k))
#define FROM_STRIDE STRIDE
#define LAST_TAP 0
#define ADVANCE (QB / STRIDE)
#endif

// Whole cache lines of outputs pass the caches.
#if STREAMS && C % V == 0
#define STORE_OUT STREAMV
#else
#define STORE_OUT STOREV
#endif

// One loaded pixel, into every output of the block that reads it; all conditions fold.
#define SPREAD(value)                                                              \
  {                                                                                \
    const vec d = value;                                                           \
    _Pragma("unroll") for (int s = 0; s < S; s++) {                                \
      const int j = TARGET(t, s);                                                  \
      if (j >= 0 && j % TARGET_STRIDE == 0 && j / TARGET_STRIDE < QB)              \
        acc[j / TARGET_STRIDE] = fma(d, filter[r * S + s], acc[j / TARGET_STRIDE]); \
    }                                                                              \
  }

// `rows` of the output are a work-item's.
typedef struct { int in_rows, out_rows, rows; } Geometry;

// With NORMALIZED the output is act((value - mean) * gamma / sqrt(variance + epsilon) + beta).
#ifndef NORMALIZED
#define NORMALIZED 0
#endif
#if NORMALIZED
#define NORM_ARGUMENTS                                                                       \
  , __global const float *restrict mean, __global const float *restrict variance,            \
      __global const float *restrict gamma, __global const float *restrict beta, const float epsilon
#define NORM_LEVELS                                                                          \
  const vec m = LOADV(mean + c), shift = LOADV(beta + c),                                    \
            scale = LOADV(gamma + c) / sqrt(LOADV(variance + c) + (vec)(epsilon));
#define NORMED(v) ACTIVATED(fma((v) - m, scale, shift))
#else
#define NORM_ARGUMENTS
#define NORM_LEVELS
#define NORMED(v) (v)
#endif

// in and out are x and y, or dy and dx; global (ceil(out_rows / rows), N).
ONE_ITEM __kernel void depthwise(
    __global const float* restrict in, __global const float* restrict w,
    __global float* restrict out, const Geometry g NORM_ARGUMENTS) {
  const int first = get_global_id(0) * g.rows, n = get_global_id(1);
  for (int p = first; p < first + g.rows && p < g.out_rows; p++) {
    __global float* to = out + ((size_t)(n * g.out_rows + p) * OUT_COLUMNS) * C;
    // The row that the next output row is the first to read.
    __global const float* next =
        in + ((size_t)(n * g.in_rows + FROM(p + 1, LAST_TAP) / FROM_STRIDE) * IN_COLUMNS) * C;
    for (int q0 = 0; q0 < OUT_COLUMNS; q0 += QB) {
      const int origin = ORIGIN(q0);
      const int inside = origin >= 0 && origin + COLUMNS <= IN_COLUMNS;
      for (int c = 0; c + V <= C; c += V) {
        vec filter[R * S], acc[QB];
#pragma unroll
        for (int t = 0; t < ADVANCE; t++) PREFETCH_LINE(next + (origin + t) * C + c);
#pragma unroll
        for (int i = 0; i < R * S; i++) filter[i] = LOADV(w + i * C + c);
#pragma unroll
        for (int j = 0; j < QB; j++)
          acc[j] = ACCUMULATE && q0 + j < OUT_COLUMNS ? LOADV(to + (q0 + j) * C + c) : ZERO;
#pragma unroll
        for (int r = 0; r < R; r++) {
          const int v = FROM(p, r);
          if (v < 0 || v % FROM_STRIDE != 0 || v / FROM_STRIDE >= g.in_rows) continue;
          __global const float* row =
              in + ((size_t)(n * g.in_rows + v / FROM_STRIDE) * IN_COLUMNS) * C + c;
          if (inside) {
#pragma unroll
            for (int t = 0; t < COLUMNS; t++) SPREAD(LOADV(row + (origin + t) * C))
          } else {
#pragma unroll
            for (int t = 0; t < COLUMNS; t++)
              if (origin + t >= 0 && origin + t < IN_COLUMNS)
                SPREAD(LOADV(row + (origin + t) * C))
          }
        }
        NORM_LEVELS
#pragma unroll
        for (int j = 0; j < QB; j++)
          if (q0 + j < OUT_COLUMNS) STORE_OUT(NORMED(acc[j]), to + (q0 + j) * C + c);
      }
    }
    for (int c = C / V * V; c < C; c++)
      for (int q = 0; q < OUT_COLUMNS; q++) {
        float sum = ACCUMULATE ? to[q * C + c] : 0.0f;
        for (int r = 0; r < R; r++) {
          const int v = FROM(p, r);
          if (v < 0 || v % FROM_STRIDE != 0 || v / FROM_STRIDE >= g.in_rows) continue;
          for (int s = 0; s < S; s++) {
            const int u = FROM(q, s);
            if (u < 0 || u % FROM_STRIDE != 0 || u / FROM_STRIDE >= IN_COLUMNS) continue;
            sum = fma(in[((size_t)(n * g.in_rows + v / FROM_STRIDE) * IN_COLUMNS +
                          u / FROM_STRIDE) * C + c],
                      w[(r * S + s) * C + c], sum);
          }
        }
        to[q * C + c] = sum;
      }
  }
}
#endif

#if defined(FILTER_GRADIENT)
// A slice has `images` images, a work-item `group` channels (a multiple of V); `rows` of dy at a
// time.
typedef struct { int n, h, p, images, group, rows; } Geometry;

#define COLUMNS ((QB - 1) * STRIDE + S)

// partial [slices,R,S,C]; global (ceil(C / group), slices). Memory is read row by row:
// all channels of some rows, V at a time with their sums in registers, before the next ones.
ONE_ITEM __kernel void depthwise_filter_gradient(
    __global const float* restrict x, __global const float* restrict dy,
    __global float* restrict partial, const Geometry g) {
  const int low = get_global_id(0) * g.group, high = min(low + g.group, C);
  const int slice = get_global_id(1), first = slice * g.images, last = min(first + g.images, g.n);
  __global float* mine = partial + (size_t)slice * R * S * C;
  for (int n = first; n < last; n++) {
    __global const float* image = x + (size_t)n * g.h * W * C;
    __global const float* gradient = dy + (size_t)n * g.p * Q * C;
    for (int p0 = 0; p0 < g.p; p0 += g.rows) {
      const int fresh = n == first && p0 == 0, end = min(p0 + g.rows, g.p);
      int c = low;
      for (; c + V <= high; c += V) {
        vec acc[R * S];
#pragma unroll
        for (int i = 0; i < R * S; i++) acc[i] = fresh ? ZERO : LOADV(mine + i * C + c);
        for (int p = p0; p < end; p++)
          for (int q0 = 0; q0 < Q; q0 += QB) {
            vec d[QB];
#pragma unroll
            for (int j = 0; j < QB; j++)
              d[j] = q0 + j < Q ? LOADV(gradient + (p * Q + q0 + j) * C + c) : ZERO;
            const int origin = q0 * STRIDE - PAD;
            // The same of the rows that come after these.
#pragma unroll
            for (int j = 0; j < QB; j++)
              PREFETCH_LINE(gradient + ((p + g.rows) * Q + q0 + j) * C + c);
#pragma unroll
            for (int j = 0; j < QB * STRIDE * STRIDE; j++)
              PREFETCH_LINE(image + (((p + g.rows) * STRIDE + j % STRIDE) * W + q0 * STRIDE +
                                     j / STRIDE) * C + c);
#pragma unroll
            for (int r = 0; r < R; r++) {
              const int v = p * STRIDE + r - PAD;
              if (v < 0 || v >= g.h) continue;
              __global const float* row = image + v * W * C + c;
#pragma unroll
              for (int t = 0; t < COLUMNS; t++) {
                if (origin + t < 0 || origin + t >= W) continue;
                const vec value = LOADV(row + (origin + t) * C);
#pragma unroll
                for (int s = 0; s < S; s++)
                  if (t >= s && (t - s) % STRIDE == 0 && (t - s) / STRIDE < QB)
                    acc[r * S + s] = fma(value, d[(t - s) / STRIDE], acc[r * S + s]);
              }
            }
          }
#pragma unroll
        for (int i = 0; i < R * S; i++) STOREV(acc[i], mine + i * C + c);
      }
      for (; c < high; c++)
        for (int i = 0; i < R * S; i++) {
          float sum = fresh ? 0.0f : mine[i * C + c];
          for (int p = p0; p < end; p++) {
            const int v = p * STRIDE + i / S - PAD;
            if (v < 0 || v >= g.h) continue;
            for (int q = 0; q < Q; q++) {
              const int u = q * STRIDE + i % S - PAD;
              if (u >= 0 && u < W)
                sum = fma(image[(v * W + u) * C + c], gradient[(p * Q + q) * C + c], sum);
            }
          }
          mine[i * C + c] = sum;
        }
    }
  }
}
#endif
