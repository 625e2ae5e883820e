// Both gradients of a 1x1 convolution at stride 1, vector family: few channels mean much memory for
// little arithmetic, and so dy, and what batch norm's backward reads beside it, are read once for
// both. A work-item takes item_pixels pixels, a multiple of PIXELS, PIXELS at a time; x and dy of
// these, as X_INPUT and DY_INPUT say, and all sums of the filter gradient stay in its private memory.
//
// -D: C K (multiples of V), PIXELS; GB x VB (pixels, and vectors of dx, of the data gradient in
//     registers; divide PIXELS, C / V); RB x FB (channels of x, and vectors of dy, of the filter
//     gradient; divide C, K / V); those of convolution_fused.cl.

// x [pixels,C], dy [pixels,K], w [K,C], dx [pixels,C] (as `y`), slices [slices,C,K];
// global (pixels / item_pixels rounded up).
ONE_ITEM __kernel void gradients_pointwise(
    X_ARGUMENTS, DY_ARGUMENTS, __global float* restrict slices, const int pixels,
    const int item_pixels, __global const float* restrict w, __global float* y OUTPUT_ARGUMENTS) {
  const int item = get_global_id(0);
  float inputs[PIXELS * C] __attribute__((aligned(64)));
  float gradients[PIXELS * K] __attribute__((aligned(64)));
  float totals[C * K] __attribute__((aligned(64)));
  for (int i = 0; i < C * K; i += V) STOREV(ZERO, totals + i);
  OUTPUT_BEGIN
  const int last = min((item + 1) * item_pixels, pixels);
  for (int first = item * item_pixels; first < last; first += PIXELS) {
    const int count = min(PIXELS, last - first);
    const size_t here = first;
    LOAD_PIXELS(X_, inputs, here * C, count, 0, C, C)
    LOAD_PIXELS(DY_, gradients, here * K, count, 0, K, K)
    // What is not there counts nothing.
    for (int i = count * C; i < PIXELS * C; i += V) STOREV(ZERO, inputs + i);
    for (int i = count * K; i < PIXELS * K; i += V) STOREV(ZERO, gradients + i);

    for (int c = 0; c < C; c += V * VB)
      for (int p0 = 0; p0 < PIXELS; p0 += GB) {
        if (c == 0) {
          // The epilogue's operands, and the same share of the next pixels.
          OUTPUT_PREFETCH((here + p0) * C, GB * C)
          PREFETCH_PIXELS(X_, (here + PIXELS + p0) * C, GB, C, C)
          PREFETCH_PIXELS(DY_, (here + PIXELS + p0) * K, GB, K, K)
        }
        vec acc[GB * VB];
#pragma unroll
        for (int i = 0; i < GB * VB; i++) acc[i] = ZERO;
        for (int k = 0; k < K; k++) {
          vec weight[VB];
#pragma unroll
          for (int v = 0; v < VB; v++) weight[v] = LOADV(w + (size_t)k * C + c + v * V);
#pragma unroll
          for (int p = 0; p < GB; p++) {
            const vec d = (vec)(gradients[(p0 + p) * K + k]);
#pragma unroll
            for (int v = 0; v < VB; v++) acc[p * VB + v] = fma(d, weight[v], acc[p * VB + v]);
          }
        }
#pragma unroll
        for (int v = 0; v < VB; v++) {
          OUTPUT_CHANNELS(c + v * V, V)
#pragma unroll
          for (int p = 0; p < GB; p++)
            if (p0 + p < count)
              OUTPUT_STORE(acc[p * VB + v], (here + p0 + p) * C + c + v * V, V)
          OUTPUT_CHANNELS_END(c + v * V)
        }
      }

    for (int c = 0; c < C; c += RB)
      for (int k = 0; k < K; k += V * FB) {
        float* to = totals + c * K + k;
        vec acc[RB * FB];
#pragma unroll
        for (int i = 0; i < RB * FB; i++) acc[i] = LOADV(to + i / FB * K + i % FB * V);
        for (int p = 0; p < PIXELS; p++) {
          vec d[FB];
#pragma unroll
          for (int v = 0; v < FB; v++) d[v] = LOADV(gradients + p * K + k + v * V);
#pragma unroll
          for (int r = 0; r < RB; r++) {
            const vec x = (vec)(inputs[p * C + c + r]);
#pragma unroll
            for (int v = 0; v < FB; v++) acc[r * FB + v] = fma(x, d[v], acc[r * FB + v]);
          }
        }
#pragma unroll
        for (int i = 0; i < RB * FB; i++) STOREV(acc[i], to + i / FB * K + i % FB * V);
      }
  }
  OUTPUT_END(item, 0)
  for (int i = 0; i < C * K; i += V)
    STOREV(LOADV(totals + i), slices + (size_t)item * C * K + i);
}
