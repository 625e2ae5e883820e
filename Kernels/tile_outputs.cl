// How a work-group stores a tile of sums and leaves what an epilogue sums (convolution_fused.cl):
// acc [TM][VECTORS] of a work-item (tx, ty) are rows TILE_ROW(i, ty) and vectors of columns
// TILE_COLUMN(j, tx) of a tile of BN columns. `tiles` is local memory of OUTPUT_FLOATS that nobody
// else reads any more.
#define OUTPUT_FLOATS (BN * (1 + 2 * ROW_ITEMS))

#if EPILOGUE == 1
// Sums are taken about the tile's first row.
#define SHARE_FIRST_ROW                                                              \
  if (ty == 0) {                                                                     \
    _Pragma("unroll") for (int j = 0; j < VECTORS; j++)                              \
        LOCALV(tiles + TILE_COLUMN(j, tx)) = acc[j];                                 \
  }                                                                                  \
  barrier(CLK_LOCAL_MEM_FENCE);
#define TILE_LEVELS(j, column) const vec out_m = LOCALV(tiles + TILE_COLUMN(j, tx));
#define FINISH_SUMS(k, count)                                                        \
  const float offset = sum / (float)(count);                                         \
  product = fmax(product - sum * offset, 0.0f);                                      \
  sum = tiles[k] + offset;
#elif EPILOGUE == 2
#define SHARE_FIRST_ROW
#define TILE_LEVELS(j, column) OUTPUT_LEVELS(column, V)
#define FINISH_SUMS(k, count)
#else
#define SHARE_FIRST_ROW
#define TILE_LEVELS(j, column)
#endif

#if EPILOGUE
#define BEGIN_SUMS vec out_sum = ZERO, out_product = ZERO;
#define KEEP_SUMS(j)                                                                 \
  LOCALV(tiles + BN + ty * BN + TILE_COLUMN(j, tx)) = out_sum;                       \
  LOCALV(tiles + BN + (ROW_ITEMS + ty) * BN + TILE_COLUMN(j, tx)) = out_product;
#define LEAVE_SUMS(tile, count)                                                      \
  barrier(CLK_LOCAL_MEM_FENCE);                                                      \
  __global float* mine = partial + (size_t)(tile) * 2 * OUT_CHANNELS + n0;           \
  for (int k = item; k < BN && n0 + k < OUT_CHANNELS; k += ITEMS) {                  \
    float sum = 0.0f, product = 0.0f;                                                \
    for (int i = 0; i < ROW_ITEMS; i++) {                                            \
      sum += tiles[BN + i * BN + k];                                                 \
      product += tiles[BN + (ROW_ITEMS + i) * BN + k];                               \
    }                                                                                \
    FINISH_SUMS(k, count)                                                            \
    mine[k] = sum;                                                                   \
    mine[OUT_CHANNELS + k] = product;                                                \
  }
#else
#define BEGIN_SUMS
#define KEEP_SUMS(j)
#define LEAVE_SUMS(tile, count)
#endif

// The tile-th tile, whose first row is row0 of `rows`; row m is stored at pixel PIXEL_OF(m).
#define STORE_TILE(tile, row0, rows, PIXEL_OF)                                       \
  SHARE_FIRST_ROW                                                                    \
  _Pragma("unroll") for (int j = 0; j < VECTORS; j++) {                              \
    const int column = n0 + TILE_COLUMN(j, tx);                                      \
    BEGIN_SUMS                                                                       \
    if (column < OUT_CHANNELS) {                                                     \
      TILE_LEVELS(j, column)                                                         \
      _Pragma("unroll") for (int i = 0; i < TM; i++) {                               \
        const int m = (row0) + TILE_ROW(i, ty);                                      \
        if (m < (rows)) {                                                            \
          OUTPUT_STORE(acc[i * VECTORS + j], PIXEL_OF(m) * OUT_CHANNELS + column, V) \
        }                                                                            \
      }                                                                              \
    }                                                                                \
    KEEP_SUMS(j)                                                                     \
  }                                                                                  \
  LEAVE_SUMS(tile, min(BM, (rows) - (row0)))
