// Batch norm, portable family (GPUs): what reads whole tensors [rows,C]; the merging of tiles stands
// in batchnorm.cl. A work-item takes V channels of ROWS rows at a time, all loaded before the first
// is used; neighboring work-items are neighboring channels and rows.
//
// -D: V (4 where C is a multiple, else 1), ROWS, ACTIVATION, RESIDUAL, HAS_OUTPUT, OF_BATCH,
//     ACCUMULATE; LANES, TURNS for the kernels with sums.

// The V channels of a row, of the last one beyond it.
#define ROW(p, i) LOADV((p) + (size_t)min(i, rows - 1) * channels + c)

// Elementwise: work-item i takes the rows first, first + step, … ; global (ceil(rows / ROWS) * C / V).
#define PLACE                                                               \
  const int c = (int)get_global_id(0) % (channels / V) * V;                        \
  const int first = (int)get_global_id(0) / (channels / V), step = (rows + ROWS - 1) / ROWS; \
  if (first >= step) return;
#define EACH_ROW _Pragma("unroll") for (int k = 0; k < ROWS; k++)

// y = act((x - mean) * gamma / sqrt(variance + epsilon) + beta + residual).
__kernel void batchnorm_forward(
    __global const float* restrict x, __global const float* restrict mean,
    __global const float* restrict variance, __global const float* restrict gamma,
    __global const float* restrict beta, __global const float* restrict residual,
    __global float* restrict y, const float epsilon, const int rows,
    const int channels) {
  PLACE
  vec values[ROWS], others[ROWS];
  EACH_ROW {
    values[k] = ROW(x, first + k * step);
    others[k] = RESIDUAL ? ROW(residual, first + k * step) : ZERO;
  }
  const vec m = LOADV(mean + c), shift = LOADV(beta + c);
  const vec scale = LOADV(gamma + c) / sqrt(LOADV(variance + c) + (vec)(epsilon));
  EACH_ROW {
    const int i = first + k * step;
    vec v = fma(values[k] - m, scale, shift);
#if RESIDUAL
    v += others[k];
#endif
    v = ACTIVATED(v);
    if (i < rows) STOREV(v, y + (size_t)i * channels + c);
  }
}

// dx = scale * g + slope * (x - mean) + level, where OF_BATCH, else scale * g.
__kernel void batchnorm_data_gradient(
    __global const float* restrict g, __global const float* restrict x,
    __global const float* restrict mean, __global const float* restrict variance,
    __global const float* restrict gamma, __global const float* restrict sums,
    __global float* restrict dx, const float epsilon, const int rows,
    const int channels) {
  PLACE
  vec gradients[ROWS], values[ROWS], others[ROWS];
  EACH_ROW {
    gradients[k] = ROW(g, first + k * step);
    values[k] = OF_BATCH ? ROW(x, first + k * step) : ZERO;
    others[k] = ACCUMULATE ? ROW(dx, first + k * step) : ZERO;
  }
  const vec inverse = (vec)(1.0f) / sqrt(LOADV(variance + c) + (vec)(epsilon));
  const vec m = LOADV(mean + c), scale = LOADV(gamma + c) * inverse;
#if OF_BATCH
  const vec share = scale / (vec)((float)rows);
  const vec level = -share * LOADV(sums + c), slope = -share * LOADV(sums + channels + c) * inverse;
#endif
  EACH_ROW {
    const int i = first + k * step;
    vec d = scale * gradients[k];
#if OF_BATCH
    d = fma(slope, values[k] - m, d + level);
#endif
#if ACCUMULATE
    d += others[k];
#endif
    if (i < rows) STOREV(d, dx + (size_t)i * channels + c);
  }
}

#ifdef TURNS
// With sums over the rows of a tile: a work-group takes LANES * V channels of one tile, its items of
// one channel take turns at the rows. Global (ceil(C / V / LANES) * LANES, TURNS * tiles).
#define GROUPED __attribute__((reqd_work_group_size(LANES, TURNS, 1)))
#define TILE_PLACE                                                                       \
  const int lane = get_local_id(0), turn = get_local_id(1), tile = get_group_id(1);      \
  const int wanted = (int)get_global_id(0) * V, c = min(wanted, channels - V);                  \
  const int begin = tile * tile_rows, end = min(begin + tile_rows, rows);

