// What the convolutions of the portable family (GPUs) share: implicit GEMM. A work-group computes
// BM rows x BN columns of a matrix product whose left side is gathered from x or dy as it is read
// (convolution_fused.cl says what is done on the way in and out). BK terms of the sums at a time
// lie in local memory, the next ones are fetched into registers meanwhile; a work-item sums
// TM x TN of the products in registers.
//
// Nothing is added up by atomics: each sum has one order, told by shapes and tiles alone.
// A work-item's columns are TN / V vectors, COLUMN_ITEMS vectors apart, its rows TM / 4 runs of
// four, so that neighbors touch neighboring banks and addresses.
//
// -D: V (4, with ALIGNED, where both channel numbers are multiples of 4; else 1), BM BN BK TM TN,
//     R S STRIDE PAD, and what stands with each kernel. The batch is an argument. TM is a multiple
//     of 4, TN and BK are of V; ITEMS is a multiple of the vectors in a row of what is loaded.
//     With -D TENSOR_CORES products are tensor_core_products.cl's.
#define COLUMN_ITEMS (BN / TN)
#define ROW_ITEMS (BM / TM)
#define ITEMS (COLUMN_ITEMS * ROW_ITEMS)
#define VECTORS (TN / V)
// In local memory: BK rows of BM and of BN.
#define TILE (BK * (A_STEP + B_STEP))
#define SUM_COUNT(total) (((total) + ITEMS - 1) / ITEMS)

#ifndef TENSOR_CORES
// The padding spreads transposed stores over the banks.
#define A_STEP (BM + 4)
#define B_STEP (BN + 4)
#define TERM_ROW(term) (term)
#define TERM_STEP 1
#define TILE_X(item) ((item) % COLUMN_ITEMS)
#define TILE_Y(item) ((item) / COLUMN_ITEMS)
#define TILE_ROW(m, ty) (((m) / 4 * ROW_ITEMS + (ty)) * 4 + (m) % 4)
#define TILE_COLUMN(j, tx) (((j) * COLUMN_ITEMS + (tx)) * V)
#define EXCHANGE_MEMORY
#define EXCHANGE_ARGUMENT
#define ROUNDED(v) (v)
#define ARRANGE_PRODUCTS

// acc [TM][VECTORS] += the BK outer products of two tiles.
static inline void add_products(
    __local const float* a, __local const float* b, const int tx, const int ty, vec* acc) {
#pragma unroll
  for (int i = 0; i < BK; i++) {
    float rows[TM];
    vec columns[VECTORS];
#pragma unroll
    for (int m = 0; m < TM; m += 4)
      vstore4(*(__local const float4*)(a + i * A_STEP + TILE_ROW(m, ty)), 0, rows + m);
#pragma unroll
    for (int j = 0; j < VECTORS; j++)
      columns[j] = *(__local const vec*)(b + i * B_STEP + TILE_COLUMN(j, tx));
#pragma unroll
    for (int m = 0; m < TM; m++)
#pragma unroll
      for (int j = 0; j < VECTORS; j++)
        acc[m * VECTORS + j] = fma((vec)(rows[m]), columns[j], acc[m * VECTORS + j]);
  }
}
#endif
