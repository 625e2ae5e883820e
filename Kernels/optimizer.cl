// Optimiser steps, both families: one launch for 16 parameters. Work-item (i, p) takes the elements
// [i*CHUNK, (i+1)*CHUNK) of parameter p, V at a time; beyond its end there is nothing to do. With
// NOTES, `note` becomes `mark` where a step is not finite and note is 0: all that write write
// alike.

#define ARGUMENTS(i) \
  __global float *restrict w##i, __global const float *restrict g##i, __global float *restrict v##i

// v := momentum*v + (g + decay*w), w := w - rate*v, g being the sum of its slices, in order.
static inline void step_parameter(
    __global float* restrict w, __global const float* restrict g, __global float* restrict v,
    const int count, const int slices, const float rate, const float momentum,
    const float decay, __global float* note, const float mark) {
  // 0·next added up: 0, or NaN where a next was infinite or NaN.
  vec probes = ZERO;
  float probe = 0.0f;
  const size_t first = (size_t)get_global_id(0) * CHUNK;
  const size_t last = min(first + CHUNK, (size_t)count);
  size_t i = first;
  for (; i + V <= last; i += V) {
    vec sum = LOADV(g + i);
    for (int t = 1; t < slices; t++) sum += LOADV(g + (size_t)t * count + i);
    const vec next =
        fma((vec)(momentum), LOADV(v + i), fma((vec)(decay), LOADV(w + i), sum));
    STOREV(next, v + i);
    STOREV(fma((vec)(-rate), next, LOADV(w + i)), w + i);
#if NOTES
    probes = fma(next, ZERO, probes);
#endif
  }
  for (; i < last; i++) {
    float sum = g[i];
    for (int t = 1; t < slices; t++) sum += g[(size_t)t * count + i];
    const float next = fma(momentum, v[i], fma(decay, w[i], sum));
    v[i] = next;
    w[i] = fma(-rate, next, w[i]);
    probe += next * 0.0f;
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
#define MOMENTA(i) v##i
#define COUNT(i) counts.values[i]
#define SLICES(i) slices.values[i]
#define SLOT(i) slots.values[i]

__kernel void momentum_steps(
    const Sixteen counts, const Sixteen slices, const float rate, const float momentum,
    const float decay, __global float* notes, const Sixteen slots, const float mark,
    SIXTEEN_ARGUMENTS) {
  const int p = get_global_id(1);
  if (p > 15) return;
  step_parameter(
      OF_SIXTEEN(p, WEIGHTS), OF_SIXTEEN(p, GRADIENTS), OF_SIXTEEN(p, MOMENTA),
      OF_SIXTEEN(p, COUNT), OF_SIXTEEN(p, SLICES), rate, momentum, decay,
      notes + OF_SIXTEEN(p, SLOT), mark);
}
