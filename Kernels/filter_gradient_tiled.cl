// Filter gradient, portable family, of inputs that are read as convolution_fused.cl says;
// convolution_tiles.cl has the way of it.
//
// x [N,H,W,X_CHANNELS], dy [N,P,Q,DY_CHANNELS], partial [slices,R,S,C,K]: a slice is slice_pixels
// pixels of dy. Rows are taps x channels of x, columns channels of dy, terms pixels of dy.
// -D besides: H W P Q. global (ITEMS * row tiles, column tiles, slices).
#define ROWS (R * S * X_CHANNELS)
#define A_PARTS (BM / V)
#define B_PARTS (BN / V)
#define A_LOADS SUM_COUNT(BK * A_PARTS)
#define B_LOADS SUM_COUNT(BK * B_PARTS)

__attribute__((reqd_work_group_size(ITEMS, 1, 1))) __kernel void filter_gradient_tiled(
    X_ARGUMENTS, DY_ARGUMENTS, __global float* restrict partial, const int images,
    const int slice_pixels) {
  __local float tiles[2 * TILE] __attribute__((aligned(64)));
  EXCHANGE_MEMORY
  const int item = get_local_id(0), tx = TILE_X(item), ty = TILE_Y(item);
  const int row0 = get_group_id(0) * BM, n0 = get_group_id(1) * BN, slice = get_group_id(2);
  const int first = slice * slice_pixels, last = min(first + slice_pixels, images * P * Q);
  const int steps = (last - first + BK - 1) / BK;

  // What this work-item fetches of each tile: of A_LOADS pixels V channels of x at one tap, of
  // B_LOADS pixels V channels of dy.
  const int a_part = item % A_PARTS * V, b_part = item % B_PARTS * V;
  const int row = row0 + a_part, c = row % X_CHANNELS, k = n0 + b_part;
  const int r = row / X_CHANNELS / S - PAD, s = row / X_CHANNELS % S - PAD;
  vec x_kept[4], dy_kept[4];
  SET_CONSTANTS(X_, x_kept, c)
  SET_CONSTANTS(DY_, dy_kept, k)
  vec acc[TM * VECTORS];
#pragma unroll
  for (int i = 0; i < TM * VECTORS; i++) acc[i] = ZERO;
  int inside = 0;
  vec raw[A_LOADS], pre_raw[A_LOADS], dy_raw[B_LOADS], dy_pre_raw[B_LOADS];

#define A_TERM(i) (item / A_PARTS + (i) * (ITEMS / A_PARTS))
#define B_TERM(i) (item / B_PARTS + (i) * (ITEMS / B_PARTS))
#define FETCH_TILES(start)                                                                \
  inside = 0;                                                                             \
  _Pragma("unroll") for (int i = 0; i < A_LOADS; i++) {                                   \
    const int m = (start) + A_TERM(i), n = m / (P * Q);                                   \
    const int h = m / Q % P * STRIDE + r, w = m % Q * STRIDE + s;                         \
    raw[i] = ZERO;                                                                        \
    pre_raw[i] = ZERO;                                                                    \
    if (A_TERM(i) < BK && m < last && row < ROWS && h >= 0 && h < H && w >= 0 && w < W) { \
      const size_t at_ = ((size_t)(n * H + h) * W + w) * X_CHANNELS + c;                  \
      JOIN(FETCH_, X_INPUT)(X_, raw[i], pre_raw[i], at_)                                  \
      inside |= 1 << i;                                                                   \
    }                                                                                     \
  }                                                                                       \
  _Pragma("unroll") for (int i = 0; i < B_LOADS; i++) {                                   \
    const int m = (start) + B_TERM(i);                                                    \
    dy_raw[i] = ZERO;                                                                     \
    dy_pre_raw[i] = ZERO;                                                                 \
    if (B_TERM(i) < BK && m < last && k < DY_CHANNELS) {                                  \
      const size_t at_ = (size_t)m * DY_CHANNELS + k;                                     \
      JOIN(FETCH_, DY_INPUT)(DY_, dy_raw[i], dy_pre_raw[i], at_)                          \
    }                                                                                     \
  }

// Beyond the last pixel of dy x is zero, so that what batch norm makes of no dy does not count.
#define STORE_TILES(to)                                                                   \
  _Pragma("unroll") for (int i = 0; i < A_LOADS; i++) {                                   \
    JOIN(KEPT_, X_INPUT)(x_kept)                                                          \
    const vec value = JOIN(APPLIED_, X_INPUT)(X_, raw[i], pre_raw[i]);                    \
    if (A_TERM(i) < BK)                                                                   \
      LOCALV((to) + A_TERM(i) * A_STEP + a_part) =                                        \
          ROUNDED(inside >> i & 1 ? value : ZERO);                                        \
  }                                                                                       \
  _Pragma("unroll") for (int i = 0; i < B_LOADS; i++) {                                   \
    JOIN(KEPT_, DY_INPUT)(dy_kept)                                                        \
    const vec value = JOIN(APPLIED_, DY_INPUT)(DY_, dy_raw[i], dy_pre_raw[i]);            \
    if (B_TERM(i) < BK)                                                                   \
      LOCALV((to) + BK * A_STEP + B_TERM(i) * B_STEP + b_part) = ROUNDED(value);          \
  }

  if (steps > 0) {
    FETCH_TILES(first)
    STORE_TILES(tiles)
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int step = 0; step < steps; step++) {
    __local float* now = tiles + step % 2 * TILE;
    __local float* next = tiles + (step + 1) % 2 * TILE;
    if (step + 1 < steps) {
      FETCH_TILES(first + (step + 1) * BK)
    }
    add_products(now, now + BK * A_STEP, tx, ty, acc EXCHANGE_ARGUMENT);
    if (step + 1 < steps) {
      STORE_TILES(next)
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  ARRANGE_PRODUCTS
#pragma unroll
  for (int i = 0; i < TM; i++)
#pragma unroll
    for (int j = 0; j < VECTORS; j++) {
      const int to = row0 + TILE_ROW(i, ty), column = n0 + TILE_COLUMN(j, tx);
      if (to < ROWS && column < DY_CHANNELS)
        STOREV(acc[i * VECTORS + j],
               partial + ((size_t)slice * ROWS + to) * DY_CHANNELS + column);
    }
}
