// Element-wise ops, both families: work-item i takes the elements [i*CHUNK, (i+1)*CHUNK), V at a
// time. CPUs run large chunks of wide vectors, GPUs one vector a work-item.

#define EACH(vector_statement, scalar_statement)                 \
  const size_t first = (size_t)get_global_id(0) * CHUNK;         \
  const size_t last = min(first + CHUNK, (size_t)count);         \
  size_t i = first;                                              \
  for (; i + V <= last; i += V) { vector_statement; }            \
  for (; i < last; i++) { scalar_statement; }

__kernel void fill(__global float* restrict y, const float value, const int count) {
  EACH(STOREV((vec)(value), y + i), y[i] = value)
}

__kernel void add(__global const float* a, __global const float* b, __global float* y,
    const int count) {
  EACH(STOREV(LOADV(a + i) + LOADV(b + i), y + i), y[i] = a[i] + b[i])
}

__kernel void relu(__global const float* x, __global float* y, const int count) {
  EACH(STOREV(ACTIVATED(LOADV(x + i)), y + i), y[i] = fmax(x[i], 0.0f))
}

__kernel void relu_backward(__global const float* dy, __global const float* y, __global float* dx,
    const int count, const int accumulate) {
  if (accumulate) {
    EACH(STOREV(LOADV(dx + i) + MASKED(LOADV(dy + i), LOADV(y + i)), dx + i),
         dx[i] += y[i] > 0.0f ? dy[i] : 0.0f)
  } else {
    EACH(STOREV(MASKED(LOADV(dy + i), LOADV(y + i)), dx + i),
         dx[i] = y[i] > 0.0f ? dy[i] : 0.0f)
  }
}

// out := sum of `slices` slices of `count` elements, in order; added to out where accumulate.
__kernel void sum_slices(__global const float* restrict partial, __global float* restrict out,
    const int slices, const int count, const int accumulate) {
  EACH(vec sum = accumulate ? LOADV(out + i) : ZERO;
       SLICES_UNROLLED for (int t = 0; t < slices; t++) sum += LOADV(partial + (size_t)t * count + i);
       STOREV(sum, out + i),
       float sum = accumulate ? out[i] : 0.0f;
       SLICES_UNROLLED for (int t = 0; t < slices; t++) sum += partial[(size_t)t * count + i];
       out[i] = sum)
}
