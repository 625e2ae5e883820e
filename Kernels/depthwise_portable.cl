// Depthwise convolution, portable family (GPUs): channel c of y [N,P,Q,C] is channel c of x [N,H,W,C]
// under w [R,S,C]. A work-item takes V channels of QB neighboring columns, neighboring work-items
// are neighboring channels: reads and writes are coalesced, and a pixel that is loaded serves every
// output of the block that reads it. Loads come from clamped addresses and are replaced by zero
// outside, so that many are under way and none waits for a branch.
//
// -D: V (4 where C is a multiple, else 1), R S STRIDE PAD, QB (a multiple of STRIDE), and what stands
//     with each kernel; the other sizes are arguments. Work-items beyond them have nothing to do.

typedef struct { int n, h, w, c, p, q; } Geometry;

// V channels of a row's column, zeros outside of the row.
static inline vec pixel(
    __global const float* row, const int column, const int columns, const int channels,
    const int inside) {
  const vec value = LOADV(row + max(min(column, columns - 1), 0) * channels);
  return inside && column >= 0 && column < columns ? value : ZERO;
}

// The V channels, block and line (image and row) of a work-item.
#define PLACE(columns)                                                         \
  const int i = get_global_id(0), lanes = g.c / V, blocks = ((columns) + QB - 1) / QB; \
  const int c = i % lanes * V, first = i / lanes % blocks * QB, line = i / lanes / blocks;

#ifdef FORWARD
// global (N * P * ceil(Q / QB) * C / V).
__kernel void depthwise_forward(
    __global const float* restrict x, __global const float* restrict w,
    __global float* restrict y, const Geometry g) {
  PLACE(g.q)
  if (line >= g.n * g.p) return;
  const int n = line / g.p, p = line % g.p;
  vec sums[QB];
#pragma unroll
  for (int j = 0; j < QB; j++) sums[j] = ZERO;
#pragma unroll
  for (int r = 0; r < R; r++) {
    const int v = p * STRIDE + r - PAD;
    __global const float* row = x + ((size_t)n * g.h + max(min(v, g.h - 1), 0)) * g.w * g.c + c;
    vec filter[S];
#pragma unroll
    for (int s = 0; s < S; s++) filter[s] = LOADV(w + (r * S + s) * g.c + c);
#pragma unroll
    for (int t = 0; t < (QB - 1) * STRIDE + S; t++) {
      const vec value = pixel(row, first * STRIDE - PAD + t, g.w, g.c, v >= 0 && v < g.h);
#pragma unroll
      for (int s = 0; s < S; s++)
        if (t >= s && (t - s) % STRIDE == 0 && (t - s) / STRIDE < QB)
          sums[(t - s) / STRIDE] = fma(value, filter[s], sums[(t - s) / STRIDE]);
    }
  }
  __global float* to = y + ((size_t)line * g.q + first) * g.c + c;
#pragma unroll
  for (int j = 0; j < QB; j++)
    if (first + j < g.q) STOREV(sums[j], to + j * g.c);
}
#endif

#ifdef DATA_GRADIENT
// -D: FIRST, COLUMNS: the columns of dy that a block of dx reads, the first relative to the block's
//     own divided by STRIDE.
// Gather: each input element sums over the outputs that read it; global (N * H * ceil(W / QB) * C / V).
__kernel void depthwise_data_gradient(
    __global const float* restrict dy, __global const float* restrict w,
    __global float* restrict dx, const Geometry g, const int accumulate) {
  PLACE(g.w)
  if (line >= g.n * g.h) return;
  const int n = line / g.h, v = line % g.h;
  __global float* to = dx + ((size_t)line * g.w + first) * g.c + c;
  vec sums[QB];
#pragma unroll
  for (int j = 0; j < QB; j++)
    sums[j] = accumulate && first + j < g.w ? LOADV(to + j * g.c) : ZERO;
#pragma unroll
  for (int r = 0; r < R; r++) {
    const int a = v + PAD - r;
    if (a % STRIDE != 0) continue;
    const int p = a / STRIDE;
    __global const float* row = dy + ((size_t)n * g.p + max(min(p, g.p - 1), 0)) * g.q * g.c + c;
    vec filter[S];
#pragma unroll
    for (int s = 0; s < S; s++) filter[s] = LOADV(w + (r * S + s) * g.c + c);
#pragma unroll
    for (int t = 0; t < COLUMNS; t++) {
      const vec value = pixel(row, first / STRIDE + FIRST + t, g.q, g.c, a >= 0 && p < g.p);
#pragma unroll
      for (int s = 0; s < S; s++) {
        const int j = (t + FIRST) * STRIDE + s - PAD;
        if (j >= 0 && j < QB) sums[j] = fma(value, filter[s], sums[j]);
      }
    }
  }
#pragma unroll
  for (int j = 0; j < QB; j++)
    if (first + j < g.w) STOREV(sums[j], to + j * g.c);
}
#endif

