// One launch for 16 things of a kind, each with buffers of its own: as many as fit into a kernel's
// arguments. Before the kernel, ARGUMENTS(i) declares the buffers of the i-th.
typedef struct { int values[16]; } Sixteen;

#define SIXTEEN_ARGUMENTS                                     \
  ARGUMENTS(0), ARGUMENTS(1), ARGUMENTS(2), ARGUMENTS(3),     \
  ARGUMENTS(4), ARGUMENTS(5), ARGUMENTS(6), ARGUMENTS(7),     \
  ARGUMENTS(8), ARGUMENTS(9), ARGUMENTS(10), ARGUMENTS(11),   \
  ARGUMENTS(12), ARGUMENTS(13), ARGUMENTS(14), ARGUMENTS(15)

// X(p), p being known at run time and X a macro that takes a number. By selects: code for each of
// them takes long to compile, and an array whose place is known at run time alone stands in slow
// memory on GPUs and ends the process on Mesa 22.
#define OF_TWO(p, X, a, b) ((p) & 1 ? X(b) : X(a))
#define OF_FOUR(p, X, a, b, c, d) ((p) & 2 ? OF_TWO(p, X, c, d) : OF_TWO(p, X, a, b))
#define OF_SIXTEEN(p, X)                                                                  \
  ((p) & 8 ? ((p) & 4 ? OF_FOUR(p, X, 12, 13, 14, 15) : OF_FOUR(p, X, 8, 9, 10, 11))      \
           : ((p) & 4 ? OF_FOUR(p, X, 4, 5, 6, 7) : OF_FOUR(p, X, 0, 1, 2, 3)))
