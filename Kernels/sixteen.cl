// One launch for 16 things of a kind, each with buffers of its own: as many as fit into a kernel's
// arguments. Between this file and its kernel, ARGUMENTS(i) declares the buffers of the i-th,
// VARIABLES those of the one that a work-item is for, and SELECT(i) makes them the i-th's.
typedef struct { int values[16]; } Sixteen;

#define SIXTEEN_ARGUMENTS                                     \
  ARGUMENTS(0), ARGUMENTS(1), ARGUMENTS(2), ARGUMENTS(3),     \
  ARGUMENTS(4), ARGUMENTS(5), ARGUMENTS(6), ARGUMENTS(7),     \
  ARGUMENTS(8), ARGUMENTS(9), ARGUMENTS(10), ARGUMENTS(11),   \
  ARGUMENTS(12), ARGUMENTS(13), ARGUMENTS(14), ARGUMENTS(15)

#define CASE(i) \
  case i:       \
    SELECT(i);  \
    break;
#define SIXTEEN_SELECT(which)                                              \
  VARIABLES;                                                               \
  switch (which) {                                                         \
    CASE(0) CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7)        \
    CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)           \
    default:                                                               \
      SELECT(15);                                                          \
  }
