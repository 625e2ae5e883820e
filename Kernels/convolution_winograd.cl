// 3x3 convolution, stride 1, padding 1, by Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray
// 2016; points 0, 1, -1, 2, -2, infinity), vector family. A tile is 6x6 inputs and 4x4 outputs.
//
//     y = A^T [ (G w G^T) . (B^T x B) ] A           forward, and data gradient with the turned filter
//     dw = A'^T [ sum over tiles (G' dy G'^T) . (B^T x B) ] A'           filter gradient, F(3x3, 4x4)
//
// One work-item takes whole images, PASS_IMAGES x TILE_ROWS x W/4 tiles at a time: transforms,
// products and the transform back stay in its private memory.
//
// -D: N H W C K (H, W divisible by 4; C, K by V), TILE_ROWS (divides H/4), PASS_IMAGES (1, unless
//     TILE_ROWS is H/4), ITEM_IMAGES (images of a work-item, a multiple of PASS_IMAGES), and those
//     of convolution_fused.cl.

#define TILE_COLUMNS (W / 4)
#define PASS_TILES (PASS_IMAGES * TILE_ROWS * TILE_COLUMNS)
#define BUFFER_ROWS (TILE_ROWS * 4 + 2)
// Floats from one of the 36 values of a tile to the next: one cache line more than the tiles take,
// as powers of two would all fall into one set of the cache.
#define PLANE(channels) (PASS_TILES * (channels) + 16)

// rows [count, W + 2, CHANNELS] := rows first..<first+count of image n, zeros outside.
#define LOAD_ROWS(P, rows, n, first, count, c0, CHANNELS, STEP)                          \
  for (int i_ = 0; i_ < (count); i_++) {                                              \
    const int h_ = (first) + i_;                                                      \
    __private float* to_ = (rows) + (i_ * (W + 2) + 1) * (CHANNELS);                  \
    if (h_ < 0 || h_ >= H)                                                            \
      for (int j_ = 0; j_ < W * (CHANNELS); j_ += V) STOREV(ZERO, to_ + j_);          \
    else                                                                              \
      LOAD_PIXELS(P, to_, ((size_t)(n) * H + h_) * W * (STEP), W, c0, CHANNELS, STEP)    \
  }

// The first and the last column of the rows, which LOAD_ROWS leaves alone.
inline void zero_border(float* rows, const int channels) {
  for (int i = 0; i < BUFFER_ROWS; i++)
    for (int c = 0; c < channels; c += V) {
      STOREV(ZERO, rows + i * (W + 2) * channels + c);
      STOREV(ZERO, rows + (i * (W + 2) + W + 1) * channels + c);
    }
}

// B^T d along one axis: six values `step` apart, in place.
inline void transform_input(vec* d, const int step) {
  const vec a = fma((vec)(-4.0f), d[2 * step], d[4 * step]);
  const vec b = fma((vec)(-4.0f), d[step], d[3 * step]);
  const vec e = d[4 * step] - d[2 * step];
  const vec f = (vec)(2.0f) * (d[3 * step] - d[step]);
  d[0] = fma((vec)(4.0f), d[0], fma((vec)(-5.0f), d[2 * step], d[4 * step]));
  d[5 * step] = fma((vec)(4.0f), d[step], fma((vec)(-5.0f), d[3 * step], d[5 * step]));
  d[step] = a + b;
  d[2 * step] = a - b;
  d[3 * step] = e + f;
  d[4 * step] = e - f;
}

