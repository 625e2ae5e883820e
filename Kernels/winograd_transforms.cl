// What the Winograd kernels of the vector family share: minimal filtering F(4x4, 3x3) (Lavin and
// Gray 2016; points 0, 1, -1, 2, -2, infinity) of 3x3 convolutions at stride 1, padding 1. A tile
// is 6x6 inputs and 4x4 outputs; neighbors share two rows or columns of inputs.
//
//     y = A^T [ (G w G^T) . (B^T x B) ] A
//
// A pass takes PASS_IMAGES x TILE_ROWS x W/4 tiles; their 36 values stand in 36 planes.
//
// -D: H W C K (H, W divisible by 4; C, K by V), TILE_ROWS (divides H/4), PASS_IMAGES (1, unless
//     TILE_ROWS is H/4), and those of convolution_fused.cl.

#define TILE_COLUMNS (W / 4)
#define IMAGE_TILES (TILE_ROWS * TILE_COLUMNS)
#define PASS_TILES (PASS_IMAGES * IMAGE_TILES)
#define PASS_PIXELS (PASS_TILES * 16)
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
static inline void zero_border(float* rows, const int channels) {
  for (int i = 0; i < BUFFER_ROWS; i++)
    for (int c = 0; c < channels; c += V) {
      STOREV(ZERO, rows + i * (W + 2) * channels + c);
      STOREV(ZERO, rows + (i * (W + 2) + W + 1) * channels + c);
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

// tiles [36, PASS_TILES, channels] (each of the 36 a PLANE) from rows
// [BUFFER_ROWS, W + 2, channels] of one image.
static inline void transform_tiles(const float* rows, float* tiles, const int channels) {
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

// Of the pixels of a pass, those to ask for while one of its 36 planes is multiplied: requests that
// come all at once wait for each other.
#define PLANE_PIXELS ((PASS_PIXELS + 35) / 36)
