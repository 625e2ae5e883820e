// What a device does at most: `dovetail bench` holds the other kernels against it.

// A independent chains of a := a*m + b in vectors; m and b are the host's, so that nothing is known
// when this is compiled. Every work-item leaves a sum, so that nothing is left out either.
__kernel void multiply_adds(__global float* restrict out, const float m, const float b,
    const int rounds) {
  vec a[A];
#pragma unroll
  for (int i = 0; i < A; i++) a[i] = (vec)((float)i);
  for (int round = 0; round < rounds; round++) {
#pragma unroll
    for (int i = 0; i < A; i++) a[i] = fma(a[i], (vec)(m), (vec)(b));
#pragma unroll
    for (int i = 0; i < A; i++) a[i] = fma(a[i], (vec)(m), (vec)(b));
#pragma unroll
    for (int i = 0; i < A; i++) a[i] = fma(a[i], (vec)(m), (vec)(b));
#pragma unroll
    for (int i = 0; i < A; i++) a[i] = fma(a[i], (vec)(m), (vec)(b));
  }
  vec sum = a[0];
#pragma unroll
  for (int i = 1; i < A; i++) sum += a[i];
  STOREV(sum, out + (size_t)get_global_id(0) * V);
}

// y := x; work-item i takes the elements [i*CHUNK, (i+1)*CHUNK), V at a time. CHUNK and count are
// multiples of V.
__kernel void copy_elements(__global const float* restrict x, __global float* restrict y,
    const int count) {
  const size_t first = (size_t)get_global_id(0) * CHUNK;
  const size_t last = min(first + CHUNK, (size_t)count);
  for (size_t i = first; i < last; i += V) STOREV(LOADV(x + i), y + i);
}
