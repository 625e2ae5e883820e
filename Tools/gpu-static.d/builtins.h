// Stand-ins for OpenCL C 1.2's built-in functions, in place of a driver's own library: what a GPU's
// compiler makes of them is inlined into the kernels, so their instructions count. The target's
// own file (builtins_nvidia.h, builtins_amd.h) comes first and defines TARGET_*.
//
// A function that is missing here is a compile error that names it: add it. They are plain
// `inline`, so that only what a program calls is emitted.
#define OVL inline __attribute__((overloadable, always_inline))
#define SYNC inline __attribute__((overloadable, always_inline, convergent))

// MARK: Work-items
static inline __attribute__((always_inline)) size_t target_pick(
    uint d, size_t x, size_t y, size_t z) {
  return d == 0 ? x : d == 1 ? y : z;
}
#define OF_DIMENSION(NAME, X, Y, Z) \
  size_t OVL NAME(uint d) { return target_pick(d, X, Y, Z); }
OF_DIMENSION(get_local_id, TARGET_ITEM_X, TARGET_ITEM_Y, TARGET_ITEM_Z)
OF_DIMENSION(get_group_id, TARGET_GROUP_X, TARGET_GROUP_Y, TARGET_GROUP_Z)
OF_DIMENSION(get_local_size, TARGET_SIZE_X, TARGET_SIZE_Y, TARGET_SIZE_Z)
OF_DIMENSION(get_num_groups, TARGET_GROUPS_X, TARGET_GROUPS_Y, TARGET_GROUPS_Z)
size_t OVL get_global_size(uint d) { return get_local_size(d) * get_num_groups(d); }
size_t OVL get_global_id(uint d) { return get_group_id(d) * get_local_size(d) + get_local_id(d); }
size_t OVL get_global_offset(uint d) { return 0; }

// MARK: Order
void SYNC barrier(cl_mem_fence_flags flags) { TARGET_BARRIER(); }
void SYNC mem_fence(cl_mem_fence_flags flags) { TARGET_FENCE(); }
void SYNC read_mem_fence(cl_mem_fence_flags flags) { TARGET_FENCE(); }
void SYNC write_mem_fence(cl_mem_fence_flags flags) { TARGET_FENCE(); }

#define ATOMICS(SPACE, T)                                                                     \
  T OVL atomic_add(volatile SPACE T* p, T v) { return __sync_fetch_and_add(p, v); }           \
  T OVL atomic_sub(volatile SPACE T* p, T v) { return __sync_fetch_and_sub(p, v); }           \
  T OVL atomic_inc(volatile SPACE T* p) { return __sync_fetch_and_add(p, (T)1); }             \
  T OVL atomic_dec(volatile SPACE T* p) { return __sync_fetch_and_sub(p, (T)1); }             \
  T OVL atomic_and(volatile SPACE T* p, T v) { return __sync_fetch_and_and(p, v); }           \
  T OVL atomic_or(volatile SPACE T* p, T v) { return __sync_fetch_and_or(p, v); }             \
  T OVL atomic_xor(volatile SPACE T* p, T v) { return __sync_fetch_and_xor(p, v); }           \
  T OVL atomic_xchg(volatile SPACE T* p, T v) { return __sync_lock_test_and_set(p, v); }      \
  T OVL atomic_cmpxchg(volatile SPACE T* p, T c, T v) {                                       \
    return __sync_val_compare_and_swap(p, c, v);                                              \
  }
ATOMICS(__global, int) ATOMICS(__global, uint) ATOMICS(__local, int) ATOMICS(__local, uint)

// MARK: Arithmetic
// NAME of a vector is NAME of its halves.
#define HALVES1(NAME, T, TO, N) \
  TO##N OVL NAME(T##N a) { return (TO##N)(NAME(a.lo), NAME(a.hi)); }
#define HALVES2(NAME, T, N) \
  T##N OVL NAME(T##N a, T##N b) { return (T##N)(NAME(a.lo, b.lo), NAME(a.hi, b.hi)); }
#define HALVES3(NAME, T, N)                                               \
  T##N OVL NAME(T##N a, T##N b, T##N c) {                                 \
    return (T##N)(NAME(a.lo, b.lo, c.lo), NAME(a.hi, b.hi, c.hi));        \
  }
#define VECTORS1(NAME, T, TO) \
  HALVES1(NAME, T, TO, 2) HALVES1(NAME, T, TO, 4) HALVES1(NAME, T, TO, 8) HALVES1(NAME, T, TO, 16)
#define VECTORS2(NAME, T) \
  HALVES2(NAME, T, 2) HALVES2(NAME, T, 4) HALVES2(NAME, T, 8) HALVES2(NAME, T, 16)
