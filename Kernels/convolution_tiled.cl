// Convolution and data gradient, portable family, with what convolution_fused.cl does while reading
// and storing; convolution_tiles.cl has the way of it. Rows are pixels of y, columns its channels,
// and terms run over blocks of BK input channels, in each over the taps.
//
// X [N,IN_H,IN_W,X_CHANNELS] is x or dy, y [N,OUT_H,OUT_W,OUT_CHANNELS] is y or dx, w [R,S,C,K].
// The data gradient gathers: with a stride s, pixels (h, w) with equal h mod s and w mod s are a
// grid of their own (a phase), and meet every s-th tap only: no product has a zero in it for that.
#if defined(DATA_GRADIENT)
#define TAP_STRIDE STRIDE
#define TAP_SIGN (-1)
#define PIXEL_STRIDE 1
#define GRID_STRIDE STRIDE
#else
#define TAP_STRIDE 1
#define TAP_SIGN 1
#define PIXEL_STRIDE STRIDE
#define GRID_STRIDE 1
#endif
#define PARTS (BK / V)
#define A_LOADS SUM_COUNT(BM * PARTS)
#define B_LOADS SUM_COUNT(BN * PARTS)
// Of the filter V neighbors in memory: terms of one column, or columns of one term.
#if defined(DATA_GRADIENT)
#define B_COLUMN(i) (item / PARTS + (i) * (ITEMS / PARTS))
#define B_TERM(i) part
#define FILTER_AT(tap, term, column) (((tap) * OUT_CHANNELS + (column)) * X_CHANNELS + (term))
#define STORE_FILTER(v, to, term, column) \
  store_across(v, (to) + TERM_ROW(term) * B_STEP + (column), TERM_STEP * B_STEP)
#else
#define B_COLUMN(i) (item % (BN / V) * V)
#define B_TERM(i) (item / (BN / V) + (i) * (ITEMS / (BN / V)))
#define FILTER_AT(tap, term, column) (((tap) * X_CHANNELS + (term)) * OUT_CHANNELS + (column))
#define STORE_FILTER(v, to, term, column) LOCALV((to) + TERM_ROW(term) * B_STEP + (column)) = v
#endif
#define LOCAL_FLOATS (2 * TILE > OUTPUT_FLOATS ? 2 * TILE : OUTPUT_FLOATS)