// The sums of all turns, added in pairs; `sums` may then be used again.
static inline vec sum_of_turns(const vec v, __local vec* sums, const int lane, const int turn) {
  sums[turn * LANES + lane] = v;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int half_ = TURNS / 2; half_ > 0; half_ /= 2) {
    if (turn < half_) sums[turn * LANES + lane] += sums[(turn + half_) * LANES + lane];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  const vec sum = sums[lane];
  barrier(CLK_LOCAL_MEM_FENCE);
  return sum;
}

// x [rows,C] -> partial [tiles,2,C] (mean, M2), from sums shifted by the tile's first row.
GROUPED __kernel void batchnorm_tile_statistics(
    __global const float* restrict x, __global float* restrict partial, const int rows,
    const int tile_rows, const int channels) {
  __local vec sums[TURNS * LANES];
  TILE_PLACE
  const vec shift = ROW(x, begin);
  vec sum = ZERO, square = ZERO;
  for (int i = begin + turn; i < end; i += TURNS * ROWS) {
    vec values[ROWS];
    EACH_ROW values[k] = ROW(x, i + k * TURNS) - shift;
    EACH_ROW {
      const vec d = i + k * TURNS < end ? values[k] : ZERO;
      sum += d;
      square = fma(d, d, square);
    }
  }
  sum = sum_of_turns(sum, sums, lane, turn);
  square = sum_of_turns(square, sums, lane, turn);
  if (turn > 0 || wanted >= channels) return;
  const vec offset = sum / (vec)((float)(end - begin));
  STOREV(shift + offset, partial + (size_t)tile * 2 * channels + c);
  STOREV(fmax(square - sum * offset, ZERO), partial + (size_t)(tile * 2 + 1) * channels + c);
}

// g := g * act'(output) in place, where act' is told from the normalization of x, recomputed, or
// (HAS_OUTPUT) from `output`; partial [tiles,2,C]: sums of g and of g * (x - mean).
GROUPED __kernel void batchnorm_complete_gradient(
    __global float* restrict g, __global const float* restrict x,
    __global const float* restrict output, __global const float* restrict mean,
    __global const float* restrict variance, __global const float* restrict gamma,
    __global const float* restrict beta, __global float* restrict partial, const float epsilon,
    const int rows, const int tile_rows, const int channels) {
  __local vec sums[TURNS * LANES];
  TILE_PLACE
  const vec m = LOADV(mean + c), shift = LOADV(beta + c);
  const vec scale = LOADV(gamma + c) / sqrt(LOADV(variance + c) + (vec)(epsilon));
  vec sum = ZERO, product = ZERO;
  for (int i = begin + turn; i < end; i += TURNS * ROWS) {
    vec gradients[ROWS], values[ROWS], outputs[ROWS];
    EACH_ROW {
      gradients[k] = ROW(g, i + k * TURNS);
      values[k] = ROW(x, i + k * TURNS);
      outputs[k] = HAS_OUTPUT ? ROW(output, i + k * TURNS) : ZERO;
    }
    EACH_ROW {
      const int row = i + k * TURNS;
      const vec centered = values[k] - m;
      vec d = gradients[k];
#if ACTIVATION
#if HAS_OUTPUT
      d = MASKED(d, outputs[k]);
#else
      d = MASKED(d, ACTIVATED(fma(centered, scale, shift)));
#endif
      if (row < end && wanted < channels) STOREV(d, g + (size_t)row * channels + c);
#endif
      d = row < end ? d : ZERO;
      sum += d;
      product = fma(d, centered, product);
    }
  }
  sum = sum_of_turns(sum, sums, lane, turn);
  product = sum_of_turns(product, sums, lane, turn);
  if (turn > 0 || wanted >= channels) return;
  STOREV(sum, partial + (size_t)tile * 2 * channels + c);
  STOREV(product, partial + (size_t)(tile * 2 + 1) * channels + c);
}
#endif
