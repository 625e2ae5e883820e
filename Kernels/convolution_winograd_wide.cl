// 3x3 convolution of many channels, forward, or its data gradient with the turned filter, by
// Winograd's F(4x4, 3x3); see winograd_transforms.cl. convolution_winograd.cl reads the whole filter
// for few tiles at a time, which a large one is too large for. Here a work-item takes OUT_BLOCK
// output channels of PASS_IMAGES images, and each of the 36 planes of its part of the filter is read
// once for all tiles of a pass. H and W need not be multiples of 4: what lies behind the image is
// zero where it is read, and not stored.
//
// -D besides: CT (channels that are read and transformed at a time; divides C), PIXELS x VB (tiles,
//     and vectors of output channels, in registers; divide PASS_TILES, OUT_BLOCK / V).

// x [N,H,W,C] as X_INPUT says, u [36,C,K], y [N,H,W,K];
// global (K / OUT_BLOCK, images / PASS_IMAGES rounded up).
ONE_ITEM __kernel void convolution_winograd_wide(
    X_ARGUMENTS, __global const float* restrict u, __global float* y,
    const int images OUTPUT_ARGUMENTS) {
  const int k0 = get_global_id(0) * OUT_BLOCK;
  const int item = get_global_id(1), n0 = item * PASS_IMAGES;
  float rows[BUFFER_ROWS * ROW_PIXELS * CT] __attribute__((aligned(64)));
  float tiles[36 * PLANE(C)] __attribute__((aligned(64)));
  float products[36 * PLANE(OUT_BLOCK)] __attribute__((aligned(64)));
  OUTPUT_BEGIN
  zero_border(rows, CT);
  for (int t0 = 0; t0 < (H + 3) / 4; t0 += TILE_ROWS) {
    for (int n = 0; n < PASS_IMAGES; n++)
      for (int c = 0; c < C; c += CT) {
        if (n0 + n < images) LOAD_ROWS(X_, rows, n0 + n, t0 * 4 - 1, BUFFER_ROWS, c, CT, C)
        transform_tiles(rows, tiles + n * IMAGE_TILES * C + c, CT, C);
      }
    for (int i = 0; i < 36; i++)
      for (int k = 0; k < OUT_BLOCK; k += VB * V)
        for (int t = 0; t < PASS_TILES; t += PIXELS) {
          const float* from = tiles + i * PLANE(C) + t * C;
          __global const float* f = u + (size_t)i * C * K + k0 + k;
          vec acc[PIXELS * VB];
#pragma unroll
          for (int p = 0; p < PIXELS * VB; p++) acc[p] = ZERO;
          for (int c = 0; c < C; c++) {
            vec weight[VB];
#pragma unroll
            for (int v = 0; v < VB; v++) weight[v] = LOADV(f + c * K + v * V);
#pragma unroll
            for (int p = 0; p < PIXELS; p++) {
              const vec x = (vec)(from[p * C + c]);
#pragma unroll
              for (int v = 0; v < VB; v++) acc[p * VB + v] = fma(x, weight[v], acc[p * VB + v]);
            }
          }
#pragma unroll
          for (int p = 0; p < PIXELS * VB; p++)
            STOREV(acc[p],
                   products + i * PLANE(OUT_BLOCK) + (t + p / VB) * OUT_BLOCK + k + p % VB * V);
        }
    for (int k = 0; k < OUT_BLOCK; k += V) {
#if EPILOGUE == 1
      if (t0 == 0) {
        // The first pixel of the first tile.
        vec first = ZERO;
        for (int i = 0; i < 5; i++)
          for (int j = 0; j < 5; j++)
            first += LOADV(products + (i * 6 + j) * PLANE(OUT_BLOCK) + k);
        OUTPUT_SHIFT(k0 + k, first)
      }
#endif
      OUTPUT_CHANNELS(k0 + k, V)
      for (int t = 0; t < PASS_TILES; t++) {
        const int n = n0 + t / IMAGE_TILES;
        if (n >= images) break;
        const int row = (t0 + t / TILE_COLUMNS % TILE_ROWS) * 4, column = t % TILE_COLUMNS * 4;
        vec square[16];
        transform_products(products + t * OUT_BLOCK + k, PLANE(OUT_BLOCK), square);
#pragma unroll
        for (int i = 0; i < 4; i++) {
          if (row + i >= H) break;
          const size_t at = (((size_t)n * H + row + i) * W + column) * K + k0 + k;
#pragma unroll
          for (int j = 0; j < 4; j++)
            if (column + j < W) OUTPUT_STORE(square[i * 4 + j], at + j * K, V)
        }
      }
      OUTPUT_CHANNELS_END(k0 + k)
    }
  }
  OUTPUT_END(item, min(PASS_IMAGES, images - n0) * H * W)
}
