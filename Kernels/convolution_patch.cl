// 3x3 convolution at stride 1, padding 1, and its data gradient, portable family: what a work-group
// reads of x lies in local memory once, with its halo, and not once for each of nine taps, so what
// is done to the input on the way in (convolution_fused.cl) is done once as well.
//
// A work-group makes ROWS whole rows of one image, BN of its channels; a work-item TM neighbors of
// a row, four channels. Terms run over blocks of BK input channels, in each over the channels, the
// filter's rows and columns. The data gradient is the convolution of dy with the filter turned by
// 180 degrees, its channels swapped.
//
// Local memory: the patch [BK][ROWS + 2][PITCH], first column and row outside of the image, then
// the filter [9][BK][BN]. PITCH is 4 modulo 8: rows that are read together start in other banks.
//
// -D: V=4 ALIGNED, H W IMAGES=1 ROWS PITCH BN BK TM
#define PARTS (BK / V)
#define COLUMN_ITEMS (BN / V)
#define ROW_ITEMS (ROWS * W / TM)
#define ITEMS (COLUMN_ITEMS * ROW_ITEMS)
#define VECTORS 1
#define RUNS (W / TM)
#define TILE_ROW(m, ty) ((ty) / RUNS * W + (ty) % RUNS * TM + (m))
#define TILE_COLUMN(j, tx) ((tx) * V)
#define PLANE ((ROWS + 2) * PITCH)
#define PATCH (BK * PLANE)
#define LOADED (PATCH + 9 * BK * BN)
#define LOCAL_FLOATS (LOADED > OUTPUT_FLOATS ? LOADED : OUTPUT_FLOATS)
// What a work-item loads before it stores.
#define AT_ONCE 4

// global (ITEMS * row blocks of all images, channel blocks); partial [row blocks, 2, OUT_CHANNELS].
__attribute__((reqd_work_group_size(ITEMS, 1, 1))) __kernel void convolution_patch(
    X_ARGUMENTS, __global const float* restrict w, __global float* y,
    const int images OUTPUT_ARGUMENTS) {
  __local float tiles[LOCAL_FLOATS] __attribute__((aligned(64)));
  __local float* filter = tiles + PATCH;
  const int item = get_local_id(0), tx = item % COLUMN_ITEMS, ty = item / COLUMN_ITEMS;
  const int n0 = get_group_id(1) * BN, block = get_group_id(0);
  const int part = item % PARTS * V;

  vec acc[TM], kept[4];
#pragma unroll
  for (int m = 0; m < TM; m++) acc[m] = ZERO;
  for (int c0 = 0; c0 < CHANNELS_AT_RUN_TIME; c0 += BK) {
    if (c0 > 0) barrier(CLK_LOCAL_MEM_FENCE);
    SET_CONSTANTS(X_, kept, c0 + part)
    for (int first = item / PARTS; first < PATCH_PIXELS; first += AT_ONCE * (ITEMS / PARTS)) {
      vec raw[AT_ONCE], pre_raw[AT_ONCE];
      int inside;
      FETCH_PATCH(block, images, AT_ONCE, first, ITEMS / PARTS, c0 + part)
#pragma unroll
      for (int i = 0; i < AT_ONCE; i++) {
        const int pixel = first + i * (ITEMS / PARTS);
        JOIN(KEPT_, X_INPUT)(kept)
        const vec value = JOIN(APPLIED_, X_INPUT)(X_, raw[i], pre_raw[i]);
        if (pixel < PATCH_PIXELS)
          store_across(inside >> i & 1 ? value : ZERO,
                       tiles + part * PLANE + pixel / (W + 2) * PITCH + pixel % (W + 2), PLANE);
      }
    }
    for (int i = item; i < 9 * BK * BN / V; i += ITEMS) {
#if defined(DATA_GRADIENT)
      // Neighbors in memory are channels of dy, which are the terms.
      const int term = i % PARTS * V, k = i / PARTS % BN, tap = i / (PARTS * BN);
      const vec value =
          LOADV(w + ((size_t)(8 - tap) * OUT_CHANNELS + n0 + k) * X_CHANNELS + c0 + term);
      store_across(value, filter + (tap * BK + term) * BN + k, BN);
#else
      const int k = i % (BN / V) * V, term = i / (BN / V) % BK, tap = i / (BN / V * BK);
      LOCALV(filter + (tap * BK + term) * BN + k) =
          LOADV(w + ((size_t)tap * X_CHANNELS + c0 + term) * OUT_CHANNELS + n0 + k);
#endif
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    __local const float* from = tiles + ty / RUNS * PITCH + ty % RUNS * TM;
    __local const float* taps = filter + tx * V;
#pragma unroll 1
    for (int c = 0; c < BK; c++, from += PLANE, taps += BN) {
#pragma unroll
      for (int r = 0; r < 3; r++) {
        float x[TM + 4];
#pragma unroll
        for (int m = 0; m < TM; m += 4)
          vstore4(*(__local const float4*)(from + r * PITCH + m), 0, x + m);
        vstore2(*(__local const float2*)(from + r * PITCH + TM), 0, x + TM);
#pragma unroll
        for (int s = 0; s < 3; s++) {
          const vec f = *(__local const vec*)(taps + (r * 3 + s) * BK * BN);
#pragma unroll
          for (int m = 0; m < TM; m++) acc[m] = fma((vec)(x[m + s]), f, acc[m]);
        }
      }
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
#define PIXEL_OF(m) ((size_t)(m))
  STORE_TILE(block, block * BM, images * H * W, PIXEL_OF)
}