#ifdef FILTER_GRADIENT
// -D: LANES, TURNS: a work-group takes LANES * V channels; its items of one channel take turns at the
//     blocks of a slice, and their sums are added in order.
// partial [slices,R,S,C], a slice being `images` images; global (ceil(C / V / LANES) * LANES, TURNS,
// slices).
__attribute__((reqd_work_group_size(LANES, TURNS, 1))) __kernel void depthwise_filter_gradient(
    __global const float* restrict x, __global const float* restrict dy,
    __global float* restrict partial, const Geometry g, const int images) {
  __local float sums_of_turns[TURNS * R * S * LANES * V];
  const int lane = get_local_id(0), turn = get_local_id(1), slice = get_group_id(2);
  const int wanted = get_global_id(0) * V, c = min(wanted, g.c - V);
  const int from = slice * images, images_left = min(images, g.n - from);
  const int blocks = (g.q + QB - 1) / QB, all = images_left * g.p * blocks;
  vec sums[R * S];
#pragma unroll
  for (int k = 0; k < R * S; k++) sums[k] = ZERO;
  for (int i = turn; i < all; i += TURNS) {
    const int first = i % blocks * QB, line = i / blocks;
    const int p = line % g.p, n = from + line / g.p;
    __global const float* gradient = dy + ((size_t)n * g.p + p) * g.q * g.c + c;
    vec d[QB];
#pragma unroll
    for (int j = 0; j < QB; j++) d[j] = pixel(gradient, first + j, g.q, g.c, 1);
#pragma unroll
    for (int r = 0; r < R; r++) {
      const int v = p * STRIDE + r - PAD;
      __global const float* row = x + ((size_t)n * g.h + max(min(v, g.h - 1), 0)) * g.w * g.c + c;
#pragma unroll
      for (int t = 0; t < (QB - 1) * STRIDE + S; t++) {
        const vec value = pixel(row, first * STRIDE - PAD + t, g.w, g.c, v >= 0 && v < g.h);
#pragma unroll
        for (int s = 0; s < S; s++)
          if (t >= s && (t - s) % STRIDE == 0 && (t - s) / STRIDE < QB)
            sums[r * S + s] = fma(value, d[(t - s) / STRIDE], sums[r * S + s]);
      }
    }
  }
  // [turn][tap][lane][V]; each item then adds up the turns of some of the group's sums.
#pragma unroll
  for (int k = 0; k < R * S; k++) {
    float channels[V];
    STOREV(sums[k], channels);
#pragma unroll
    for (int j = 0; j < V; j++)
      sums_of_turns[((turn * R * S + k) * LANES + lane) * V + j] = channels[j];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int i = turn * LANES + lane; i < R * S * LANES * V; i += LANES * TURNS) {
    float sum = 0.0f;
#pragma unroll
    for (int k = 0; k < TURNS; k++) sum += sums_of_turns[k * R * S * LANES * V + i];
    const int channel = get_group_id(0) * LANES * V + i % (LANES * V);
    if (channel < g.c)
      partial[((size_t)slice * R * S + i / (LANES * V)) * g.c + channel] = sum;
  }
}
#endif
