// What the convolutions of both families share: what is done to the input while it is read, and
// to the output before it is stored. Batch norm and its backward so cost no pass of their own.
//
// -D X_INPUT (and DY_INPUT, where a kernel reads two):
//   0  x
//   1  act((x - mean) * scale + beta), scale = gamma / sqrt(variance + epsilon)
//   2  the gradient behind a batch norm, from g before it (x) and what the norm read (pre):
//      scale * (g - sums[0] / rows - (pre - mean) * inverse * sums[1] / rows)
//   3  the same where mean and variance are constants: scale * g
// -D EPILOGUE:
//   0  store
//   1  store, and leave mean and M2 of what a work-item stored: partial [items, 2, K]
//      (here and below: portable family, a work-group along the pixels)
//   2  mask by the activation's derivative, store, and leave the sums of g and of g * (pre - mean):
//      partial [items, 2, K]. -D MASK: 0 none, 1 the activation's output recomputed from
//      `pre` (as X_INPUT 1 does it), 2 the activation's output is `out`
//   3  act((value - mean) * scale + beta + residual), and store; -D RESIDUAL, whether it is there
// -D ACCUMULATE: before the mask, `addend` is added.
// -D X_ACTIVATION, OUT_ACTIVATION: 0 identity, 1 ReLU, 2 ReLU6.

// Half a vector, as channels that are a multiple of 8 but not of 16 leave it, moves whole.
#if V == 16
#define HALF float8
#elif V == 8
#define HALF float4
#endif
#ifdef HALF
typedef HALF __attribute__((aligned(4))) stored_half;
#endif

// `count` lanes from p, zeros behind.
static inline vec load_lanes(__global const float* p, const int count) {
  if (count >= V) return LOADV(p);
#ifdef HALF
  if (count == V / 2) return (vec)(*(__global const stored_half*)p, (HALF)(0.0f));
#endif
  float lanes[V];
  for (int l = 0; l < V; l++) lanes[l] = l < count ? p[l] : 0.0f;
  return LOADV(lanes);
}

#ifdef HALF
#define STORE_HALF(v, p, SPACE, count)      \
  if ((count) == V / 2) {                   \
    *(SPACE stored_half*)(p) = (v).lo;      \
    return;                                 \
  }
#else
#define STORE_HALF(v, p, SPACE, count)
#endif
#define STORE_LANES(SPACE)                                                                  \
  __attribute__((overloadable)) static inline void store_lanes(                                    \
      const vec v, SPACE float* p, const int count) {                                       \
    if (count >= V) {                                                                       \
      STOREV(v, p);                                                                         \
      return;                                                                               \
    }                                                                                       \
    STORE_HALF(v, p, SPACE, count)                                                          \
    float lanes[V];                                                                         \
    STOREV(v, lanes);                                                                       \
    for (int l = 0; l < count; l++) p[l] = lanes[l];                                        \
  }
STORE_LANES(__global)
STORE_LANES(__private)

// MARK: Input

// A kernel may read two inputs: each has a prefix P (X_, DY_), its way of being read is -D X_INPUT,
// X_ACTIVATION, X_CHANNELS and so on.
#define TENSOR __global const float* restrict
#define ARGUMENTS_0(P) TENSOR P##x
#define ARGUMENTS_1(P)                                                               \
  TENSOR P##x, TENSOR P##mean, TENSOR P##variance, TENSOR P##gamma, TENSOR P##beta, \
      const float P##epsilon
#define ARGUMENTS_2(P)                                                               \
  TENSOR P##x, TENSOR P##pre, TENSOR P##mean, TENSOR P##variance, TENSOR P##gamma,  \
      TENSOR P##sums, const float P##epsilon, const float P##rows
#define ARGUMENTS_3(P) ARGUMENTS_2(P)