#define VECTORS3(NAME, T) \
  HALVES3(NAME, T, 2) HALVES3(NAME, T, 4) HALVES3(NAME, T, 8) HALVES3(NAME, T, 16)
#define FUNCTION1(NAME, T, ...) T OVL NAME(T a) { return __VA_ARGS__; } VECTORS1(NAME, T, T)
#define FUNCTION2(NAME, T, ...) T OVL NAME(T a, T b) { return __VA_ARGS__; } VECTORS2(NAME, T)
#define FUNCTION3(NAME, T, ...) T OVL NAME(T a, T b, T c) { return __VA_ARGS__; } VECTORS3(NAME, T)
// With a scalar beside a vector.
#define SCALAR_TAIL(NAME, T, N) T##N OVL NAME(T##N a, T b) { return NAME(a, (T##N)(b)); }
#define SCALAR_TAILS(NAME, T) \
  SCALAR_TAIL(NAME, T, 2) SCALAR_TAIL(NAME, T, 4) SCALAR_TAIL(NAME, T, 8) SCALAR_TAIL(NAME, T, 16)

FUNCTION3(fma, float, __builtin_fmaf(a, b, c))
FUNCTION3(mad, float, __builtin_fmaf(a, b, c))
FUNCTION2(fmax, float, __builtin_fmaxf(a, b))
FUNCTION2(fmin, float, __builtin_fminf(a, b))
FUNCTION2(max, float, __builtin_fmaxf(a, b))
FUNCTION2(min, float, __builtin_fminf(a, b))
SCALAR_TAILS(fmax, float) SCALAR_TAILS(fmin, float)
SCALAR_TAILS(max, float) SCALAR_TAILS(min, float)
FUNCTION3(clamp, float, fmin(fmax(a, b), c))
FUNCTION3(mix, float, __builtin_fmaf(b - a, c, a))
FUNCTION1(sqrt, float, TARGET_SQRT(a))
FUNCTION1(native_sqrt, float, TARGET_SQRT(a))
FUNCTION1(rsqrt, float, TARGET_RSQRT(a))
FUNCTION1(native_rsqrt, float, TARGET_RSQRT(a))
FUNCTION1(native_recip, float, TARGET_RECIP(a))
FUNCTION2(native_divide, float, a * TARGET_RECIP(b))
FUNCTION1(exp2, float, TARGET_EXP2(a))
FUNCTION1(exp, float, TARGET_EXP2(a * 1.44269504f))
FUNCTION1(native_exp, float, TARGET_EXP2(a * 1.44269504f))
FUNCTION1(log2, float, TARGET_LOG2(a))
FUNCTION1(log, float, TARGET_LOG2(a) * 0.69314718f)
FUNCTION1(native_log, float, TARGET_LOG2(a) * 0.69314718f)
FUNCTION1(fabs, float, __builtin_fabsf(a))
FUNCTION1(floor, float, __builtin_floorf(a))
FUNCTION1(ceil, float, __builtin_ceilf(a))
FUNCTION1(trunc, float, __builtin_truncf(a))
FUNCTION1(rint, float, __builtin_rintf(a))
double OVL sqrt(double a) { return __builtin_sqrt(a); }
double OVL fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
double OVL fmax(double a, double b) { return __builtin_fmax(a, b); }
double OVL fmin(double a, double b) { return __builtin_fmin(a, b); }
double OVL fabs(double a) { return __builtin_fabs(a); }

#define INTEGERS(T)                                                        \
  FUNCTION2(min, T, a < b ? a : b) FUNCTION2(max, T, a > b ? a : b)        \
  SCALAR_TAILS(min, T) SCALAR_TAILS(max, T) FUNCTION3(clamp, T, min(max(a, b), c))
INTEGERS(int) INTEGERS(uint) INTEGERS(long) INTEGERS(ulong)
uint OVL abs(int a) { return a < 0 ? -a : a; }
uint OVL popcount(uint a) { return __builtin_popcount(a); }
int OVL mul24(int a, int b) { return a * b; }
int OVL mad24(int a, int b, int c) { return a * b + c; }
int OVL mul_hi(int a, int b) { return (int)(((long)a * b) >> 32); }
uint OVL mul_hi(uint a, uint b) { return (uint)(((ulong)a * b) >> 32); }

// MARK: Relations. A scalar's truth is 1, a vector's lane's -1.
#define RELATION(NAME, ...)                                                                \
  int OVL NAME(float a) { return __VA_ARGS__; }                                            \
  int2 OVL NAME(float2 a) { return (int2)(-NAME(a.lo), -NAME(a.hi)); }                     \
  HALVES1(NAME, float, int, 4) HALVES1(NAME, float, int, 8) HALVES1(NAME, float, int, 16)
