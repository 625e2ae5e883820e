// How kernels that keep their inputs in local memory read them: V channels a work-item, fetched into
// registers first, so that loads overlap with what is summed meanwhile, then made into the input
// (convolution_fused.cl) and stored.
#define LOCALV(p) (*(__local vec*)(p))

// What CONSTANTS_n of convolution_fused.cl computes for a channel, kept while that is read.
#define KEEP_0(to)
#define KEEP_1(to) to[0] = m_, to[1] = scale_, to[2] = shift_;
#define KEEP_2(to) to[0] = m_, to[1] = scale_, to[2] = level_, to[3] = slope_;
#define KEEP_3(to) to[1] = scale_;
#define KEPT_0(from)
#define KEPT_1(from) const vec m_ = from[0], scale_ = from[1], shift_ = from[2];
#define KEPT_2(from) \
  const vec m_ = from[0], scale_ = from[1], level_ = from[2], slope_ = from[3];
#define KEPT_3(from) const vec scale_ = from[1];
// The channels from c on; behind the last ones nothing is read, and any will do.
#define SET_CONSTANTS(P, to, c)                            \
  {                                                        \
    const int c_ = min(c, P##CHANNELS - V);                \
    JOIN(CONSTANTS_, P##INPUT)(P, c_, V)                   \
    JOIN(KEEP_, P##INPUT)(to)                              \
  }
// Both tensors of an input, as they stand in memory: what is done to them waits until the products
// are summed, or the loads would not overlap with these.
#define FETCH_0(P, raw, pre_raw, at) raw = LOADV(P##x + at);
#define FETCH_1 FETCH_0
#define FETCH_2(P, raw, pre_raw, at) raw = LOADV(P##x + at), pre_raw = LOADV(P##pre + at);
#define FETCH_3 FETCH_0

// Lane l of v to to[l * step].
static inline void store_across(const vec v, __local float* to, const int step) {
  float lanes[V];
  STOREV(v, lanes);
#pragma unroll
  for (int l = 0; l < V; l++) to[l * step] = lanes[l];
}
