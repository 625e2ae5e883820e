// filter_gradient_patch.cl on tensor cores: rows of the product are BM channels of x, columns BN of
// dy, terms eight neighbors of a row; a warp makes 16 x 32 sums of all nine taps.
//
// Local memory: a band of x [ROWS + 2][W + 2][A_STEP] and of dy [ROWS][W][B_STEP], rounded. Both
// steps are such that the 32 lanes that read a fragment meet 32 banks.
//
// -D: V=4 ALIGNED, H, W a multiple of 8, IMAGES=1 ROWS, BM=32 BN=64 TM=1 TN=16, and of
//     tensor_core_products.cl.
#define BAND_PIXELS (ROWS * W)
#define STORED(v) ROUNDED(v)
// Behind dy's last channel are zeros.
#define IS_CHANNEL(i) (k0 + dy_part < DY_CHANNELS)
#define X_PARTS (BM / V)
#define DY_PARTS (BN / V)
#define X_LOADERS (ITEMS / X_PARTS)
#define DY_LOADERS (ITEMS / DY_PARTS)
#define X_LOADS ((PATCH_PIXELS + X_LOADERS - 1) / X_LOADERS)
#define DY_LOADS ((BAND_PIXELS + DY_LOADERS - 1) / DY_LOADERS)

// global (ITEMS * blocks of x's channels, blocks of dy's channels, slices);
// slices [slices, 3, 3, X_CHANNELS, DY_CHANNELS]. `bands` in all, `slice_bands` of them a slice.
__attribute__((reqd_work_group_size(ITEMS, 1, 1))) __kernel void filter_gradient_patch_tensor(
    X_ARGUMENTS, DY_ARGUMENTS, __global float* restrict slices, const int bands,
    const int slice_bands) {
  __local float x_tile[PATCH_PIXELS * A_STEP] __attribute__((aligned(64)));
  __local float dy_tile[BAND_PIXELS * B_STEP] __attribute__((aligned(64)));
  __local vec x_constants[4 * X_PARTS], dy_constants[4 * DY_PARTS];
  EXCHANGE_MEMORY
  const int item = get_local_id(0), lane = item % 32;
  const int row0 = TILE_Y(item) / 16 * 16, column0 = TILE_X(item) / 2 * WARP_COLUMNS;
  const int c0 = get_group_id(0) * BM, k0 = get_group_id(1) * BN;
  const int x_part = item % X_PARTS * V, dy_part = item % DY_PARTS * V;
  const int first = get_group_id(2) * slice_bands, end = min(bands, first + slice_bands);

  vec kept[4];
  SHARE_CONSTANTS(X_, x_constants, X_PARTS, c0 + x_part)
  SHARE_CONSTANTS(DY_, dy_constants, DY_PARTS, k0 + dy_part)

  // acc [tap][eight columns].
  vec acc[9 * VECTORS];
#pragma unroll
  for (int i = 0; i < 9 * VECTORS; i++) acc[i] = ZERO;

  for (int band = first; band < end; band++) {
    // Behind it the constants are there, and nobody reads the last band any more.
    barrier(CLK_LOCAL_MEM_FENCE);
    {
      vec raw[X_LOADS], pre_raw[X_LOADS];
      int inside;
      FETCH_PATCH(band, INT_MAX, X_LOADS, item / X_PARTS, X_LOADERS, c0 + x_part)
      STORE_INPUT(
          X_, raw, pre_raw, x_constants, X_PARTS, X_LOADS, PATCH_PIXELS, x_tile, A_STEP, IN_PATCH)
    }
    {
      vec dy_raw[DY_LOADS], dy_pre[DY_LOADS];
      FETCH_BLOCK(band, DY_LOADS, item / DY_PARTS, DY_LOADERS, k0 + dy_part)
      STORE_INPUT(DY_, dy_raw, dy_pre, dy_constants, DY_PARTS, DY_LOADS, BAND_PIXELS, dy_tile,
                  B_STEP, IS_CHANNEL)
    }
    barrier(CLK_LOCAL_MEM_FENCE);

#pragma unroll 1
    for (int pixel = 0; pixel < BAND_PIXELS; pixel += 8) {
      __local const float* rows_from =
          x_tile + (pixel / W * (W + 2) + pixel % W + lane % 4) * A_STEP + row0 + lane / 4;
      __local const float* columns_from =
          dy_tile + (pixel + lane % 4) * B_STEP + column0 + lane / 4;
      float columns[VECTORS][2];
      read_columns(columns_from, B_STEP, columns);
      FRAGMENTS_UNROLLED
      for (int tap = 0; tap < 9; tap++) {
        float rows[4];
#pragma unroll
        for (int i = 0; i < 4; i++)
          rows[i] = rows_from[(tap / 3 * (W + 2) + tap % 3 + i / 2 * 4) * A_STEP + i % 2 * 8];
        add_fragment_row(rows, columns, acc + tap * VECTORS EXCHANGE_ARGUMENT);
      }
    }
  }

  __global float* mine = slices + (size_t)get_group_id(2) * 9 * X_CHANNELS * DY_CHANNELS;
#pragma unroll
  for (int tap = 0; tap < 9; tap++)
#pragma unroll
    for (int j = 0; j < VECTORS; j++) {
      const vec sums = acc[tap * VECTORS + j];
      const int c = c0 + row0 + lane / 4, k = k0 + column0 + j * 8 + lane % 4 * 2;
      __global float* to = mine + ((size_t)tap * X_CHANNELS + c) * DY_CHANNELS + k;
      if (k < DY_CHANNELS) {
        vstore2(sums.lo, 0, to);
        vstore2(sums.hi, 0, to + (size_t)8 * DY_CHANNELS);
      }
    }
}