// tiles [36, PASS_TILES, channels] (each of the 36 a PLANE) from rows [BUFFER_ROWS, W + 2, channels] of one image.
inline void transform_tiles(const float* rows, float* tiles, const int channels) {
  for (int i = 0; i < TILE_ROWS; i++)
    for (int j = 0; j < TILE_COLUMNS; j++)
      for (int c = 0; c < channels; c += V) {
        const float* from = rows + (i * 4 * (W + 2) + j * 4) * channels + c;
        float* to = tiles + (i * TILE_COLUMNS + j) * channels + c;
        vec d[36];
#pragma unroll
        for (int u = 0; u < 6; u++)
#pragma unroll
          for (int v = 0; v < 6; v++) d[u * 6 + v] = LOADV(from + (u * (W + 2) + v) * channels);
#pragma unroll
        for (int v = 0; v < 6; v++) transform_input(d + v, 6);
#pragma unroll
        for (int u = 0; u < 6; u++) {
          transform_input(d + u * 6, 1);
#pragma unroll
          for (int v = 0; v < 6; v++) STOREV(d[u * 6 + v], to + (u * 6 + v) * PLANE(channels));
        }
      }
}

#if defined(CONVOLUTION)
// PIXELS: tiles in registers at a time; divides PASS_TILES.
// x [N,H,W,C] as X_INPUT says, u [36,C,K], y [N,H,W,K];
// global (N / ITEM_IMAGES rounded up).
ONE_ITEM __kernel void convolution_winograd(
    X_ARGUMENTS, __global const float* restrict u,
    __global float* y OUTPUT_ARGUMENTS) {
  const int item = get_global_id(0);
  float rows[BUFFER_ROWS * (W + 2) * C] __attribute__((aligned(64)));
  float tiles[36 * PLANE(C)] __attribute__((aligned(64)));
  float products[36 * PLANE(V)] __attribute__((aligned(64)));
  OUTPUT_BEGIN
  zero_border(rows, C);
  for (int n0 = item * ITEM_IMAGES; n0 < min((item + 1) * ITEM_IMAGES, N); n0 += PASS_IMAGES)
    for (int t0 = 0; t0 < H / 4; t0 += TILE_ROWS) {
      for (int n = 0; n < PASS_IMAGES; n++) {
        if (n0 + n < N) LOAD_ROWS(X_, rows, n0 + n, t0 * 4 - 1, BUFFER_ROWS, 0, C, C)
        transform_tiles(rows, tiles + n * TILE_ROWS * TILE_COLUMNS * C, C);
      }
      for (int k = 0; k < K; k += V) {
        for (int i = 0; i < 36; i++)
          for (int t = 0; t < PASS_TILES; t += PIXELS) {
            const float* from = tiles + i * PLANE(C) + t * C;
            __global const float* f = u + (size_t)i * C * K + k;
            vec acc[PIXELS];
#pragma unroll
            for (int p = 0; p < PIXELS; p++) acc[p] = ZERO;
            for (int c = 0; c < C; c++) {
              const vec weight = LOADV(f + c * K);
#pragma unroll
              for (int p = 0; p < PIXELS; p++)
                acc[p] = fma((vec)(from[p * C + c]), weight, acc[p]);
            }
#pragma unroll
            for (int p = 0; p < PIXELS; p++)
              STOREV(acc[p], products + i * PLANE(V) + (t + p) * V);
          }
#if EPILOGUE == 1
        if (n0 == item * ITEM_IMAGES && t0 == 0) {
          // The first pixel of the first tile.
          vec first = ZERO;
          for (int i = 0; i < 5; i++)
            for (int j = 0; j < 5; j++) first += LOADV(products + (i * 6 + j) * PLANE(V));
          OUTPUT_SHIFT(k, first)
        }
#endif
        OUTPUT_CHANNELS(k, V)
        for (int t = 0; t < PASS_TILES; t++) {
          const int n = n0 + t / (TILE_ROWS * TILE_COLUMNS);
          if (n >= N) break;
          const int row = (t0 + t / TILE_COLUMNS % TILE_ROWS) * 4, column = t % TILE_COLUMNS * 4;
          vec q[24];
#pragma unroll
          for (int j = 0; j < 6; j++) {
            vec m[6];
#pragma unroll
            for (int i = 0; i < 6; i++) m[i] = LOADV(products + (i * 6 + j) * PLANE(V) + t * V);
            const vec a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], d = m[3] - m[4];
            q[j] = m[0] + a + c;
            q[6 + j] = fma((vec)(2.0f), d, b);
            q[12 + j] = fma((vec)(4.0f), c, a);
            q[18 + j] = fma((vec)(8.0f), d, b) + m[5];
          }
#pragma unroll
          for (int i = 0; i < 4; i++) {
            const vec* m = q + i * 6;
            const vec a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], d = m[3] - m[4];
            const size_t at = (((size_t)n * H + row + i) * W + column) * K + k;
            OUTPUT_STORE(m[0] + a + c, at, V)
            OUTPUT_STORE(fma((vec)(2.0f), d, b), at + K, V)
            OUTPUT_STORE(fma((vec)(4.0f), c, a), at + 2 * K, V)
            OUTPUT_STORE(fma((vec)(8.0f), d, b) + m[5], at + 3 * K, V)
          }
        }
        OUTPUT_CHANNELS_END(k)
      }
    }
  OUTPUT_END(item, (min((item + 1) * ITEM_IMAGES, N) - item * ITEM_IMAGES) * H * W)
}
#endif

