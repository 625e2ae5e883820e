// The product of two tiles (convolution_tiles.cl) on tensor cores, in TF32: factors are rounded to
// ten bits of mantissa as tiles are stored, sums are float32. In place of add_products there.
//
// 32 neighboring work-items, a warp, multiply fragments of 16 x 8 and 8 x 8. Lane l = 4 g + t holds
//   of the left  (g, t), (g + 8, t), (g, t + 4), (g + 8, t + 4)
//   of the right (t, g), (t + 4, g)
//   of the sums  (g, 2 t), (g, 2 t + 1), (g + 8, 2 t), (g + 8, 2 t + 1)
// A warp sums WARP_ROWS x WARP_COLUMNS, TM x VECTORS fragments. When all is summed, neighboring
// lanes swap halves of their sums: an even lane then holds four columns of row g, an odd one of
// row g + 8, which is what the epilogues want.
//
// -D TENSOR_CORES: 1 by NVIDIA's instructions (compute capability 8.0 and later); 2 the same
//     through local memory, for devices without them: slow, for tests. V is 4, BK 16; BM and BN
//     are multiples of 32, WARP_ROWS (TM * 16) and WARP_COLUMNS (TN * 2).
#define WARP_ROWS (TM * 16)
#define WARP_COLUMNS (TN * 2)
#define WARPS_ACROSS (BN / WARP_COLUMNS)
// Lanes with the same g and t = 0 to 3 read four terms, 8 banks apart: no two of the 32 meet.
#define A_STEP (BM + 8)
#define B_STEP (BN + 8)
// Where a term of the sum lies; four lanes that store neighboring ones meet no bank twice either.
#define TERM_ROW(term) ((term) % 4 * (BK / 4) + (term) / 4)
#define TERM_STEP (BK / 4)

#define TILE_X(item) ((item) / 32 % WARPS_ACROSS * 2 + (item) % 4 / 2)
#define TILE_Y(item) ((item) / 32 / WARPS_ACROSS * 16 + (item) % 2 * 8 + (item) % 32 / 4)
#define TILE_ROW(m, ty) ((ty) / 16 * WARP_ROWS + (m) * 16 + (ty) % 16)
#define TILE_COLUMN(j, tx) ((tx) / 2 * WARP_COLUMNS + (j) * 8 + (tx) % 2 * 4)

#if TENSOR_CORES == 1
#define EXCHANGE_MEMORY
#define EXCHANGE_PARAMETER
#define EXCHANGE_ARGUMENT
#define FRAGMENTS_UNROLLED _Pragma("unroll")

static inline float rounded_float(const float x) {
  uint result;
  __asm__("cvt.rna.tf32.f32 %0, %1;" : "=r"(result) : "f"(x));
  return as_float(result);
}

// The neighbor's x, of lanes 2 n and 2 n + 1.
static inline float of_neighbor(const float x) {
  float result;
  __asm__ volatile("shfl.sync.bfly.b32 %0, %1, 1, 31, 0xffffffff;" : "=f"(result) : "f"(x));
  return result;
}

static inline vec add_fragments(const vec sums, const float* rows, const float* columns) {
  float a, b, c, d;
  __asm__ volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%10, %11, %12, %13};"
      : "=f"(a), "=f"(b), "=f"(c), "=f"(d)
      : "r"(as_uint(rows[0])), "r"(as_uint(rows[1])), "r"(as_uint(rows[2])),
        "r"(as_uint(rows[3])), "r"(as_uint(columns[0])), "r"(as_uint(columns[1])),
        "f"(sums.x), "f"(sums.y), "f"(sums.z), "f"(sums.w));
  return (vec)(a, b, c, d);
}
#else
// What the lanes of each warp hold in turn. Every work-item of the group gets to each barrier.
#define EXCHANGE_MEMORY __local float exchange[ITEMS * 6];
#define EXCHANGE_PARAMETER , __local float *exchange
#define EXCHANGE_ARGUMENT , exchange
// A barrier in every step of a loop is a loop that is not unrolled.
#define FRAGMENTS_UNROLLED

// To the nearest, halves away from zero; infinities and what is no number stay.
static inline float rounded_float(const float x) {
  const uint bits = as_uint(x);
  return (bits & 0x7f800000) == 0x7f800000 ? x : as_float((bits + 0x1000) & 0xffffe000);
}

