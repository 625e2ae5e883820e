// What a device does at most: `dovetail bench` holds the other kernels against it.

// Twelve independent chains of a := a*m + b in vectors; m and b are the host's, so that nothing is
// known when this is compiled. Every work-item leaves a sum, so that nothing is left out either.
// Names, no array: PoCL keeps an array in memory.
#define CHAINS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#define START(i) vec a##i = (vec)((float)i);
#define STEP(i) a##i = fma(a##i, factor, term);
#define ADD(i) sum += a##i;

GROUP __kernel void multiply_adds(__global float* restrict out, const float m, const float b,
    const int rounds) {
  const vec factor = (vec)(m), term = (vec)(b);
  CHAINS(START)
  for (int round = 0; round < rounds; round++) {
    CHAINS(STEP)
    CHAINS(STEP)
    CHAINS(STEP)
    CHAINS(STEP)
  }
  vec sum = ZERO;
  CHAINS(ADD)
  STOREV(sum, out + (size_t)get_global_id(0) * V);
}

// y := x; work-item i takes the elements [i*CHUNK, (i+1)*CHUNK), V at a time. CHUNK and count are
// multiples of V.
GROUP __kernel void copy_elements(__global const float* restrict x, __global float* restrict y,
    const int count) {
  const size_t first = (size_t)get_global_id(0) * CHUNK;
  const size_t last = min(first + CHUNK, (size_t)count);
  for (size_t i = first; i < last; i += V) STOREV(LOADV(x + i), y + i);
}
