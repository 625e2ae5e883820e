// Prepended to every program. V is the width of a vector, a -D of the host: 1, 2, 4, 8 or 16.
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#if V == 1
typedef float vec;
#define LOADV(p) (*(p))
#define STOREV(v, p) (*(p) = (v))
#else
typedef JOIN(float, V) vec;
#ifdef ALIGNED
// Vectors in global memory stand at multiples of their size: a GPU moves them whole.
typedef vec global_vec;
__attribute__((overloadable)) static inline vec load_vec(__global const float* p) {
  return *(__global const vec*)p;
}
__attribute__((overloadable)) static inline vec load_vec(__private const float* p) {
  return JOIN(vload, V)(0, p);
}
#define LOADV(p) load_vec(p)
#else
typedef vec __attribute__((aligned(4))) global_vec;
#define LOADV(p) JOIN(vload, V)(0, p)
#endif
// Not vstore: PoCL makes three stores of it. A vector with a float's alignment is stored whole.
typedef vec __attribute__((aligned(4))) stored_vec;
__attribute__((overloadable)) static inline void store_vec(const vec v, __global float* p) {
  *(__global global_vec*)p = v;
}
__attribute__((overloadable)) static inline void store_vec(const vec v, __private float* p) {
  *(__private stored_vec*)p = v;
}
#define STOREV(v, p) store_vec(v, p)
#endif
#define ZERO ((vec)(0.0f))
// Stores a tensor's whole, aligned cache line past the caches, where a vector is one: the line is
// not read from memory first. The host's buffers start on a line. The host says CPU_BUILTINS to
// compilers that are known to take Clang's built-ins for this: others fail or end the process.
#if V == 16 && defined(CPU_BUILTINS)
#define STREAMS 1
#define STREAMV(v, p) __builtin_nontemporal_store(v, (__global vec*)(p))
#else
#define STREAMS 0
#define STREAMV(v, p) STOREV(v, p)
#endif
// Asks for the cache line of an element that will be read later, or of none.
#ifdef CPU_BUILTINS
#define PREFETCH_LINE(p) __builtin_prefetch((const __private void*)(size_t)(p))
#else
#define PREFETCH_LINE(p)
#endif
// Sums over slices: on a GPU, whose V is 1 there, eight loads are under way at once.
#if V == 1
#define SLICES_UNROLLED _Pragma("unroll 8")
#else
#define SLICES_UNROLLED
#endif
#define ONE_ITEM __attribute__((reqd_work_group_size(1, 1, 1)))

// What follows a normalization, by code (0 identity, 1 ReLU, 2 ReLU6), and the gradient g where the
// output lies between its bounds, else 0.
#define ACTIVATED_0(v) (v)
#define ACTIVATED_1(v) fmax(v, ZERO)
#define ACTIVATED_2(v) fmin(fmax(v, ZERO), (vec)(6.0f))
#define MASKED_0(g, out) (g)
#if V == 1
#define MASKED_1(g, out) ((out) > 0.0f ? (g) : 0.0f)
#define MASKED_2(g, out) ((out) > 0.0f && (out) < 6.0f ? (g) : 0.0f)
#else
#define MASKED_1(g, out) select(ZERO, g, (out) > ZERO)
#define MASKED_2(g, out) select(ZERO, g, ((out) > ZERO) & ((out) < (vec)(6.0f)))
#endif
#ifndef ACTIVATION
#define ACTIVATION 1
#endif
#define ACTIVATED(v) JOIN(ACTIVATED_, ACTIVATION)(v)
#define MASKED(g, out) JOIN(MASKED_, ACTIVATION)(g, out)
