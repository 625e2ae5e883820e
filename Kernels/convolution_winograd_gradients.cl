// Filter gradient of a 3x3 convolution and, with -D DATA, its data gradient beside it, by the
// adjoint of Winograd's F(4x4, 3x3); see winograd_transforms.cl. Both want dy transformed, and the
// data gradient's epilogue reads what the filter gradient read as x:
//
//     Y  = A dy A^T
//     dw = G^T [ sum over tiles (B^T x B) . Y ] G
//     dx = sum over tiles B [ (G w G^T) . Y ] B^T
//
// where a tile's 6x6 values of dx overlap its neighbors' by two rows or columns.
//
// One work-item sums CB of x's channels by all of dy's over a slice of item_images images, and
// stores dx of these channels and images.
//
// -D besides: CB (divides C), RB x FB (channels of x, and vectors of dy, of the filter gradient in
//     registers), PIXELS x VB (tiles, and vectors of dx, of the data gradient). Twice INPUT: x is
//     read by the X_ and dy by the DY_ definitions; OUT_FIRST=c0, OUT_BLOCK=CB.

// planes of Y, channels k..<k+V of one tile, from dy's pixels from element `from` on.
#define SPREAD_TILE(from, to)                                                                \
  {                                                                                          \
    vec d_[24];                                                                              \
    _Pragma("unroll") for (int v_ = 0; v_ < 4; v_++)                                         \
      spread_gradient(DY_VALUE((from) + v_ * K), DY_VALUE((from) + (W + v_) * K),            \
                      DY_VALUE((from) + (2 * W + v_) * K), DY_VALUE((from) + (3 * W + v_) * K), \
                      d_ + v_, 4);                                                           \
    _Pragma("unroll") for (int u_ = 0; u_ < 6; u_++) {                                       \
      vec e_[6];                                                                             \
      const vec* r_ = d_ + u_ * 4;                                                           \
      spread_gradient(r_[0], r_[1], r_[2], r_[3], e_, 1);                                    \
      _Pragma("unroll") for (int v_ = 0; v_ < 6; v_++)                                       \
        STOREV(e_[v_], (to) + (u_ * 6 + v_) * PLANE(K));                                     \
    }                                                                                        \
  }
#define DY_VALUE(at) JOIN(VALUE_, DY_INPUT)(DY_, at, V)

#if DATA
// B m along one axis, in place.
static inline void transform_back(vec* m) {
  const vec a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], d = m[3] - m[4];
  const vec first = m[0], last = m[5];
  m[0] = (vec)(4.0f) * first;
  m[1] = fma((vec)(4.0f), last - b, (vec)(-2.0f) * d);
  m[2] = fma((vec)(-4.0f), a, fma((vec)(-5.0f), first, -c));
  m[3] = fma((vec)(2.0f), d, fma((vec)(-5.0f), last, b));
  m[4] = first + a + c;
  m[5] = last;
}

// Row r of the tiles of row `row` of a pass: B along it, each tile's last two columns added to the
// next one's first. Column -1 and W lie outside the image.
#define STORE_ROW(r, STORE)                                                                   \
  {                                                                                           \
    vec left_ = ZERO, right_ = ZERO;                                                          \
    for (int j_ = 0; j_ < TILE_COLUMNS; j_++) {                                               \
      const float* from_ = m + (r) * 6 * PLANE(V) + (row * TILE_COLUMNS + j_) * V;            \
      vec d_[6];                                                                              \
      _Pragma("unroll") for (int v_ = 0; v_ < 6; v_++) d_[v_] = LOADV(from_ + v_ * PLANE(V)); \
      transform_back(d_);                                                                     \
      if (j_ > 0) STORE(r, j_ * 4 - 1, d_[0] + left_)                                         \
      STORE(r, j_ * 4, d_[1] + right_)                                                        \
      STORE(r, j_ * 4 + 1, d_[2])                                                             \
      STORE(r, j_ * 4 + 2, d_[3])                                                             \
      left_ = d_[4];                                                                          \
      right_ = d_[5];                                                                         \
    }                                                                                         \
    STORE(r, W - 1, left_)                                                                    \
  }
