// Data gradient of a 1x1 convolution at stride 1 and, with -D FILTER, its filter gradient beside
// it, vector family: few channels mean much memory for little arithmetic, and so dy, and what batch
// norm's backward reads beside it, are read once for both. A work-item takes item_pixels pixels, a
// multiple of PIXELS, PIXELS at a time; x and dy of these, as X_INPUT and DY_INPUT say, and all
// sums of the filter gradient stay in its private memory.
//
// -D: C K, CP KP (the same, rounded up to V), PIXELS; GB x VB (pixels, and vectors of dx, of the
//     data gradient in registers; divide PIXELS, CP / V); RB x FB (channels of x, and vectors of
//     dy, of the filter gradient; divide C, KP / V); those of convolution_fused.cl.

#if FILTER
#define BLOCKS (C / RB * (KP / (V * FB)))
#define FILTER_ARGUMENTS X_ARGUMENTS, __global float *restrict slices,
#else
#define BLOCKS (CP / (V * VB) * (PIXELS / GB))
#define FILTER_ARGUMENTS
#endif
#define SHARE ((PIXELS + BLOCKS - 1) / BLOCKS)

// x [pixels,C], dy [pixels,K], w [K,CP], dx [pixels,C] (as `y`), slices [slices,C,K];
// global (pixels / item_pixels rounded up).
ONE_ITEM __kernel void gradients_pointwise(
    DY_ARGUMENTS, FILTER_ARGUMENTS const int pixels, const int item_pixels,
    __global const float* restrict w, __global float* y OUTPUT_ARGUMENTS) {
  const int item = get_global_id(0);
  float gradients[PIXELS * KP] __attribute__((aligned(64)));
#if FILTER
  float inputs[PIXELS * C] __attribute__((aligned(64)));
  float totals[C * KP] __attribute__((aligned(64)));
  for (int i = 0; i < C * KP; i += V) STOREV(ZERO, totals + i);
#endif
  OUTPUT_BEGIN
  const int last = min((item + 1) * item_pixels, pixels);
  for (int first = item * item_pixels; first < last; first += PIXELS) {
    const int count = min(PIXELS, last - first);
    const size_t here = first;
#if FILTER
    LOAD_PIXELS(X_, inputs, here * C, count, 0, C, C)
    for (int i = count * C; i < PIXELS * C; i++) inputs[i] = 0.0f;
#endif
    for (int k = 0; k < K; k += V) {
      const int lanes = K % V == 0 ? V : min(V, K - k);
      JOIN(CONSTANTS_, DY_INPUT)(DY_, k, lanes)
      for (int p = 0; p < count; p++) {
        if (k == 0) {
          JOIN(PREFETCH_, DY_INPUT)(DY_, (here + p + AHEAD) * K, K)
        }
        STOREV(JOIN(VALUE_, DY_INPUT)(DY_, (here + p) * K + k, lanes), gradients + p * KP + k);
      }
    }
    // What is not there counts nothing.
    for (int i = count * KP; i < PIXELS * KP; i += V) STOREV(ZERO, gradients + i);

    for (int c = 0; c < CP; c += V * VB)
      for (int p0 = 0; p0 < PIXELS; p0 += GB) {
        // For the epilogue.
        if (c == 0) OUTPUT_PREFETCH((here + p0) * C, GB * C)
#if !FILTER
        const int share = (c / (V * VB) * (PIXELS / GB) + p0 / GB) * SHARE;
        if (share < PIXELS) {
          PREFETCH_PIXELS(DY_, (here + PIXELS + share) * K, SHARE, K, K)
        }
#endif
        vec acc[GB * VB];
#pragma unroll
        for (int i = 0; i < GB * VB; i++) acc[i] = ZERO;
        for (int k = 0; k < K; k++) {
          vec weight[VB];
#pragma unroll
          for (int v = 0; v < VB; v++) weight[v] = LOADV(w + (size_t)k * CP + c + v * V);
#pragma unroll
          for (int p = 0; p < GB; p++) {
            const vec d = (vec)(gradients[(p0 + p) * KP + k]);
#pragma unroll
            for (int v = 0; v < VB; v++) acc[p * VB + v] = fma(d, weight[v], acc[p * VB + v]);
          }
        }
#pragma unroll
        for (int v = 0; v < VB; v++) {
          const int lanes = C % V == 0 ? V : min(V, C - c - v * V);
          OUTPUT_CHANNELS(c + v * V, lanes)
#pragma unroll
          for (int p = 0; p < GB; p++)
            if (p0 + p < count)
              OUTPUT_STORE(acc[p * VB + v], (here + p0 + p) * C + c + v * V, lanes)
          OUTPUT_CHANNELS_END(c + v * V)
        }
      }

#if FILTER
    for (int c = 0; c < C; c += RB)
      for (int k = 0; k < KP; k += V * FB) {
        // Of the pixels that come next, this block's share.
        const int share = (c / RB * (KP / (V * FB)) + k / (V * FB)) * SHARE;
        if (share < PIXELS) {
          PREFETCH_PIXELS(X_, (here + PIXELS + share) * C, SHARE, C, C)
          PREFETCH_PIXELS(DY_, (here + PIXELS + share) * K, SHARE, K, K)
        }
        float* to = totals + c * KP + k;
        vec acc[RB * FB];
#pragma unroll
        for (int i = 0; i < RB * FB; i++) acc[i] = LOADV(to + i / FB * KP + i % FB * V);
        for (int p = 0; p < PIXELS; p++) {
          vec d[FB];
#pragma unroll
          for (int v = 0; v < FB; v++) d[v] = LOADV(gradients + p * KP + k + v * V);
#pragma unroll
          for (int r = 0; r < RB; r++) {
            const vec x = (vec)(inputs[p * C + c + r]);
#pragma unroll
            for (int v = 0; v < FB; v++) acc[r * FB + v] = fma(x, d[v], acc[r * FB + v]);
          }
        }
#pragma unroll
        for (int i = 0; i < RB * FB; i++) STOREV(acc[i], to + i / FB * KP + i % FB * V);
      }
#endif
  }
  OUTPUT_END(item, 0)
#if FILTER
  for (int c = 0; c < C; c++)
    for (int k = 0; k < K; k += V)
      store_lanes(LOADV(totals + c * KP + k), slices + ((size_t)item * C + c) * K + k, K - k);
#endif
}