RELATION(isnan, a != a)
RELATION(isinf, __builtin_fabsf(a) == INFINITY)
RELATION(isfinite, __builtin_fabsf(a) < INFINITY)
int OVL any(int a) { return a < 0; }
int OVL any(int2 a) { return (a.x | a.y) < 0; }
int OVL any(int4 a) { return any(a.lo | a.hi); }
int OVL all(int a) { return a < 0; }
int OVL all(int2 a) { return (a.x & a.y) < 0; }
int OVL all(int4 a) { return all(a.lo & a.hi); }

float OVL select(float a, float b, int c) { return c ? b : a; }
int OVL select(int a, int b, int c) { return c ? b : a; }
#define SELECT(T, I)                                                                          \
  T##2 OVL select(T##2 a, T##2 b, I##2 c) {                                                   \
    return (T##2)(c.x < 0 ? b.x : a.x, c.y < 0 ? b.y : a.y);                                  \
  }                                                                                           \
  SELECT_HALVES(T, I, 4) SELECT_HALVES(T, I, 8) SELECT_HALVES(T, I, 16)
#define SELECT_HALVES(T, I, N)                                                                \
  T##N OVL select(T##N a, T##N b, I##N c) {                                                   \
    return (T##N)(select(a.lo, b.lo, c.lo), select(a.hi, b.hi, c.hi));                        \
  }
SELECT(float, int) SELECT(int, int)

float OVL dot(float2 a, float2 b) { return fma(a.x, b.x, a.y * b.y); }
float OVL dot(float4 a, float4 b) { return fma(a.x, b.x, a.y * b.y) + fma(a.z, b.z, a.w * b.w); }

// MARK: Conversions
#define CONVERT(NAME, FROM, TO)                                                               \
  TO OVL NAME(FROM a) { return (TO)a; }
#define CONVERT_VECTOR(NAME, FROM, TO, N)                                                     \
  TO##N OVL NAME##N(FROM##N a) { return __builtin_convertvector(a, TO##N); }
#define CONVERTS(NAME, FROM, TO)                                                              \
  CONVERT(NAME, FROM, TO) CONVERT_VECTOR(NAME, FROM, TO, 2) CONVERT_VECTOR(NAME, FROM, TO, 4) \
  CONVERT_VECTOR(NAME, FROM, TO, 8) CONVERT_VECTOR(NAME, FROM, TO, 16)
CONVERTS(convert_float, int, float) CONVERTS(convert_float, uint, float)
CONVERTS(convert_float, uchar, float) CONVERTS(convert_int, float, int)
CONVERTS(convert_uint, float, uint) CONVERTS(convert_int, uchar, int)
CONVERTS(convert_uchar, float, uchar) CONVERTS(convert_int, uint, int)

// MARK: Vectors in memory, at an element's alignment
#define MOVE(SPACE, T, N)                                                                     \
  typedef T##N __attribute__((aligned(sizeof(T)))) JOINED(SPACE, T, N);                       \
  T##N OVL vload##N(size_t at, const SPACE T* p) {                                            \
    return *(const SPACE JOINED(SPACE, T, N)*)(p + N * at);                                   \
  }                                                                                           \
  void OVL vstore##N(T##N v, size_t at, SPACE T* p) {                                         \
    *(SPACE JOINED(SPACE, T, N)*)(p + N * at) = v;                                            \
  }
#define JOINED(SPACE, T, N) SPACE##_##T##N
#define MOVES_OF(SPACE, T) MOVE(SPACE, T, 2) MOVE(SPACE, T, 4) MOVE(SPACE, T, 8) MOVE(SPACE, T, 16)
#define MOVES(T) MOVES_OF(__global, T) MOVES_OF(__local, T) MOVES_OF(__private, T)
MOVES(float) MOVES(int) MOVES(uint) MOVES(uchar)
#undef MOVES
#undef MOVE
#undef FUNCTIONS
#undef VECTORS1
#undef VECTORS2
#undef VECTORS3
#undef HALVES1
#undef HALVES2
#undef HALVES3
#undef FUNCTION1
#undef FUNCTION2
#undef FUNCTION3
#undef RELATION
#undef SELECT
#undef SELECT_HALVES
#undef CONVERT
#undef CONVERTS
#undef CONVERT_VECTOR
#undef INTEGERS
#undef ATOMICS
#undef MOVES_OF
#undef OF_DIMENSION
#undef OVL
#undef SYNC
#undef JOINED
#undef SCALAR_TAIL
#undef SCALAR_TAILS