#if defined(FILTER_GRADIENT)
// One work-item sums CB x KB channels over a slice of ITEM_IMAGES images, from PASS_IMAGES x
// TILE_ROWS x W/4 tiles at a time. Twice INPUT: x is read by the X_ and dy by the DY_ definitions.
//
// -D: CB, KB (divide C, K), RB x VB (channels of x, and vectors of dy, in
//     registers; divide CB, KB / V).
// partial [slices,3,3,C,K]; global (C/CB * K/KB, slices).

// G' d along one axis, without the scales of its rows, which FILTER_SCALE makes good at the end:
// four values `step` apart give six.
inline void transform_gradient(const vec a, const vec b, const vec c, const vec d, vec* to, const int step) {
  const vec even = a + c, odd = b + d;
  const vec even2 = fma((vec)(4.0f), c, a), odd2 = fma((vec)(8.0f), d, (vec)(2.0f) * b);
  to[0] = a;
  to[step] = even + odd;
  to[2 * step] = even - odd;
  to[3 * step] = even2 + odd2;
  to[4 * step] = even2 - odd2;
  to[5 * step] = d;
}

ONE_ITEM __kernel void filter_gradient_winograd(
    X_ARGUMENTS, DY_ARGUMENTS, __global float* restrict partial) {
  const int block = get_global_id(0), slice = get_global_id(1);
  const int c0 = block % (C / CB) * CB, k0 = block / (C / CB) * KB;
  float rows[BUFFER_ROWS * (W + 2) * CB] __attribute__((aligned(64)));
  float pixels[TILE_ROWS * 4 * W * KB] __attribute__((aligned(64)));
  float tiles[36 * PLANE(CB)] __attribute__((aligned(64)));
  float gradients[36 * PLANE(KB)] __attribute__((aligned(64)));
  float sums[36 * CB * KB] __attribute__((aligned(64)));
  for (int i = 0; i < 36 * CB * KB; i += V) STOREV(ZERO, sums + i);
  zero_border(rows, CB);
  for (int n0 = slice * ITEM_IMAGES; n0 < min((slice + 1) * ITEM_IMAGES, N); n0 += PASS_IMAGES)
    for (int t0 = 0; t0 < H / 4; t0 += TILE_ROWS) {
      for (int n = 0; n < PASS_IMAGES; n++) {
        const int offset = n * TILE_ROWS * TILE_COLUMNS;
        if (n0 + n >= N) {
          for (int i = 0; i < 36; i++) {
            for (int j = 0; j < TILE_ROWS * TILE_COLUMNS * CB; j += V)
              STOREV(ZERO, tiles + i * PLANE(CB) + offset * CB + j);
            for (int j = 0; j < TILE_ROWS * TILE_COLUMNS * KB; j += V)
              STOREV(ZERO, gradients + i * PLANE(KB) + offset * KB + j);
          }
          continue;
        }
        LOAD_ROWS(X_, rows, n0 + n, t0 * 4 - 1, BUFFER_ROWS, c0, CB, C)
        transform_tiles(rows, tiles + offset * CB, CB);
        LOAD_PIXELS(DY_, pixels, ((size_t)(n0 + n) * H + t0 * 4) * W * K, TILE_ROWS * 4 * W, k0, KB, K)
        for (int i = 0; i < TILE_ROWS; i++)
          for (int j = 0; j < TILE_COLUMNS; j++)
            for (int k = 0; k < KB; k += V) {
              const float* from = pixels + (i * 4 * W + j * 4) * KB + k;
              float* to = gradients + (offset + i * TILE_COLUMNS + j) * KB + k;
              vec d[24];
#pragma unroll
              for (int v = 0; v < 4; v++)
                transform_gradient(
                    LOADV(from + v * KB), LOADV(from + (W + v) * KB), LOADV(from + (2 * W + v) * KB),
                    LOADV(from + (3 * W + v) * KB), d + v, 4);
#pragma unroll
              for (int u = 0; u < 6; u++) {
                vec e[6];
                transform_gradient(d[u * 4], d[u * 4 + 1], d[u * 4 + 2], d[u * 4 + 3], e, 1);
#pragma unroll
                for (int v = 0; v < 6; v++) STOREV(e[v], to + (u * 6 + v) * PLANE(KB));
              }
            }
      }
      for (int i = 0; i < 36; i++)
        for (int c = 0; c < CB; c += RB)
          for (int k = 0; k < KB; k += V * VB) {
            const float* a = tiles + i * PLANE(CB) + c;
            const float* g = gradients + i * PLANE(KB) + k;
            float* to = sums + (i * CB + c) * KB + k;
            vec acc[RB * VB];
#pragma unroll
            for (int r = 0; r < RB * VB; r++) acc[r] = LOADV(to + r / VB * KB + r % VB * V);
            for (int t = 0; t < PASS_TILES; t++) {
              vec d[VB];
#pragma unroll
              for (int v = 0; v < VB; v++) d[v] = LOADV(g + t * KB + v * V);
#pragma unroll
              for (int r = 0; r < RB; r++) {
                const vec x = (vec)(a[t * CB + r]);
#pragma unroll
                for (int v = 0; v < VB; v++) acc[r * VB + v] = fma(x, d[v], acc[r * VB + v]);
              }
            }
#pragma unroll
            for (int r = 0; r < RB * VB; r++) STOREV(acc[r], to + r / VB * KB + r % VB * V);
          }
    }
  for (int c = 0; c < CB; c++)
    for (int k = 0; k < KB; k += V) {
      // A'^T M A', the rows of M scaled as G' would have been.
      const float scales[6] = {0.25f, -1.0f / 6, -1.0f / 6, 1.0f / 24, 1.0f / 24, 1.0f};
      vec q[18];
#pragma unroll
      for (int j = 0; j < 6; j++) {
        vec m[6];
#pragma unroll
        for (int i = 0; i < 6; i++)
          m[i] = LOADV(sums + ((i * 6 + j) * CB + c) * KB + k) * (vec)(scales[i] * scales[j]);
        const vec e = m[1] + m[2], f = m[1] - m[2], g = m[3] + m[4], h = m[3] - m[4];
        q[j] = m[0] + e + g;
        q[6 + j] = fma((vec)(2.0f), h, f);
        q[12 + j] = fma((vec)(4.0f), g, e) + m[5];
      }
#pragma unroll
      for (int r = 0; r < 3; r++) {
        const vec* m = q + r * 6;
        const vec e = m[1] + m[2], f = m[1] - m[2], g = m[3] + m[4], h = m[3] - m[4];
        __global float* to = partial + ((size_t)(slice * 9 + r * 3) * C + c0 + c) * K + k0 + k;
        STOREV(m[0] + e + g, to);
        STOREV(fma((vec)(2.0f), h, f), to + C * K);
        STOREV(fma((vec)(4.0f), g, e) + m[5], to + 2 * C * K);
      }
    }
}
#endif
