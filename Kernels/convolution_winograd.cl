// 3x3 convolution, forward, or its data gradient with the turned filter, by Winograd's F(4x4, 3x3);
// see winograd_transforms.cl. One work-item takes PASS_IMAGES whole images, a pass at a time:
// transforms, products and the transform back stay in its private memory.
//
// -D besides: PIXELS x VB (tiles, and vectors of output channels, in registers; divide PASS_TILES,
//     K / V).

// x [N,H,W,C] as X_INPUT says, u [36,C,K], y [N,H,W,K];
// global (images / PASS_IMAGES rounded up, parts with EPILOGUE 0 or 3, else 1).
ONE_ITEM __kernel void convolution_winograd(
    X_ARGUMENTS, __global const float* restrict u, __global float* y,
    const int images OUTPUT_ARGUMENTS) {
#if EPILOGUE == 0 || EPILOGUE == 3
  // Of few images, several work-items take the passes of one in turn.
  const int n0 = get_global_id(0) * PASS_IMAGES, parts = get_global_size(1);
  const int first_row = get_global_id(1) * TILE_ROWS, next_row = parts * TILE_ROWS;
#else
  const int item = get_global_id(0), n0 = item * PASS_IMAGES;
  const int first_row = 0, next_row = TILE_ROWS;
#endif
  float rows[BUFFER_ROWS * ROW_PIXELS * C] __attribute__((aligned(64)));
  float tiles[36 * PLANE(C)] __attribute__((aligned(64)));
  float products[VB * 36 * PLANE(V)] __attribute__((aligned(64)));
  OUTPUT_BEGIN
  zero_border(rows, C);
  for (int t0 = first_row; t0 < H / 4; t0 += next_row) {
    for (int n = 0; n < PASS_IMAGES; n++) {
      if (n0 + n < images) LOAD_ROWS(X_, rows, n0 + n, t0 * 4 - 1, BUFFER_ROWS, 0, C, C)
      transform_tiles(rows, tiles + n * IMAGE_TILES * C, C, C);
    }
    for (int k0 = 0; k0 < K; k0 += VB * V) {
      for (int i = 0; i < 36; i++) {
        if (k0 == 0) {
          // The next pass's input, and what this one's epilogue reads.
          const size_t here = ((size_t)n0 * H + t0 * 4) * W + i * PLANE_PIXELS;
          PREFETCH_PIXELS(X_, (here + PASS_PIXELS) * C, PLANE_PIXELS, C, C)
          OUTPUT_PREFETCH(here * K, PLANE_PIXELS * K)
        }
        for (int t = 0; t < PASS_TILES; t += PIXELS) {
          const float* from = tiles + i * PLANE(C) + t * C;
          __global const float* f = u + (size_t)i * C * K + k0;
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
            STOREV(acc[p], products + (p % VB * 36 + i) * PLANE(V) + (t + p / VB) * V);
        }
      }
      for (int k = k0; k < k0 + VB * V; k += V) {
        const float* m = products + (k - k0) / V * 36 * PLANE(V);
#if EPILOGUE == 1
        if (t0 == 0) {
          // The first pixel of the first tile.
          vec first = ZERO;
          for (int i = 0; i < 5; i++)
            for (int j = 0; j < 5; j++) first += LOADV(m + (i * 6 + j) * PLANE(V));
          OUTPUT_SHIFT(k, first)
        }
#endif
        OUTPUT_CHANNELS(k, V)
        for (int t = 0; t < PASS_TILES; t++) {
          const int n = n0 + t / IMAGE_TILES;
          if (n >= images) break;
          const int row = (t0 + t / TILE_COLUMNS % TILE_ROWS) * 4, column = t % TILE_COLUMNS * 4;
          vec q[24];
#pragma unroll
          for (int j = 0; j < 6; j++) {
            vec r[6];
#pragma unroll
            for (int i = 0; i < 6; i++) r[i] = LOADV(m + (i * 6 + j) * PLANE(V) + t * V);
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
            const size_t at = (((size_t)n * H + row + i) * W + column) * K + k;
            OUTPUT_STORE(r[0] + a + c, at, V)
            OUTPUT_STORE(fma((vec)(2.0f), d, b), at + K, V)
            OUTPUT_STORE(fma((vec)(4.0f), c, a), at + 2 * K, V)
            OUTPUT_STORE(fma((vec)(8.0f), d, b) + r[5], at + 3 * K, V)
          }
        }
        OUTPUT_CHANNELS_END(k)
      }
    }
  }
  OUTPUT_END(item, min(PASS_IMAGES, images - n0) * H * W)
}
