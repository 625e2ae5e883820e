// convolution_patch.cl on tensor cores: each fragment of the left side is a run of eight pixels of
// the patch, moved by the tap, so that nothing is fetched or rounded nine times.
//
// Local memory: the patch [pixels][PATCH_STEP], then the filter [9][BK][FILTER_STEP]. Both steps
// are such that the 32 lanes that read a fragment meet 32 banks. For a data gradient the filter
// comes turned and with its channels swapped (pack_filter): as it is stored, a work-group would read
// 32 B of a line at a time.
//
// -D: V=4 ALIGNED, H, W a multiple of 8, IMAGES ROWS BN BK=8 TM TN, and of tensor_core_products.cl.
#define PARTS (BK / V)
#define PATCH_STEP (BK + 4)
#define FILTER_STEP B_STEP
#define PATCH (PATCH_PIXELS * PATCH_STEP)
#define LOADED (PATCH + 9 * BK * FILTER_STEP)
#define LOCAL_FLOATS (LOADED > OUTPUT_FLOATS ? LOADED : OUTPUT_FLOATS)
// Pixels of the patch that a work-item loads.
#define LOADERS (ITEMS / PARTS)
#define LOADS ((PATCH_PIXELS + LOADERS - 1) / LOADERS)
// Of the filter, of each tap: V channels of a term.
#define FILTER_LOADS ((BK * BN / V + ITEMS - 1) / ITEMS)
#define FILTER_TERM (item / (ITEMS / BK))
#define FILTER_COLUMN(i) (item % (ITEMS / BK) * V + (i) * (ITEMS / BK * V))
#define TAPS_AT_ONCE 3
// Of pixel m of the tile.
#define PATCH_PIXEL(m)                                                               \
  (((m) / (ROWS * W) * (ROWS + 2) + (m) % (ROWS * W) / W) * (W + 2) + (m) % W)

// global (ITEMS * pixel blocks, channel blocks); partial [pixel blocks, 2, OUT_CHANNELS].
__attribute__((reqd_work_group_size(ITEMS, 1, 1))) __kernel void convolution_patch_tensor(
    X_ARGUMENTS, __global const float* restrict w, __global float* y,
    const int images OUTPUT_ARGUMENTS) {
  __local float tiles[LOCAL_FLOATS] __attribute__((aligned(64)));
  EXCHANGE_MEMORY
  __local float* filter = tiles + PATCH;
  const int item = get_local_id(0), tx = TILE_X(item), ty = TILE_Y(item), lane = item % 32;
  const int n0 = get_group_id(1) * BN, block = get_group_id(0);
  const int part = item % PARTS * V;

  vec acc[TM * VECTORS], kept[4];
#pragma unroll
  for (int i = 0; i < TM * VECTORS; i++) acc[i] = ZERO;
  // What this lane reads of the first tap of the warp's first rows; eight rows on are eight pixels
  // on, or rows or images, wherever a warp begins.
  __local const float* rows_from =
      tiles + (PATCH_PIXEL(ty / 16 * WARP_ROWS) + lane / 4) * PATCH_STEP + lane % 4;
  __local const float* columns_from =
      filter + lane % 4 * FILTER_STEP + tx / 2 * WARP_COLUMNS + lane / 4;

  int from[LOADS];
#pragma unroll
  for (int i = 0; i < LOADS; i++)
    from[i] = patch_pixel(item / PARTS + i * LOADERS, IMAGE0(block), ROW0(block), images);

  for (int c0 = 0; c0 < CHANNELS_AT_RUN_TIME; c0 += BK) {
    if (c0 > 0) barrier(CLK_LOCAL_MEM_FENCE);
    SET_CONSTANTS(X_, kept, c0 + part)
    vec raw[LOADS], pre_raw[LOADS];
#pragma unroll
    for (int i = 0; i < LOADS; i++) {
      raw[i] = ZERO;
      pre_raw[i] = ZERO;
      if (from[i] >= 0) {
        JOIN(FETCH_, X_INPUT)(X_, raw[i], pre_raw[i], (size_t)from[i] * X_CHANNELS + c0 + part)
      }
    }
#pragma unroll
    for (int i = 0; i < LOADS; i++) {
      const int pixel = item / PARTS + i * LOADERS;
      JOIN(KEPT_, X_INPUT)(kept)
      const vec value = ROUNDED(JOIN(APPLIED_, X_INPUT)(X_, raw[i], pre_raw[i]));
      if (pixel < PATCH_PIXELS)
        LOCALV(tiles + pixel * PATCH_STEP + part) = from[i] >= 0 ? value : ZERO;
    }
    // Some taps at a time, so that their loads overlap.
#pragma unroll
    for (int first = 0; first < 9; first += TAPS_AT_ONCE) {
      vec values[TAPS_AT_ONCE * FILTER_LOADS];
#pragma unroll
      for (int i = 0; i < TAPS_AT_ONCE * FILTER_LOADS; i++) {
        const int tap = first + i / FILTER_LOADS, column = FILTER_COLUMN(i % FILTER_LOADS);
        if (column < BN)
          values[i] = LOADV(
              w + ((size_t)tap * X_CHANNELS + c0 + FILTER_TERM) * OUT_CHANNELS + n0 + column);
      }
#pragma unroll
      for (int i = 0; i < TAPS_AT_ONCE * FILTER_LOADS; i++) {
        const int tap = first + i / FILTER_LOADS, column = FILTER_COLUMN(i % FILTER_LOADS);
        __local float* to = filter + (tap * BK + FILTER_TERM) * FILTER_STEP + column;
        if (column < BN) LOCALV(to) = ROUNDED(values[i]);
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    // Not unrolled: the fragments of more taps than three would not fit into the registers.
#pragma unroll 1
    for (int r = 0; r < 3; r++) {
      __local const float* lines = rows_from + r * (W + 2) * PATCH_STEP;
      __local const float* taps = columns_from + r * 3 * BK * FILTER_STEP;
      FRAGMENTS_UNROLLED
      for (int s = 0; s < 3; s++) {
        float rows[TM][4], columns[VECTORS][2];
#pragma unroll
        for (int m = 0; m < TM; m++)
#pragma unroll
          for (int i = 0; i < 4; i++)
            rows[m][i] = lines[(PATCH_PIXEL(m * 16 + i % 2 * 8) + s) * PATCH_STEP + i / 2 * 4];
        read_columns(taps + s * BK * FILTER_STEP, FILTER_STEP, columns);
        FRAGMENTS_UNROLLED
        for (int m = 0; m < TM; m++)
          add_fragment_row(rows[m], columns, acc + m * VECTORS EXCHANGE_ARGUMENT);
      }
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  ARRANGE_PRODUCTS
#define PIXEL_OF(m) ((size_t)(m))
  STORE_TILE(block, block * BM, images * H * W, PIXEL_OF)
}