static inline float of_neighbor(const float x EXCHANGE_PARAMETER) {
  const int item = get_local_id(0);
  barrier(CLK_LOCAL_MEM_FENCE);
  exchange[item] = x;
  barrier(CLK_LOCAL_MEM_FENCE);
  return exchange[item ^ 1];
}

static inline vec add_fragments(
    const vec sums, const float* rows, const float* columns EXCHANGE_PARAMETER) {
  const int item = get_local_id(0), lane = item % 32;
  __local float* mine = exchange + item / 32 * (32 * 6);
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int i = 0; i < 4; i++) mine[i * 32 + lane] = rows[i];
  for (int i = 0; i < 2; i++) mine[(4 + i) * 32 + lane] = columns[i];
  barrier(CLK_LOCAL_MEM_FENCE);
  float result[4];
  STOREV(sums, result);
  for (int i = 0; i < 4; i++) {
    const int row = lane / 4, column = lane % 4 * 2 + i % 2;
    for (int k = 0; k < 8; k++)
      result[i] = fma(mine[(i / 2 + k / 4 * 2) * 32 + row * 4 + k % 4],
                      mine[(4 + k / 4) * 32 + column * 4 + k % 4], result[i]);
  }
  return LOADV(result);
}
#endif

static inline vec rounded(const vec v) {
  return (vec)(rounded_float(v.x), rounded_float(v.y), rounded_float(v.z), rounded_float(v.w));
}
#define ROUNDED(v) rounded(v)

// Of the right side, eight terms: `from` is this lane's first, terms are `step` apart.
static inline void read_columns(
    __local const float* from, const int step, float columns[VECTORS][2]) {
#pragma unroll
  for (int j = 0; j < VECTORS; j++)
#pragma unroll
    for (int i = 0; i < 2; i++) columns[j][i] = from[i * 4 * step + j * 8];
}

// acc [VECTORS] += the products of one fragment of the left side with all of the right one's.
static inline void add_fragment_row(
    const float* rows, float columns[VECTORS][2], vec* acc EXCHANGE_PARAMETER) {
  FRAGMENTS_UNROLLED
  for (int j = 0; j < VECTORS; j++)
    acc[j] = add_fragments(acc[j], rows, columns[j] EXCHANGE_ARGUMENT);
}

// acc [TM][VECTORS], sums of fragments, += the BK outer products of two tiles.
static inline void add_products(
    __local const float* a, __local const float* b, const int tx, const int ty,
    vec* acc EXCHANGE_PARAMETER) {
  const int lane = get_local_id(0) % 32;
  a += lane % 4 * A_STEP + ty / 16 * WARP_ROWS + lane / 4;
  b += lane % 4 * B_STEP + tx / 2 * WARP_COLUMNS + lane / 4;
  FRAGMENTS_UNROLLED
  for (int k = 0; k < BK; k += 8) {
    float rows[TM][4], columns[VECTORS][2];
#pragma unroll
    for (int m = 0; m < TM; m++)
#pragma unroll
      for (int i = 0; i < 4; i++)
        rows[m][i] = a[(k + i / 2 * 4) * A_STEP + m * 16 + i % 2 * 8];
    read_columns(b + k * B_STEP, B_STEP, columns);
    FRAGMENTS_UNROLLED
    for (int m = 0; m < TM; m++)
      add_fragment_row(rows[m], columns, acc + m * VECTORS EXCHANGE_ARGUMENT);
  }
}

// From sums of fragments to what TILE_ROW and TILE_COLUMN say.
static inline void arrange_products(vec* acc EXCHANGE_PARAMETER) {
  const bool odd = get_local_id(0) % 2;
  FRAGMENTS_UNROLLED
  for (int i = 0; i < TM * VECTORS; i++) {
    const vec sums = acc[i];
    const float2 given = odd ? sums.lo : sums.hi;
    const float first = of_neighbor(given.x EXCHANGE_ARGUMENT);
    const float second = of_neighbor(given.y EXCHANGE_ARGUMENT);
    const float2 taken = (float2)(first, second);
    acc[i] = odd ? (vec)(taken, sums.hi) : (vec)(sums.lo, taken);
  }
}
#define ARRANGE_PRODUCTS arrange_products(acc EXCHANGE_ARGUMENT);
