// Filter gradient of a 3x3 convolution of many channels by the adjoint of Winograd's F(4x4, 3x3); see
// winograd_transforms.cl:
//
//     dw = G^T [ sum over tiles (B^T x B) . (A dy A^T) ] G
//
// One work-item sums CB of x's channels by KB of dy's over a slice of item_images images. H and W need
// not be multiples of 4: what lies behind the image counts as zero.
//
// -D besides: CT (channels of x that are read at a time), CB, KB (divide C, K), RB x FB (channels of x,
//     and vectors of dy, in registers). Twice INPUT: x is read by the X_ and dy by the DY_ definitions.

#define DY_AT(r, s)                                                      \
  (H % 4 + W % 4 == 0 || (row + (r) < H && column + (s) < W)             \
       ? JOIN(VALUE_, DY_INPUT)(DY_, from + (size_t)((r) * W + (s)) * K, V) \
       : ZERO)

// slices [slices,3,3,C,K]; global (C / CB * K / KB, slices).
ONE_ITEM __kernel void filter_gradient_winograd_wide(
    X_ARGUMENTS, DY_ARGUMENTS, __global float* restrict slices, const int images,
    const int item_images) {
  const int block = get_global_id(0), slice = get_global_id(1);
  const int c0 = block % (C / CB) * CB, k0 = block / (C / CB) * KB;
  float rows[BUFFER_ROWS * ROW_PIXELS * CT] __attribute__((aligned(64)));
  float tiles[36 * PLANE(CB)] __attribute__((aligned(64)));
  float gradients[36 * PLANE(KB)] __attribute__((aligned(64)));
  float totals[36 * CB * KB] __attribute__((aligned(64)));
  for (int i = 0; i < 36 * CB * KB; i += V) STOREV(ZERO, totals + i);
  zero_border(rows, CT);
  for (int n0 = slice * item_images; n0 < min((slice + 1) * item_images, images); n0 += PASS_IMAGES)
    for (int t0 = 0; t0 < (H + 3) / 4; t0 += TILE_ROWS) {
      for (int n = 0; n < PASS_IMAGES; n++) {
        const int offset = n * IMAGE_TILES;
        if (n0 + n >= images) {
          for (int i = 0; i < 36; i++) {
            for (int j = 0; j < IMAGE_TILES * CB; j += V)
              STOREV(ZERO, tiles + i * PLANE(CB) + offset * CB + j);
            for (int j = 0; j < IMAGE_TILES * KB; j += V)
              STOREV(ZERO, gradients + i * PLANE(KB) + offset * KB + j);
          }
          continue;
        }
        for (int c = 0; c < CB; c += CT) {
          LOAD_ROWS(X_, rows, n0 + n, t0 * 4 - 1, BUFFER_ROWS, c0 + c, CT, C)
          transform_tiles(rows, tiles + offset * CB + c, CT, CB);
        }
        for (int k = 0; k < KB; k += V) {
          JOIN(CONSTANTS_, DY_INPUT)(DY_, k0 + k, V)
          for (int t = 0; t < IMAGE_TILES; t++) {
            const int row = (t0 + t / TILE_COLUMNS) * 4, column = t % TILE_COLUMNS * 4;
            const size_t from = (((size_t)(n0 + n) * H + row) * W + column) * K + k0 + k;
            float* to = gradients + (offset + t) * KB + k;
            vec d[24];
#pragma unroll
            for (int s = 0; s < 4; s++)
              spread_gradient(DY_AT(0, s), DY_AT(1, s), DY_AT(2, s), DY_AT(3, s), d + s, 4);
#pragma unroll
            for (int i = 0; i < 6; i++) {
              vec e[6];
              const vec* r = d + i * 4;
              spread_gradient(r[0], r[1], r[2], r[3], e, 1);
#pragma unroll
              for (int j = 0; j < 6; j++) STOREV(e[j], to + (i * 6 + j) * PLANE(KB));
            }
          }
        }
      }
      for (int i = 0; i < 36; i++)
        for (int c = 0; c < CB; c += RB)
          for (int k = 0; k < KB; k += V * FB) {
            const float* a = tiles + i * PLANE(CB) + c;
            const float* g = gradients + i * PLANE(KB) + k;
            float* to = totals + (i * CB + c) * KB + k;
            vec acc[RB * FB];
#pragma unroll
            for (int r = 0; r < RB * FB; r++) acc[r] = LOADV(to + r / FB * KB + r % FB * V);
            for (int t = 0; t < PASS_TILES; t++) {
              vec d[FB];
#pragma unroll
              for (int v = 0; v < FB; v++) d[v] = LOADV(g + t * KB + v * V);
#pragma unroll
              for (int r = 0; r < RB; r++) {
                const vec x = (vec)(a[t * CB + r]);
#pragma unroll
                for (int v = 0; v < FB; v++) acc[r * FB + v] = fma(x, d[v], acc[r * FB + v]);
              }
            }
#pragma unroll
            for (int r = 0; r < RB * FB; r++) STOREV(acc[r], to + r / FB * KB + r % FB * V);
          }
    }
  for (int c = 0; c < CB; c++)
    for (int k = 0; k < KB; k += V) {
      vec w[9];
      gather_filter(totals + c * KB + k, CB * KB, w);
#pragma unroll
      for (int t = 0; t < 9; t++)
        STREAMV(w[t], slices + ((size_t)(slice * 9 + t) * C + c0 + c) * K + k0 + k);
    }
}
