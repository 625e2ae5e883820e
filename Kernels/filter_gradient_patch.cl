// Filter gradient of a 3x3 convolution at stride 1, padding 1, portable family: what is read of x
// lies in local memory once, with its halo, and not once for each of nine taps.
//
// A work-group makes all taps of BC channels of x and BC of dy over a slice: some bands of ROWS
// whole rows of an image, one after the other; the next one's loads are on their way while one is
// summed. TEAM work-items make the whole block, two channels of x by four of dy each; the teams
// share a band's pixels, and their sums are added in order at the end. So each sum has one order,
// told by shapes alone.
//
// Local memory: the band of x [ROWS + 2][W + 2][BC] and of dy [ROWS][W][BC].
//
// -D: V=4 ALIGNED, H W IMAGES=1 ROWS, RUN: pixels of a team, a part of one row or a whole one.
#define BC 16
#define TEAM (BC / 2 * (BC / V))
#define TEAMS 8
#define ITEMS (TEAM * TEAMS)
#define PARTS (BC / V)
#define LOADERS (ITEMS / PARTS)
#define BAND_PIXELS (ROWS * W)
#define X_LOADS ((PATCH_PIXELS + LOADERS - 1) / LOADERS)
#define DY_LOADS ((BAND_PIXELS + LOADERS - 1) / LOADERS)
#define PATCH (PATCH_PIXELS * BC)
#define LOCAL_FLOATS (PATCH + BAND_PIXELS * BC)
#define STORED(v) (v)
#define ALWAYS(i) true
// Sums of one tap, of all teams.
#define REDUCED (TEAMS * BC * BC)

// global (ITEMS * blocks of x's channels, blocks of dy's channels, slices);
// slices [slices, 3, 3, X_CHANNELS, DY_CHANNELS]. `bands` in all, `slice_bands` of them a slice.
__attribute__((reqd_work_group_size(ITEMS, 1, 1))) __kernel void filter_gradient_patch(
    X_ARGUMENTS, DY_ARGUMENTS, __global float* restrict slices, const int bands,
    const int slice_bands) {
  __local float tiles[LOCAL_FLOATS > REDUCED ? LOCAL_FLOATS : REDUCED]
      __attribute__((aligned(64)));
  __local vec x_constants[4 * PARTS], dy_constants[4 * PARTS];
  __local float* dy_tile = tiles + PATCH;
  const int item = get_local_id(0), team = item / TEAM, place = item % TEAM;
  const int cx = place / (BC / V) * 2, ky = place % (BC / V) * V;
  const int c0 = get_group_id(0) * BC, k0 = get_group_id(1) * BC;
  const int part = item % PARTS * V;
  const int first = get_group_id(2) * slice_bands, end = min(bands, first + slice_bands);

  vec kept[4];
  SHARE_CONSTANTS(X_, x_constants, PARTS, c0 + part)
  SHARE_CONSTANTS(DY_, dy_constants, PARTS, k0 + part)

  // acc [tap][x's channel].
  vec acc[18];
#pragma unroll
  for (int i = 0; i < 18; i++) acc[i] = ZERO;
  vec raw[X_LOADS], pre_raw[X_LOADS], dy_raw[DY_LOADS], dy_pre[DY_LOADS];
  int inside = 0;

// Of band b what this work-item loads.
#define FETCH_BAND(b)                                                    \
  FETCH_PATCH(b, INT_MAX, X_LOADS, item / PARTS, LOADERS, c0 + part)     \
  FETCH_BLOCK(b, DY_LOADS, item / PARTS, LOADERS, k0 + part)

  if (first < end) {
    FETCH_BAND(first)
  }
  for (int band = first; band < end; band++) {
    // Behind it the constants are there, and nobody reads the last band any more.
    barrier(CLK_LOCAL_MEM_FENCE);
    STORE_INPUT(
        X_, raw, pre_raw, x_constants, PARTS, X_LOADS, PATCH_PIXELS, tiles, BC, IN_PATCH)
    STORE_INPUT(
        DY_, dy_raw, dy_pre, dy_constants, PARTS, DY_LOADS, BAND_PIXELS, dy_tile, BC, ALWAYS)
    barrier(CLK_LOCAL_MEM_FENCE);
    if (band + 1 < end) {
      FETCH_BAND(band + 1)
    }

    const int row = team * RUN / W, column = team * RUN % W;
    __local const float* from = tiles + (row * (W + 2) + column) * BC + cx;
    __local const float* dy = dy_tile + (row * W + column) * BC + ky;
    // Three columns of three rows: two of them stand, the third comes with each pixel.
    float2 x[9];
#pragma unroll
    for (int r = 0; r < 3; r++) {
      x[r * 3] = *(__local const float2*)(from + r * (W + 2) * BC);
      x[r * 3 + 1] = *(__local const float2*)(from + (r * (W + 2) + 1) * BC);
    }
#pragma unroll 4
    for (int q = 0; q < RUN; q++) {
      const vec g = *(__local const vec*)(dy + q * BC);
#pragma unroll
      for (int r = 0; r < 3; r++)
        x[r * 3 + 2] = *(__local const float2*)(from + (r * (W + 2) + q + 2) * BC);
#pragma unroll
      for (int tap = 0; tap < 9; tap++) {
        acc[2 * tap] = fma((vec)(x[tap].x), g, acc[2 * tap]);
        acc[2 * tap + 1] = fma((vec)(x[tap].y), g, acc[2 * tap + 1]);
      }
#pragma unroll
      for (int r = 0; r < 3; r++) {
        x[r * 3] = x[r * 3 + 1];
        x[r * 3 + 1] = x[r * 3 + 2];
      }
    }
  }

  __global float* mine = slices + (size_t)get_group_id(2) * 9 * X_CHANNELS * DY_CHANNELS;
#pragma unroll
  for (int tap = 0; tap < 9; tap++) {
    barrier(CLK_LOCAL_MEM_FENCE);
    LOCALV(tiles + (team * BC + cx) * BC + ky) = acc[2 * tap];
    LOCALV(tiles + (team * BC + cx + 1) * BC + ky) = acc[2 * tap + 1];
    barrier(CLK_LOCAL_MEM_FENCE);
    // A work-item each of the BC * BC sums.
    float sum = 0.0f;
    for (int t = 0; t < TEAMS; t++) sum += tiles[t * BC * BC + item];
    if (X_CHANNELS >= BC || item / BC < X_CHANNELS)
      mine[((size_t)tap * X_CHANNELS + c0 + item / BC) * DY_CHANNELS + k0 + item % BC] = sum;
  }
}
