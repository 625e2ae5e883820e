// What the Winograd kernels of the vector family share: minimal filtering F(4x4, 3x3) (Lavin and
// Gray 2016; points 0, 1, -1, 2, -2, infinity) of 3x3 convolutions at stride 1, padding 1. A tile
// is 6x6 inputs and 4x4 outputs; neighbors share two rows or columns of inputs.
//
//     y = A^T [ (G w G^T) . (B^T x B) ] A
//
// A pass takes PASS_IMAGES x TILE_ROWS x W/4 tiles; their 36 values stand in 36 planes.
//
// -D: H W C K (C, K divisible by V), TILE_ROWS (divides H/4 rounded up), PASS_IMAGES (1, unless
//     TILE_ROWS is H/4 rounded up), and those of convolution_fused.cl.

#define TILE_COLUMNS ((W + 3) / 4)
#define IMAGE_TILES (TILE_ROWS * TILE_COLUMNS)
#define PASS_TILES (PASS_IMAGES * IMAGE_TILES)
#define PASS_PIXELS (PASS_TILES * 16)
#define BUFFER_ROWS (TILE_ROWS * 4 + 2)
// Of a row of tiles, its border included.
#define ROW_PIXELS (TILE_COLUMNS * 4 + 2)
// Floats from one of the 36 values of a tile to the next: one cache line more than the tiles take,
// as powers of two would all fall into one set of the cache.
#define PLANE(channels) (PASS_TILES * (channels) + 16)

// rows [count, ROW_PIXELS, CHANNELS] := rows first..<first+count of image n, zeros outside.
#define LOAD_ROWS(P, rows, n, first, count, c0, CHANNELS, STEP)                          \
  for (int i_ = 0; i_ < (count); i_++) {                                              \
    const int h_ = (first) + i_;                                                      \
    __private float* to_ = (rows) + (i_ * ROW_PIXELS + 1) * (CHANNELS);               \
    if (h_ < 0 || h_ >= H)                                                            \
      for (int j_ = 0; j_ < W * (CHANNELS); j_ += V) STOREV(ZERO, to_ + j_);          \
    else                                                                              \
      LOAD_PIXELS(P, to_, ((size_t)(n) * H + h_) * W * (STEP), W, c0, CHANNELS, STEP)    \
  }

// The first column of the rows and those behind the image, which LOAD_ROWS leaves alone.
static inline void zero_border(float* rows, const int channels) {
  for (int i = 0; i < BUFFER_ROWS; i++)
    for (int c = 0; c < channels; c += V) {
      STOREV(ZERO, rows + i * ROW_PIXELS * channels + c);
      for (int j = W + 1; j < ROW_PIXELS; j++)
        STOREV(ZERO, rows + (i * ROW_PIXELS + j) * channels + c);
    }
}

// B^T d along one axis: six values `step` apart, in place.
static inline void transform_input(vec* d, const int step) {
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

// tiles [36, PASS_TILES, step] (each of the 36 a PLANE), `channels` of them, from rows
// [BUFFER_ROWS, ROW_PIXELS, channels] of one image.
static inline void transform_tiles(
    const float* rows, float* tiles, const int channels, const int step) {
  for (int i = 0; i < TILE_ROWS; i++)
    for (int j = 0; j < TILE_COLUMNS; j++)
      for (int c = 0; c < channels; c += V) {
        const float* from = rows + (i * 4 * ROW_PIXELS + j * 4) * channels + c;
        float* to = tiles + (i * TILE_COLUMNS + j) * step + c;
        vec d[36];
#pragma unroll
        for (int u = 0; u < 6; u++)
#pragma unroll
          for (int v = 0; v < 6; v++) d[u * 6 + v] = LOADV(from + (u * ROW_PIXELS + v) * channels);
#pragma unroll
        for (int v = 0; v < 6; v++) transform_input(d + v, 6);
#pragma unroll
        for (int u = 0; u < 6; u++) {
          transform_input(d + u * 6, 1);
#pragma unroll
          for (int v = 0; v < 6; v++) STOREV(d[u * 6 + v], to + (u * 6 + v) * PLANE(step));
        }
      }
}

// A^T m A of the products m + i * plane, i < 36, of one tile: four rows of four, out[i * 4 + j].
static inline void transform_products(const float* m, const int plane, vec* out) {
  vec q[24];
#pragma unroll
  for (int j = 0; j < 6; j++) {
    vec r[6];
#pragma unroll
    for (int i = 0; i < 6; i++) r[i] = LOADV(m + (i * 6 + j) * plane);
    const vec a = r[1] + r[2], b = r[1] - r[2], c = r[3] + r[4], d = r[3] - r[4];
    q[j] = r[0] + a + c;
    q[6 + j] = fma((vec)(2.0f), d, b);
    q[12 + j] = fma((vec)(4.0f), c, a);
    q[18 + j] = fma((vec)(8.0f), d, b) + r[5];
  }
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const vec* r = q + i * 6;
    const vec a = r[1] + r[2], b = r[1] - r[2], c = r[3] + r[4], d = r[3] - r[4];
    out[i * 4] = r[0] + a + c;
    out[i * 4 + 1] = fma((vec)(2.0f), d, b);
    out[i * 4 + 2] = fma((vec)(4.0f), c, a);
    out[i * 4 + 3] = fma((vec)(8.0f), d, b) + r[5];
  }
}

// A d along one axis: four values give six, `step` apart.
static inline void spread_gradient(
    const vec a, const vec b, const vec c, const vec d, vec* to, const int step) {
  const vec even = a + c, odd = b + d;
  const vec even2 = fma((vec)(4.0f), c, a), odd2 = fma((vec)(8.0f), d, (vec)(2.0f) * b);
  to[0] = a;
  to[step] = even + odd;
  to[2 * step] = even - odd;
  to[3 * step] = even2 + odd2;
  to[4 * step] = even2 - odd2;
  to[5 * step] = d;
}

// w := G^T M G of the sums M, `step` apart: nine taps. The scales of G's rows are taken first.
static inline void gather_filter(const float* totals, const int step, vec* w) {
  const float scales[6] = {0.25f, -1.0f / 6, -1.0f / 6, 1.0f / 24, 1.0f / 24, 1.0f};
  vec q[18];
#pragma unroll
  for (int j = 0; j < 6; j++) {
    vec m[6];
#pragma unroll
    for (int i = 0; i < 6; i++)
      m[i] = LOADV(totals + (i * 6 + j) * step) * (vec)(scales[i] * scales[j]);
    const vec e = m[1] + m[2], f = m[1] - m[2], g = m[3] + m[4], h = m[3] - m[4];
    q[j] = m[0] + e + g;
    q[6 + j] = fma((vec)(2.0f), h, f);
    q[12 + j] = fma((vec)(4.0f), g, e) + m[5];
  }
#pragma unroll
  for (int r = 0; r < 3; r++) {
    const vec* m = q + r * 6;
    const vec e = m[1] + m[2], f = m[1] - m[2], g = m[3] + m[4], h = m[3] - m[4];
    w[r * 3] = m[0] + e + g;
    w[r * 3 + 1] = fma((vec)(2.0f), h, f);
    w[r * 3 + 2] = fma((vec)(4.0f), g, e) + m[5];
  }
}

// Of the pixels of a pass, those to ask for while one of its 36 planes is multiplied: requests that
// come all at once wait for each other.
#define PLANE_PIXELS ((PASS_PIXELS + 35) / 36)
