// What the kernels use of OpenCL C's functions, declared as PoCL declares them. PoCL puts Clang's
// 18,000 lines of declarations before each program and reads them again even when it has the
// program in its cache, which takes longer than all else; -D _OPENCL_H_, their guard, leaves them
// out. A function that is missing here costs that time and nothing else: a program that does not
// build so is built as everywhere (ProgramCache).

#define OVERLOAD __attribute__((overloadable))
#define VALUE OVERLOAD __attribute__((const))

size_t VALUE get_global_id(unsigned int dimension);
size_t VALUE get_global_size(unsigned int dimension);
size_t VALUE get_local_id(unsigned int dimension);
size_t VALUE get_group_id(unsigned int dimension);
size_t VALUE get_num_groups(unsigned int dimension);
void OVERLOAD __attribute__((convergent)) barrier(cl_mem_fence_flags flags);

int VALUE min(int a, int b);
int VALUE max(int a, int b);

#define FUNCTIONS(T, I)          \
  T VALUE fma(T a, T b, T c);    \
  T VALUE fmin(T a, T b);        \
  T VALUE fmax(T a, T b);        \
  T VALUE sqrt(T a);             \
  T VALUE exp(T a);              \
  T VALUE log(T a);              \
  T VALUE select(T a, T b, I c); \
  I VALUE isnan(T a);
FUNCTIONS(float, int)
FUNCTIONS(float2, int2)
FUNCTIONS(float4, int4)
FUNCTIONS(float8, int8)
FUNCTIONS(float16, int16)

#define MOVES_IN(SPACE, N)                                                              \
  float##N OVERLOAD __attribute__((pure)) vload##N(size_t offset, const SPACE float* p); \
  void OVERLOAD vstore##N(float##N value, size_t offset, SPACE float* p);
#define MOVES(N) MOVES_IN(__global, N) MOVES_IN(__local, N) MOVES_IN(__private, N)
MOVES(2)
MOVES(4)
MOVES(8)
MOVES(16)

#undef OVERLOAD
#undef VALUE
#undef FUNCTIONS
#undef MOVES_IN
#undef MOVES