// Rows 0 and 1 of a tile are the upper one's last two as well; 4 and 5 wait for the lower one.
#define PIXEL(h, column) ((((size_t)n * H + (h)) * W + (column)) * C + c0 + c)
#define STORE_SHARED(r, column, v) \
  OUTPUT_STORE((v) + LOADV(lower + ((r) * W + (column)) * V), PIXEL(h + (r), column), V)
#define STORE_OWN(r, column, v) OUTPUT_STORE(v, PIXEL(h + (r), column), V)
#define STORE_LOWER(r, column, v) STOREV(v, lower + (((r) - 4) * W + (column)) * V);
#endif

// u [36,K,C]; dx [N,H,W,C] (as `y`, which the epilogue stores to), slices [slices,3,3,C,K];
// global (C/CB, slices).
ONE_ITEM __kernel void gradients_winograd(
    DY_ARGUMENTS, X_ARGUMENTS, __global float* restrict slices, const int images,
    const int item_images
#if DATA
    , __global const float* restrict u, __global float* y OUTPUT_ARGUMENTS
#endif
    ) {
  const int c0 = get_global_id(0) * CB, slice = get_global_id(1);
  float rows[BUFFER_ROWS * ROW_PIXELS * CB] __attribute__((aligned(64)));
  float tiles[36 * PLANE(CB)] __attribute__((aligned(64)));
  float gradients[36 * PLANE(K)] __attribute__((aligned(64)));
  float totals[36 * CB * K] __attribute__((aligned(64)));
  for (int i = 0; i < 36 * CB * K; i += V) STOREV(ZERO, totals + i);
  zero_border(rows, CB);
#if DATA
  float products[CB / V * 36 * PLANE(V)] __attribute__((aligned(64)));
  float lower_rows[2 * W * CB] __attribute__((aligned(64)));
  OUTPUT_BEGIN
#endif
  for (int n0 = slice * item_images; n0 < min((slice + 1) * item_images, images); n0 += PASS_IMAGES)
    for (int t0 = 0; t0 < H / 4; t0 += TILE_ROWS) {
      for (int n = 0; n < PASS_IMAGES; n++) {
        const int offset = n * IMAGE_TILES;
        if (n0 + n >= images) {
          for (int i = 0; i < 36; i++) {
            for (int j = 0; j < IMAGE_TILES * CB; j += V)
              STOREV(ZERO, tiles + i * PLANE(CB) + offset * CB + j);
            for (int j = 0; j < IMAGE_TILES * K; j += V)
              STOREV(ZERO, gradients + i * PLANE(K) + offset * K + j);
          }
          continue;
        }
        LOAD_ROWS(X_, rows, n0 + n, t0 * 4 - 1, BUFFER_ROWS, c0, CB, C)
        transform_tiles(rows, tiles + offset * CB, CB, CB);
        for (int k = 0; k < K; k += V) {
          JOIN(CONSTANTS_, DY_INPUT)(DY_, k, V)
          for (int i = 0; i < TILE_ROWS; i++)
            for (int j = 0; j < TILE_COLUMNS; j++) {
              const size_t from = (((size_t)(n0 + n) * H + (t0 + i) * 4) * W + j * 4) * K + k;
              float* to = gradients + (offset + i * TILE_COLUMNS + j) * K + k;
              SPREAD_TILE(from, to)
            }
        }
      }
      for (int i = 0; i < 36; i++) {
        // The next pass's inputs, and what this one's epilogue reads.
        const size_t here = ((size_t)n0 * H + t0 * 4) * W + i * PLANE_PIXELS;
        PREFETCH_PIXELS(X_, (here + PASS_PIXELS) * C + c0, PLANE_PIXELS, CB, C)
        PREFETCH_PIXELS(DY_, (here + PASS_PIXELS) * K, PLANE_PIXELS, K, K)
#if DATA
        for (int j = 0; j < PLANE_PIXELS; j++) OUTPUT_PREFETCH((here + j) * C + c0, CB)
        for (int c = 0; c < CB; c += V * VB)
          for (int t = 0; t < PASS_TILES; t += PIXELS) {
            const float* from = gradients + i * PLANE(K) + t * K;
            __global const float* f = u + (size_t)i * K * C + c0 + c;
            vec acc[PIXELS * VB];
#pragma unroll
            for (int p = 0; p < PIXELS * VB; p++) acc[p] = ZERO;
            for (int k = 0; k < K; k++) {
              vec weight[VB];
#pragma unroll
              for (int v = 0; v < VB; v++) weight[v] = LOADV(f + k * C + v * V);
#pragma unroll
              for (int p = 0; p < PIXELS; p++) {
                const vec d = (vec)(from[p * K + k]);
#pragma unroll
                for (int v = 0; v < VB; v++) acc[p * VB + v] = fma(d, weight[v], acc[p * VB + v]);
              }
            }
#pragma unroll
            for (int p = 0; p < PIXELS * VB; p++)
              STOREV(acc[p], products + ((c / V + p % VB) * 36 + i) * PLANE(V) + (t + p / VB) * V);
          }
#endif
        for (int c = 0; c < CB; c += RB)
          for (int k = 0; k < K; k += V * FB) {
            const float* a = tiles + i * PLANE(CB) + c;
            const float* g = gradients + i * PLANE(K) + k;
            float* to = totals + (i * CB + c) * K + k;
            vec acc[RB * FB];
#pragma unroll
            for (int r = 0; r < RB * FB; r++) acc[r] = LOADV(to + r / FB * K + r % FB * V);
            for (int t = 0; t < PASS_TILES; t++) {
              vec d[FB];
#pragma unroll
              for (int v = 0; v < FB; v++) d[v] = LOADV(g + t * K + v * V);
#pragma unroll
              for (int r = 0; r < RB; r++) {
                const vec x = (vec)(a[t * CB + r]);
#pragma unroll
                for (int v = 0; v < FB; v++) acc[r * FB + v] = fma(x, d[v], acc[r * FB + v]);
              }
            }
#pragma unroll
            for (int r = 0; r < RB * FB; r++) STOREV(acc[r], to + r / FB * K + r % FB * V);
          }
      }
#if DATA
      for (int c = 0; c < CB; c += V) {
        float* m = products + c / V * 36 * PLANE(V);
        float* lower = lower_rows + 2 * W * c;
        OUTPUT_CHANNELS(c0 + c, V)
        for (int row = 0; row < PASS_IMAGES * TILE_ROWS; row++) {
          const int n = n0 + row / TILE_ROWS, h = (t0 + row % TILE_ROWS) * 4 - 1;
          if (n >= images) break;
          if (h < 0)
            for (int i = 0; i < 2 * W * V; i += V) STOREV(ZERO, lower + i);
          for (int j = 0; j < TILE_COLUMNS * 6; j++) {
            float* at = m + j % 6 * PLANE(V) + (row * TILE_COLUMNS + j / 6) * V;
            vec d[6];
#pragma unroll
            for (int i = 0; i < 6; i++) d[i] = LOADV(at + i * 6 * PLANE(V));
            transform_back(d);
#pragma unroll
            for (int i = 0; i < 6; i++) STOREV(d[i], at + i * 6 * PLANE(V));
          }
          for (int r = h < 0 ? 1 : 0; r < 2; r++) STORE_ROW(r, STORE_SHARED)
          for (int r = 2; r < 4; r++) STORE_ROW(r, STORE_OWN)
          for (int r = 4; r < 6; r++) STORE_ROW(r, STORE_LOWER)
          if (h + 5 == H)
            for (int q = 0; q < W; q++) OUTPUT_STORE(LOADV(lower + q * V), PIXEL(H - 1, q), V)
        }
        OUTPUT_CHANNELS_END(c0 + c)
      }
#endif
    }
#if DATA
  OUTPUT_END(slice, 0)
#endif
  for (int c = 0; c < CB; c++)
    for (int k = 0; k < K; k += V) {
      vec w[9];
      gather_filter(totals + c * K + k, CB * K, w);
#pragma unroll
      for (int t = 0; t < 9; t++)
        STREAMV(w[t], slices + ((size_t)(slice * 9 + t) * C + c0 + c) * K + k);
    }
}
