// Batch norm, vector family (CPUs): one work-item takes B vectors of V channels over the rows of one
// tile; and the merging of tiles for both families. The tiling depends on shape alone; work-items
// beyond channels or tiles have nothing to do.
//
// Statistics: each work-item leaves mean and M2 of its tile, from sums shifted by the tile's first
// row; tiles are merged about their common mean, in double where the device has it: by a work-item
// a channel, in order, or on GPUs by a work-group of LANES (a power of two), a work-item of which
// takes every LANES-th tile, in order, and whose sums are added in pairs.
//
// -D: V, B, C (channels; divisible by V*B), ACTIVATION, RESIDUAL, HAS_OUTPUT, OF_BATCH, ACCUMULATE;
//     FP64 where the device has doubles; LANES (1 if left out) for the merging.

#ifdef FP64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
typedef double wide;
#else
typedef float wide;
#endif

#ifdef LANES
#define MERGES __attribute__((reqd_work_group_size(LANES, 1, 1)))
#define MERGED_CHANNEL get_group_id(0)
#define LANE ((int)get_local_id(0))
#define GROUP_SUMS __local wide sums_of_lanes[LANES];
#define SUM_OF_GROUP(v) sum_of_group(v, sums_of_lanes)

// The sum of all items' v, told to each of them; `sums` may then be used again.
static inline wide sum_of_group(const wide v, __local wide* sums) {
  sums[LANE] = v;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int half_ = LANES / 2; half_ > 0; half_ /= 2) {
    if (LANE < half_) sums[LANE] += sums[LANE + half_];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  const wide sum = sums[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return sum;
}
#else
#define LANES 1
#define MERGES
#define MERGED_CHANNEL get_global_id(0)
#define LANE 0
#define GROUP_SUMS
#define SUM_OF_GROUP(v) (v)
#endif

// x [rows,C] -> partial [tiles,2,C] (mean, M2); global (C/(V*B), tiles).
__kernel void batchnorm_tile_statistics(
    __global const float* restrict x, __global float* restrict partial, const int rows,
    const int tile_rows) {
  const int c = get_global_id(0) * V * B, tile = get_global_id(1);
  const int first = tile * tile_rows, last = min(first + tile_rows, rows);
  if (c >= C || first >= rows) return;
  vec shift[B], sum[B], square[B];
  for (int b = 0; b < B; b++) {
    shift[b] = LOADV(x + (size_t)first * C + c + b * V);
    sum[b] = ZERO;
    square[b] = ZERO;
  }
  for (int i = first; i < last; i++) {
    __global const float* at = x + (size_t)i * C + c;
#pragma unroll
    for (int b = 0; b < B; b++) {
      const vec d = LOADV(at + b * V) - shift[b];
      sum[b] += d;
      square[b] = fma(d, d, square[b]);
    }
  }
  const float count = (float)(last - first);
  for (int b = 0; b < B; b++) {
    const vec offset = sum[b] / (vec)(count);
    STOREV(shift[b] + offset, partial + (size_t)tile * 2 * C + c + b * V);
    STOREV(fmax(square[b] - sum[b] * offset, ZERO),
           partial + (size_t)(tile * 2 + 1) * C + c + b * V);
  }
}

// mean [C], variance [C] (biased), of tiles of tile_rows rows each but the last; running statistics
// are moved towards them where momentum is not 0; global (LANES * C).
MERGES __kernel void batchnorm_merge_statistics(
    __global const float* restrict partial, __global float* restrict mean,
    __global float* restrict variance, __global float* restrict running_mean,
    __global float* restrict running_variance, const int rows, const int tile_rows,
    const int tiles, const float momentum, const float unbiased) {
  GROUP_SUMS
  const int c = MERGED_CHANNEL;
  const wide full = (wide)tile_rows / rows, rest = (wide)(rows - (tiles - 1) * tile_rows) / rows;
  wide m = 0;
  for (int t = LANE; t < tiles; t += LANES)
    m += (t < tiles - 1 ? full : rest) * (wide)partial[(size_t)t * 2 * C + c];
  m = SUM_OF_GROUP(m);
  wide m2 = 0;
  for (int t = LANE; t < tiles; t += LANES) {
    const wide delta = (wide)partial[(size_t)t * 2 * C + c] - m;
    m2 += (wide)partial[(size_t)(t * 2 + 1) * C + c] / rows;
    m2 += (t < tiles - 1 ? full : rest) * delta * delta;
  }
  m2 = SUM_OF_GROUP(m2);
  if (LANE > 0) return;
  mean[c] = (float)m;
  variance[c] = (float)m2;
  if (momentum != 0.0f) {
    const float keep = 1.0f - momentum;
    running_mean[c] = fma(momentum, (float)m, keep * running_mean[c]);
    running_variance[c] = fma(momentum * unbiased, (float)m2, keep * running_variance[c]);
  }
}

// y = act((x - mean) * gamma / sqrt(variance + epsilon) + beta + residual); as above.
__kernel void batchnorm_forward(
    __global const float* restrict x, __global const float* restrict mean,
    __global const float* restrict variance, __global const float* restrict gamma,
    __global const float* restrict beta, __global const float* restrict residual,
    __global float* restrict y, const float epsilon, const int rows, const int tile_rows) {
  const int c = get_global_id(0) * V * B, tile = get_global_id(1);
  const int first = tile * tile_rows, last = min(first + tile_rows, rows);
  if (c >= C || first >= rows) return;
  vec m[B], scale[B], shift[B];
  for (int b = 0; b < B; b++) {
    m[b] = LOADV(mean + c + b * V);
    scale[b] = LOADV(gamma + c + b * V) / sqrt(LOADV(variance + c + b * V) + (vec)(epsilon));
    shift[b] = LOADV(beta + c + b * V);
  }
  for (int i = first; i < last; i++) {
    const size_t at = (size_t)i * C + c;
#pragma unroll
    for (int b = 0; b < B; b++) {
      vec v = fma(LOADV(x + at + b * V) - m[b], scale[b], shift[b]);
#if RESIDUAL
      v += LOADV(residual + at + b * V);
#endif
      v = ACTIVATED(v);
      STREAMV(v, y + at + b * V);
    }
  }
}

// g := g * act'(output) in place, where act' is told from the normalization of x, recomputed, or
// (HAS_OUTPUT) from `output`; partial [tiles,2,C]: sums of g and of g * xhat.
__kernel void batchnorm_complete_gradient(
    __global float* restrict g, __global const float* restrict x,
    __global const float* restrict output, __global const float* restrict mean,
    __global const float* restrict variance, __global const float* restrict gamma,
    __global const float* restrict beta, __global float* restrict partial, const float epsilon,
    const int rows, const int tile_rows) {
  const int c = get_global_id(0) * V * B, tile = get_global_id(1);
  const int first = tile * tile_rows, last = min(first + tile_rows, rows);
  if (c >= C || first >= rows) return;
  vec m[B], scale[B], shift[B], sum[B], product[B];
  for (int b = 0; b < B; b++) {
    m[b] = LOADV(mean + c + b * V);
    scale[b] = LOADV(gamma + c + b * V) / sqrt(LOADV(variance + c + b * V) + (vec)(epsilon));
    shift[b] = LOADV(beta + c + b * V);
    sum[b] = ZERO;
    product[b] = ZERO;
  }
  for (int i = first; i < last; i++) {
    const size_t at = (size_t)i * C + c;
#pragma unroll
    for (int b = 0; b < B; b++) {
      const vec centered = LOADV(x + at + b * V) - m[b];
      vec d = LOADV(g + at + b * V);
#if ACTIVATION
#if HAS_OUTPUT
      d = MASKED(d, LOADV(output + at + b * V));
#else
      d = MASKED(d, ACTIVATED(fma(centered, scale[b], shift[b])));
#endif
      STOREV(d, g + at + b * V);
#endif
      sum[b] += d;
      product[b] = fma(d, centered, product[b]);
    }
  }
  for (int b = 0; b < B; b++) {
    STOREV(sum[b], partial + (size_t)tile * 2 * C + c + b * V);
    STOREV(product[b], partial + (size_t)(tile * 2 + 1) * C + c + b * V);
  }
}

// sums [2,C] := (sum of g, sum of g * xhat), the tiles' sums [tiles,2,C] of g and of g * (x - mean)
// added; and into dbeta and dgamma where wanted (mode 0: not, 1: overwrite, 2: add);
// global (LANES * C).
MERGES __kernel void batchnorm_merge_gradients(
    __global const float* restrict partial, __global const float* restrict variance,
    __global float* restrict sums, __global float* restrict dgamma,
    __global float* restrict dbeta, const float epsilon, const int tiles, const int dgamma_mode,
    const int dbeta_mode) {
  GROUP_SUMS
  const int c = MERGED_CHANNEL;
  wide total = 0, product = 0;
  for (int t = LANE; t < tiles; t += LANES) {
    total += partial[(size_t)t * 2 * C + c];
    product += partial[(size_t)(t * 2 + 1) * C + c];
  }
  total = SUM_OF_GROUP(total);
  product = SUM_OF_GROUP(product);
  if (LANE > 0) return;
  const float g = (float)total, gx = (float)product / sqrt(variance[c] + epsilon);
  sums[c] = g;
  sums[C + c] = gx;
  if (dbeta_mode) dbeta[c] = (dbeta_mode == 2 ? dbeta[c] : 0.0f) + g;
  if (dgamma_mode) dgamma[c] = (dgamma_mode == 2 ? dgamma[c] : 0.0f) + gx;
}

// dx = scale * g + slope * (x - mean) + level, where OF_BATCH, else scale * g.
__kernel void batchnorm_data_gradient(
    __global const float* restrict g, __global const float* restrict x,
    __global const float* restrict mean, __global const float* restrict variance,
    __global const float* restrict gamma, __global const float* restrict sums,
    __global float* restrict dx, const float epsilon, const int rows, const int tile_rows) {
  const int c = get_global_id(0) * V * B, tile = get_global_id(1);
  const int first = tile * tile_rows, last = min(first + tile_rows, rows);
  if (c >= C || first >= rows) return;
  vec m[B], scale[B], slope[B], level[B];
  for (int b = 0; b < B; b++) {
    const vec inverse = (vec)(1.0f) / sqrt(LOADV(variance + c + b * V) + (vec)(epsilon));
    m[b] = LOADV(mean + c + b * V);
    scale[b] = LOADV(gamma + c + b * V) * inverse;
#if OF_BATCH
    const vec share = scale[b] / (vec)((float)rows);
    level[b] = -share * LOADV(sums + c + b * V);
    slope[b] = -share * LOADV(sums + C + c + b * V) * inverse;
#endif
  }
  for (int i = first; i < last; i++) {
    const size_t at = (size_t)i * C + c;
#pragma unroll
    for (int b = 0; b < B; b++) {
      vec d = scale[b] * LOADV(g + at + b * V);
#if OF_BATCH
      d = fma(slope[b], LOADV(x + at + b * V) - m[b], d + level[b]);
#endif
#if ACCUMULATE
      d += LOADV(dx + at + b * V);
#endif
      STOREV(d, dx + at + b * V);
    }
  }
}
