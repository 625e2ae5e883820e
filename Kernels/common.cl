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

// What follows a normalisation, and the gradient g where the output lies between its bounds, else
// 0. ACTIVATION: 0 identity, 1 ReLU (also where nothing is said), 2 ReLU6.
#ifndef ACTIVATION
#define ACTIVATION 1
#endif
#if ACTIVATION == 0
#define ACTIVATED(v) (v)
#define MASKED(g, out) (g)
#elif ACTIVATION == 1
#define ACTIVATED(v) fmax(v, ZERO)
#define INSIDE(out) ((out) > ZERO)
#else
#define ACTIVATED(v) fmin(fmax(v, ZERO), (vec)(6.0f))
#define INSIDE(out) (((out) > ZERO) & ((out) < (vec)(6.0f)))
#endif
#if ACTIVATION
#if V == 1
#define MASKED(g, out) (INSIDE(out) ? (g) : 0.0f)
#else
#define MASKED(g, out) select(ZERO, g, INSIDE(out))
#endif
#endif