// global (ITEMS * row tiles, column tiles, phases); partial [row tiles * phases, 2, OUT_CHANNELS].
__attribute__((reqd_work_group_size(ITEMS, 1, 1))) __kernel void convolution_tiled(
    X_ARGUMENTS, __global const float* restrict w, __global float* y,
    const int images OUTPUT_ARGUMENTS) {
  __local float tiles[LOCAL_FLOATS] __attribute__((aligned(64)));
  EXCHANGE_MEMORY
  const int item = get_local_id(0), tx = TILE_X(item), ty = TILE_Y(item);
  const int n0 = get_group_id(1) * BN;

  // The grid of this phase: the first tap of its pixel (i, j) is (first_r, first_s) and reads input
  // pixel (i * PIXEL_STRIDE + origin_h, ...); each further one reads the next, towards TAP_SIGN.
  const int phase = GRID_STRIDE == 1 ? 0 : get_group_id(2);
  const int grid_a = phase / GRID_STRIDE, grid_b = phase % GRID_STRIDE;
  const int grid_h = (OUT_H - grid_a + GRID_STRIDE - 1) / GRID_STRIDE;
  const int grid_w = (OUT_W - grid_b + GRID_STRIDE - 1) / GRID_STRIDE;
  // A phase of a small image may be empty; nothing is divided by 0 for it.
  const int width = max(grid_w, 1), area = max(grid_h * grid_w, 1);
#if defined(DATA_GRADIENT)
  const int first_r = (grid_a + PAD) % STRIDE, first_s = (grid_b + PAD) % STRIDE;
  const int origin_h = (grid_a + PAD - first_r) / STRIDE;
  const int origin_w = (grid_b + PAD - first_s) / STRIDE;
  const int taps_r = max(0, (R - first_r + STRIDE - 1) / STRIDE);
  const int taps_s = max(0, (S - first_s + STRIDE - 1) / STRIDE);
#else
  const int first_r = 0, first_s = 0, origin_h = -PAD, origin_w = -PAD, taps_r = R, taps_s = S;
#endif
  const int row0 = get_group_id(0) * BM, rows = images * grid_h * grid_w;
  const int blocks = (X_CHANNELS + BK - 1) / BK;
  // Never a number that the compiler knows (images is above 0): of a loop of one step PoCL 6 and 7
  // make a barrier under a condition, and end the process.
  const int steps = images < 0 ? -images
                    : GRID_STRIDE == 1 || row0 < rows ? taps_r * taps_s * blocks : 0;

  // What this work-item fetches of each left tile: V channels of A_LOADS rows.
  const int part = item % PARTS * V;
  int from_h[A_LOADS], from_w[A_LOADS], from[A_LOADS];
#pragma unroll
  for (int i = 0; i < A_LOADS; i++) {
    const int row = item / PARTS + i * (ITEMS / PARTS), m = row0 + row;
    const int n = m / area, h = m % area / width;
    // A row that is not there stands far outside the image.
    from_h[i] = row < BM && m < rows ? h * PIXEL_STRIDE + origin_h : -(1 << 30);
    from_w[i] = m % width * PIXEL_STRIDE + origin_w;
    from[i] = (n * IN_H + h * PIXEL_STRIDE + origin_h) * IN_W + from_w[i];
  }

  vec acc[TM * VECTORS], kept[4];
#pragma unroll
  for (int i = 0; i < TM * VECTORS; i++) acc[i] = ZERO;
  // The tap and the block of the tile that was fetched last, and that tile.
  int r = 0, s = 0, c0 = 0, inside = 0;
  vec raw[A_LOADS], pre_raw[A_LOADS], filter[B_LOADS];

#define FETCH_TILES                                                                           \
  inside = 0;                                                                                 \
  _Pragma("unroll") for (int i = 0; i < A_LOADS; i++) {                                       \
    const int h_ = from_h[i] + TAP_SIGN * r, w_ = from_w[i] + TAP_SIGN * s;                   \
    raw[i] = ZERO;                                                                            \
    pre_raw[i] = ZERO;                                                                        \
    if (h_ >= 0 && h_ < IN_H && w_ >= 0 && w_ < IN_W && c0 + part < X_CHANNELS) {             \
      const size_t at_ =                                                                      \
          (size_t)(from[i] + TAP_SIGN * (r * IN_W + s)) * X_CHANNELS + c0 + part;             \
      JOIN(FETCH_, X_INPUT)(X_, raw[i], pre_raw[i], at_)                                      \
      inside |= 1 << i;                                                                       \
    }                                                                                         \
  }                                                                                           \
  const size_t tap_ = (first_r + r * TAP_STRIDE) * S + first_s + s * TAP_STRIDE;              \
  _Pragma("unroll") for (int i = 0; i < B_LOADS; i++) {                                       \
    const int column = B_COLUMN(i), term = B_TERM(i);                                         \
    filter[i] = ZERO;                                                                         \
    if (column < BN && term < BK && n0 + column < OUT_CHANNELS && c0 + term < X_CHANNELS)     \
      filter[i] = LOADV(w + FILTER_AT(tap_, c0 + term, n0 + column));                         \
  }

#define STORE_TILES(to)                                                                       \
  _Pragma("unroll") for (int i = 0; i < A_LOADS; i++) {                                       \
    const int row = item / PARTS + i * (ITEMS / PARTS);                                       \
    JOIN(KEPT_, X_INPUT)(kept)                                                                \
    const vec value = JOIN(APPLIED_, X_INPUT)(X_, raw[i], pre_raw[i]);                        \
    if (row < BM)                                                                             \
      store_across(ROUNDED(inside >> i & 1 ? value : ZERO),                                   \
                   (to) + TERM_ROW(part) * A_STEP + row, TERM_STEP * A_STEP);                 \
  }                                                                                           \
  _Pragma("unroll") for (int i = 0; i < B_LOADS; i++) {                                       \
    const int column = B_COLUMN(i), term = B_TERM(i);                                         \
    if (column < BN && term < BK)                                                             \
      STORE_FILTER(ROUNDED(filter[i]), (to) + BK * A_STEP, term, column);                     \
  }

  if (steps > 0) {
    SET_CONSTANTS(X_, kept, part)
    FETCH_TILES
    STORE_TILES(tiles)
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int step = 0; step < steps; step++) {
    __local float* now = tiles + step % 2 * TILE;
    __local float* next = tiles + (step + 1) % 2 * TILE;
    if (step + 1 < steps) {
      if (++s == taps_s) {
        s = 0;
        if (++r == taps_r) {
          r = 0;
          c0 += BK;
          SET_CONSTANTS(X_, kept, c0 + part)
        }
      }
      FETCH_TILES
    }
    add_products(now, now + BK * A_STEP, tx, ty, acc EXCHANGE_ARGUMENT);
    if (step + 1 < steps) {
      STORE_TILES(next)
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }

  ARRANGE_PRODUCTS
  // Where row m of the tile is stored.
#define PIXEL(m)                                                                              \
  (((size_t)((m) / area) * OUT_H + (m) % area / width * GRID_STRIDE + grid_a) * OUT_W +       \
   (m) % width * GRID_STRIDE + grid_b)
#define PIXEL_OF(m) (GRID_STRIDE == 1 ? (size_t)(m) : PIXEL(m))
  const int tile = get_group_id(2) * get_num_groups(0) + get_group_id(0);
  STORE_TILE(tile, row0, rows, PIXEL_OF)
}
