// Prepended to every program. V is the width of a vector, a -D of the host: 1, 2, 4, 8 or 16.
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#if V == 1
typedef float vec;
#define LOADV(p) (*(p))
#define STOREV(v, p) (*(p) = (v))
#else
typedef JOIN(float, V) vec;
#define LOADV(p) JOIN(vload, V)(0, p)
#define STOREV(v, p) JOIN(vstore, V)(v, 0, p)
#endif
#define ZERO ((vec)(0.0f))
#define ONE_ITEM __attribute__((reqd_work_group_size(1, 1, 1)))