#define INVERSE(P, c, lanes) \
  ((vec)(1.0f) / sqrt(load_lanes(P##variance + (c), lanes) + (vec)(P##epsilon)))
#define CONSTANTS_0(P, c, lanes)
#define CONSTANTS_1(P, c, lanes)                                               \
  const vec m_ = load_lanes(P##mean + (c), lanes),                             \
            scale_ = load_lanes(P##gamma + (c), lanes) /                       \
                     sqrt(load_lanes(P##variance + (c), lanes) + (vec)(P##epsilon)), \
            shift_ = load_lanes(P##beta + (c), lanes);
#define CONSTANTS_2(P, c, lanes)                                               \
  const vec inverse_ = INVERSE(P, c, lanes),                                   \
            m_ = load_lanes(P##mean + (c), lanes),                             \
            scale_ = load_lanes(P##gamma + (c), lanes) * inverse_,             \
            share_ = scale_ / (vec)(P##rows),                                  \
            level_ = -share_ * load_lanes(P##sums + (c), lanes),               \
            slope_ = -share_ * load_lanes(P##sums + P##CHANNELS + (c), lanes) * inverse_;
#define CONSTANTS_3(P, c, lanes) \
  const vec scale_ = load_lanes(P##gamma + (c), lanes) * INVERSE(P, c, lanes);

// Of what stands in x (and pre), the input.
#define APPLIED_0(P, x, pre) (x)
#define APPLIED_1(P, x, pre) JOIN(ACTIVATED_, P##ACTIVATION)(fma((x) - m_, scale_, shift_))
#define APPLIED_2(P, x, pre) fma(slope_, (pre) - m_, fma(scale_, x, level_))
#define APPLIED_3(P, x, pre) (scale_ * (x))

#define VALUE_0(P, at, lanes) load_lanes(P##x + (at), lanes)
#define VALUE_1(P, at, lanes) APPLIED_1(P, load_lanes(P##x + (at), lanes), )
#define VALUE_2(P, at, lanes) \
  APPLIED_2(P, load_lanes(P##x + (at), lanes), load_lanes(P##pre + (at), lanes))
#define VALUE_3(P, at, lanes) APPLIED_3(P, load_lanes(P##x + (at), lanes), )

#ifdef X_INPUT
#define X_ARGUMENTS JOIN(ARGUMENTS_, X_INPUT)(X_)
#endif
#ifdef DY_INPUT
#define DY_ARGUMENTS JOIN(ARGUMENTS_, DY_INPUT)(DY_)
#endif

// Asks for `count` floats from element `at` on.
#define PREFETCH(p, at, count) \
  for (size_t i_ = 0; i_ < (size_t)(count); i_ += 16) PREFETCH_LINE((p) + (at) + i_);
// Of all that an input is read from.
#define PREFETCH_0(P, at, count) PREFETCH(P##x, at, count)
#define PREFETCH_1(P, at, count) PREFETCH(P##x, at, count)
#define PREFETCH_2(P, at, count) PREFETCH(P##x, at, count) PREFETCH(P##pre, at, count)
#define PREFETCH_3(P, at, count) PREFETCH(P##x, at, count)
// Of CHANNELS of the STEP channels of `pixels` pixels from element `from` on.
#define PREFETCH_PIXELS(P, from, pixels, CHANNELS, STEP) \
  for (int j_ = 0; j_ < (pixels); j_++) {                \
    JOIN(PREFETCH_, P##INPUT)(P, (from) + (size_t)j_ * (STEP), CHANNELS) \
  }
// Pixels that the first of several passes over their channels asks for ahead: the passes themselves
// go from pixel to pixel, which no prefetcher follows far.
#define AHEAD 8

// to [pixels, CHANNELS] := the input P at `pixels` consecutive pixels from element `from` on, of
// CHANNELS of the tensor's STEP channels, the first being c0.
#define LOAD_PIXELS(P, to, from, pixels, c0, CHANNELS, STEP)                    \
  for (int c_ = 0; c_ < (CHANNELS); c_ += V) {                                  \
    const int lanes_ = min(V, (CHANNELS) - c_);                                 \
    JOIN(CONSTANTS_, P##INPUT)(P, (c0) + c_, lanes_)                            \
    if ((CHANNELS) % V == 0) {                                                  \
      for (int j_ = 0; j_ < (pixels); j_++) {                                   \
        if ((CHANNELS) > V && c_ == 0) {                                        \
          JOIN(PREFETCH_, P##INPUT)                                             \
          (P, (from) + (size_t)(j_ + AHEAD) * (STEP) + (c0), CHANNELS)          \
        }                                                                       \
        STOREV(JOIN(VALUE_, P##INPUT)(P, (from) + (size_t)j_ * (STEP) + (c0) + c_, V), \
               (to) + j_ * (CHANNELS) + c_);                                    \
      }                                                                         \
    } else {                                                                    \
      for (int j_ = 0; j_ < (pixels); j_++)                                     \
        store_lanes(JOIN(VALUE_, P##INPUT)(P, (from) + (size_t)j_ * (STEP) + (c0) + c_, lanes_), \
                    (to) + j_ * (CHANNELS) + c_, lanes_);                       \
    }                                                                           \
  }

// MARK: Output

// Asks for what the epilogue will read, `count` floats from element `at` on, while products are
// summed.
#if EPILOGUE == 2
#define OUTPUT_PREFETCH(at, count)                  \
  {                                                 \
    PREFETCH(out_pre, at, count)                    \
    if (MASK == 2) PREFETCH(out, at, count)         \
    if (ACCUMULATE) PREFETCH(addend, at, count)     \
  }
#else
#if EPILOGUE == 3
#define OUTPUT_PREFETCH(at, count) \
  if (RESIDUAL) PREFETCH(residual, at, count)
#else
#define OUTPUT_PREFETCH(at, count) \
  if (ACCUMULATE) PREFETCH(addend, at, count)
#endif
#endif

// A work-item may store OUT_BLOCK channels from OUT_FIRST on instead of all.
#ifndef OUT_FIRST
#define OUT_FIRST 0
#define OUT_BLOCK OUT_CHANNELS
#endif

// OUTPUT_BEGIN once a work-item; OUTPUT_CHANNELS(k) before the channels k..<k+V are stored and
// OUTPUT_CHANNELS_END(k) after; OUTPUT_SHIFT(k, v) once a work-item before the first of them, v
// being one value of each channel (statistics are summed about it, never E[x^2] - m^2);
// OUTPUT_STORE(v, at, lanes); OUTPUT_END(item, count) with the number of pixels stored.
#define OUTPUT_LEVELS(k, lanes)                                                           \
  const vec out_m = load_lanes(out_mean + (k), lanes),                                    \
            out_scale = load_lanes(out_gamma + (k), lanes) /                              \
                        sqrt(load_lanes(out_variance + (k), lanes) + (vec)(out_epsilon)), \
            out_shift = load_lanes(out_beta + (k), lanes);
#if EPILOGUE == 3
#define OUTPUT_ARGUMENTS                                                                  \
  , __global const float *addend, __global const float *residual,                         \
      __global const float *restrict out_mean, __global const float *restrict out_variance, \
      __global const float *restrict out_gamma, __global const float *restrict out_beta,  \
      const float out_epsilon
#define OUTPUT_BEGIN
#define OUTPUT_SHIFT(k, v)
#define OUTPUT_CHANNELS(k, lanes) OUTPUT_LEVELS(k, lanes)
#define OUTPUT_CHANNELS_END(k)
#define OUTPUT_END(item, count)
#elif EPILOGUE == 0
#define OUTPUT_ARGUMENTS , __global const float *addend
#define OUTPUT_BEGIN
#define OUTPUT_SHIFT(k, v)
#define OUTPUT_CHANNELS(k, lanes)
#define OUTPUT_CHANNELS_END(k)
#define OUTPUT_END(item, count)
#else
#if EPILOGUE == 1
#define OUTPUT_ARGUMENTS , __global const float *addend, __global float *restrict partial
#define OUTPUT_BEGIN                                                   \
  float shifts[OUT_PADDED], sums[2 * OUT_PADDED];                      \
  for (int i_ = 0; i_ < 2 * OUT_PADDED; i_++) sums[i_] = 0.0f;
#define OUTPUT_SHIFT(k, v) STOREV(v, shifts + (k) - OUT_FIRST);
#define OUTPUT_CHANNELS(k, lanes)                                      \
  const vec out_m = LOADV(shifts + (k) - OUT_FIRST);                   \
  vec out_sum = LOADV(sums + (k) - OUT_FIRST),                         \
      out_product = LOADV(sums + OUT_PADDED + (k) - OUT_FIRST);
#define OUTPUT_END(item, count)                                                       \
  for (int k_ = 0; k_ < OUT_BLOCK; k_++) {                                            \
    const float offset_ = sums[k_] / (float)(count);                                  \
    const size_t at_ = (size_t)(item) * 2 * OUT_CHANNELS + OUT_FIRST + k_;            \
    partial[at_] = shifts[k_] + offset_;                                              \
    partial[at_ + OUT_CHANNELS] = fmax(sums[OUT_PADDED + k_] - sums[k_] * offset_, 0.0f); \
  }
#else
#define OUTPUT_ARGUMENTS                                                                  \
  , __global const float *addend, __global const float *restrict out_pre,                 \
      __global const float *restrict out_mean, __global const float *restrict out_variance, \
      __global const float *restrict out_gamma, __global const float *restrict out_beta,  \
      __global const float *restrict out,                                                 \
      const float out_epsilon, __global float *restrict partial
#define OUTPUT_BEGIN                                                   \
  float sums[2 * OUT_PADDED];                                          \
  for (int i_ = 0; i_ < 2 * OUT_PADDED; i_++) sums[i_] = 0.0f;
#define OUTPUT_SHIFT(k, v)
#define OUTPUT_CHANNELS(k, lanes)                                                         \
  OUTPUT_LEVELS(k, lanes)                                                                 \
  vec out_sum = LOADV(sums + (k) - OUT_FIRST),                                            \
      out_product = LOADV(sums + OUT_PADDED + (k) - OUT_FIRST);
#define OUTPUT_END(item, count)                                                           \
  for (int k_ = 0; k_ < OUT_BLOCK; k_++) {                                                \
    const size_t at_ = (size_t)(item) * 2 * OUT_CHANNELS + OUT_FIRST + k_;                \
    partial[at_] = sums[k_];                                                              \
    partial[at_ + OUT_CHANNELS] = sums[OUT_PADDED + k_];                                  \
  }
#endif
#define OUTPUT_CHANNELS_END(k)              \
  STOREV(out_sum, sums + (k) - OUT_FIRST);  \
  STOREV(out_product, sums + OUT_PADDED + (k) - OUT_FIRST);
#endif

#if EPILOGUE == 1
#define OUTPUT_SUM                                   \
  {                                                  \
    const vec d_ = v_ - out_m;                       \
    out_sum += d_;                                   \
    out_product = fma(d_, d_, out_product);          \
  }
#elif EPILOGUE == 2
#if MASK == 1
#define OUTPUT_MASKED                   \
  JOIN(MASKED_, OUT_ACTIVATION)         \
  (v_, JOIN(ACTIVATED_, OUT_ACTIVATION)(fma(pre_ - out_m, out_scale, out_shift)))
#elif MASK == 2
#define OUTPUT_MASKED JOIN(MASKED_, OUT_ACTIVATION)(v_, load_lanes(out + at_, lanes_))
#else
#define OUTPUT_MASKED v_
#endif
#define OUTPUT_SUM                                            \
  {                                                           \
    const vec pre_ = load_lanes(out_pre + at_, lanes_);       \
    v_ = OUTPUT_MASKED;                                       \
    out_sum += v_;                                            \
    out_product = fma(v_, pre_ - out_m, out_product);         \
  }
#elif EPILOGUE == 3
#if RESIDUAL
#define OUTPUT_SUM                                                  \
  {                                                                 \
    v_ = fma(v_ - out_m, out_scale, out_shift);                     \
    v_ += load_lanes(residual + at_, lanes_);                       \
    v_ = JOIN(ACTIVATED_, OUT_ACTIVATION)(v_);                      \
  }
#else
#define OUTPUT_SUM \
  v_ = JOIN(ACTIVATED_, OUT_ACTIVATION)(fma(v_ - out_m, out_scale, out_shift));
#endif
#else
#define OUTPUT_SUM
#endif

// Whether the addend is still to be added.
#define ADDS_LAST ACCUMULATE
#define OUTPUT_STORES_LINES (STREAMS && OUT_CHANNELS % V == 0)
#define OUTPUT_STORE(value, at, lanes)                        \
  {                                                           \
    const size_t at_ = at;                                    \
    const int lanes_ = lanes;                                 \
    vec v_ = value;                                           \
    if (ADDS_LAST) v_ += load_lanes(addend + at_, lanes_);    \
    OUTPUT_SUM                                                \
    if (OUTPUT_STORES_LINES)                                  \
      STREAMV(v_, y + at_);                                   \
    else                                                      \
      store_lanes(v_, y + at_, lanes_);                       \
  }
