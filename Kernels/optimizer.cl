// Optimizer steps, both families: one launch for 16 parameters. Work-item (i, p) takes the elements
// [i*CHUNK, (i+1)*CHUNK) of parameter p, V at a time; beyond its end there is nothing to do. With
// NOTES, `note` becomes `mark` where a step is not finite and note is 0: all that write write
// alike.
//
// Before this file the host writes down the rule:
//   STATES         tensors kept beside each parameter: 0, 1 or 2
//   UPDATE(REAL)   statements of one element, or of V at once: they change w, s0 and s1 by g and the
//                  scalars r0 to r7, all of type REAL
//   PROBED         which of w, s0, s1 tells whether the step was finite

#if STATES == 0
#define ARGUMENTS(i) __global float *restrict w##i, __global const float *restrict g##i
#elif STATES == 1
#define ARGUMENTS(i)                                                    \
  __global float *restrict w##i, __global const float *restrict g##i,   \
      __global float *restrict a##i
#else
#define ARGUMENTS(i)                                                    \
  __global float *restrict w##i, __global const float *restrict g##i,   \
      __global float *restrict a##i, __global float *restrict b##i
#endif

typedef struct { float values[8]; } Eight;

#define SCALARS(REAL)                                                                         \
  const REAL r0 = (REAL)(scalars.values[0]), r1 = (REAL)(scalars.values[1]),                  \
             r2 = (REAL)(scalars.values[2]), r3 = (REAL)(scalars.values[3]),                  \
             r4 = (REAL)(scalars.values[4]), r5 = (REAL)(scalars.values[5]),                  \
             r6 = (REAL)(scalars.values[6]), r7 = (REAL)(scalars.values[7])

// g is the sum of its slices, in order.
static inline void step_parameter(
    __global float* restrict ws, __global const float* restrict gs, __global float* restrict as,
    __global float* restrict bs, const int count, const int slices, const Eight scalars,
    __global float* note, const float mark) {
  // 0·probed added up: 0, or NaN where a value was infinite or NaN.
  vec probes = ZERO;
  float probe = 0.0f;
  const size_t first = (size_t)get_global_id(0) * CHUNK;
  const size_t last = min(first + CHUNK, (size_t)count);
  size_t i = first;
  for (; i + V <= last; i += V) {
    SCALARS(vec);
    vec g = LOADV(gs + i), w = LOADV(ws + i), s0 = ZERO, s1 = ZERO;
    SLICES_UNROLLED for (int t = 1; t < slices; t++) g += LOADV(gs + (size_t)t * count + i);
#if STATES > 0
    s0 = LOADV(as + i);
#endif
#if STATES > 1
    s1 = LOADV(bs + i);
#endif
    UPDATE(vec);
#if STATES > 0
    STOREV(s0, as + i);
#endif
#if STATES > 1
    STOREV(s1, bs + i);
#endif
    STOREV(w, ws + i);
#if NOTES
    probes = fma(PROBED, ZERO, probes);
#endif
  }
  for (; i < last; i++) {
    SCALARS(float);
    float g = gs[i], w = ws[i], s0 = 0.0f, s1 = 0.0f;
    SLICES_UNROLLED for (int t = 1; t < slices; t++) g += gs[(size_t)t * count + i];
#if STATES > 0
    s0 = as[i];
#endif
#if STATES > 1
    s1 = bs[i];
#endif
    UPDATE(float);
#if STATES > 0
    as[i] = s0;
#endif
#if STATES > 1
    bs[i] = s1;
#endif
    ws[i] = w;
    probe += PROBED * 0.0f;
  }
#if NOTES
  float lanes[V];
  STOREV(probes, lanes);
  for (int lane = 0; lane < V; lane++) probe += lanes[lane];
  if (isnan(probe) && *note == 0.0f) *note = mark;
#endif
}

#define WEIGHTS(i) w##i
#define GRADIENTS(i) g##i
// What a rule does not have is never read.
#if STATES > 0
#define FIRST(i) a##i
#else
#define FIRST(i) w##i
#endif
#if STATES > 1
#define SECOND(i) b##i
#else
#define SECOND(i) w##i
#endif
#define COUNT(i) counts.values[i]
#define SLICES(i) slices.values[i]
#define SLOT(i) slots.values[i]

__kernel void optimizer_steps(
    const Sixteen counts, const Sixteen slices, const Eight scalars, __global float* notes,
    const Sixteen slots, const float mark, SIXTEEN_ARGUMENTS) {
  const int p = get_global_id(1);
  if (p > 15) return;
  step_parameter(
      OF_SIXTEEN(p, WEIGHTS), OF_SIXTEEN(p, GRADIENTS), OF_SIXTEEN(p, FIRST),
      OF_SIXTEEN(p, SECOND), OF_SIXTEEN(p, COUNT), OF_SIXTEEN(p, SLICES), scalars,
      notes + OF_SIXTEEN(p, SLOT), mark);
}
