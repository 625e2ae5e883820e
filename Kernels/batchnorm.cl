// Batch norm, both families: one work-item takes B vectors of V channels over the rows of one tile.
// CPUs run V = native width and few large tiles, GPUs V = 1 (neighbouring work-items are
// neighbouring channels, so reads are coalesced) and many tiles. The tiling depends on shape alone.
//
// Statistics: each work-item leaves mean and M2 of its tile, from sums shifted by the tile's first
// row; tiles are merged by Chan's formula in order, in double where the device has it.
// -D: V, B, C (channels; divisible by V*B), ACTIVATION, RESIDUAL, OF_BATCH, HAS_DX, ACCUMULATE_DX,
//     HAS_DRESIDUAL, ACCUMULATE_DRESIDUAL; FP64 where the device has doubles.

#ifdef FP64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
typedef double wide;
#else
typedef float wide;
#endif

// x [rows,C] -> partial [tiles,2,C] (mean, M2); global (C/(V*B), tiles).
__kernel void batchnorm_tile_statistics(
    __global const float* restrict x, __global float* restrict partial, const int rows,
    const int tile_rows) {
  const int c = get_global_id(0) * V * B, tile = get_global_id(1);
  const int first = tile * tile_rows, last = min(first + tile_rows, rows);
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

// mean [C], variance [C] (biased); global (C).
__kernel void batchnorm_merge_statistics(
    __global const float* restrict partial, __global float* restrict mean,
    __global float* restrict variance, const int rows, const int tile_rows, const int tiles) {
  const int c = get_global_id(0);
  wide m = 0, m2 = 0, count = 0;
  for (int t = 0; t < tiles; t++) {
    const wide n = min(tile_rows, rows - t * tile_rows);
    const wide delta = (wide)partial[(size_t)t * 2 * C + c] - m;
    const wide total = count + n;
    m += delta * (n / total);
    m2 += (wide)partial[(size_t)(t * 2 + 1) * C + c] + delta * delta * (count * n / total);
    count = total;
  }
  mean[c] = (float)m;
  variance[c] = (float)(m2 / count);
}

// y = act((x - mean) * gamma / sqrt(variance + epsilon) + beta + residual); as above.
__kernel void batchnorm_forward(
    __global const float* restrict x, __global const float* restrict mean,
    __global const float* restrict variance, __global const float* restrict gamma,
    __global const float* restrict beta, __global const float* restrict residual,
    __global float* restrict y, const float epsilon, const int rows, const int tile_rows) {
  const int c = get_global_id(0) * V * B, tile = get_global_id(1);
  const int first = tile * tile_rows, last = min(first + tile_rows, rows);
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
      STOREV(v, y + at + b * V);
    }
  }
}

// partial [tiles,2,C]: sums of g and of g * xhat.
__kernel void batchnorm_tile_gradients(
    __global const float* restrict dy, __global const float* restrict x,
    __global const float* restrict y, __global const float* restrict mean,
    __global const float* restrict variance, __global float* restrict partial,
    const float epsilon, const int rows, const int tile_rows) {
  const int c = get_global_id(0) * V * B, tile = get_global_id(1);
  const int first = tile * tile_rows, last = min(first + tile_rows, rows);
  vec m[B], sum[B], product[B];
  for (int b = 0; b < B; b++) {
    m[b] = LOADV(mean + c + b * V);
    sum[b] = ZERO;
    product[b] = ZERO;
  }
  for (int i = first; i < last; i++) {
    const size_t at = (size_t)i * C + c;
#pragma unroll
    for (int b = 0; b < B; b++) {
      vec g = LOADV(dy + at + b * V);
#if ACTIVATION
      g = MASKED(g, LOADV(y + at + b * V));
#endif
      sum[b] += g;
      product[b] = fma(g, LOADV(x + at + b * V) - m[b], product[b]);
    }
  }
  for (int b = 0; b < B; b++) {
    const vec inverse = (vec)(1.0f) / sqrt(LOADV(variance + c + b * V) + (vec)(epsilon));
    STOREV(sum[b], partial + (size_t)tile * 2 * C + c + b * V);
    STOREV(product[b] * inverse, partial + (size_t)(tile * 2 + 1) * C + c + b * V);
  }
}

// sums [2,C] := the tiles' sums in order, and into dbeta and dgamma where wanted (mode 0: not, 1:
// overwrite, 2: add); global (C).
__kernel void batchnorm_merge_gradients(
    __global const float* restrict partial, __global float* restrict sums,
    __global float* restrict dgamma, __global float* restrict dbeta, const int tiles,
    const int dgamma_mode, const int dbeta_mode) {
  const int c = get_global_id(0);
  wide g = 0, gx = 0;
  for (int t = 0; t < tiles; t++) {
    g += partial[(size_t)t * 2 * C + c];
    gx += partial[(size_t)(t * 2 + 1) * C + c];
  }
  sums[c] = (float)g;
  sums[C + c] = (float)gx;
  if (dbeta_mode) dbeta[c] = (dbeta_mode == 2 ? dbeta[c] : 0.0f) + (float)g;
  if (dgamma_mode) dgamma[c] = (dgamma_mode == 2 ? dgamma[c] : 0.0f) + (float)gx;
}

__kernel void batchnorm_backward(
    __global const float* restrict dy, __global const float* restrict x,
    __global const float* restrict y, __global const float* restrict mean,
    __global const float* restrict variance, __global const float* restrict gamma,
    __global const float* restrict sums, __global float* restrict dx,
    __global float* restrict dresidual, const float epsilon, const int rows,
    const int tile_rows) {
  const int c = get_global_id(0) * V * B, tile = get_global_id(1);
  const int first = tile * tile_rows, last = min(first + tile_rows, rows);
  // dx = scale * g + slope * (x - mean) + level
  vec m[B], scale[B], slope[B], level[B];
  for (int b = 0; b < B; b++) {
    const vec inverse = (vec)(1.0f) / sqrt(LOADV(variance + c + b * V) + (vec)(epsilon));
    m[b] = LOADV(mean + c + b * V);
    scale[b] = LOADV(gamma + c + b * V) * inverse;
#if OF_BATCH
    const vec share = scale[b] / (vec)((float)rows);
    level[b] = -share * LOADV(sums + c + b * V);
    slope[b] = -share * LOADV(sums + C + c + b * V) * inverse;
#else
    level[b] = ZERO;
    slope[b] = ZERO;
#endif
  }
  for (int i = first; i < last; i++) {
    const size_t at = (size_t)i * C + c;
#pragma unroll
    for (int b = 0; b < B; b++) {
      vec g = LOADV(dy + at + b * V);
#if ACTIVATION
      g = MASKED(g, LOADV(y + at + b * V));
#endif
#if HAS_DRESIDUAL
#if ACCUMULATE_DRESIDUAL
      STOREV(LOADV(dresidual + at + b * V) + g, dresidual + at + b * V);
#else
      STOREV(g, dresidual + at + b * V);
#endif
#endif
#if HAS_DX
      vec d = fma(scale[b], g, level[b]);
#if OF_BATCH
      d = fma(slope[b], LOADV(x + at + b * V) - m[b], d);
#endif
#if ACCUMULATE_DX
      d += LOADV(dx + at + b * V);
#endif
      STOREV(d, dx + at + b * V);
#endif
    }
  }
}
