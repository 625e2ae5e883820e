// What a work-group of a 3x3 convolution at stride 1, padding 1, or of its gradients, reads of x:
// its IMAGES x ROWS x W pixels and a halo around each image's. ROWS are all rows of an image where
// there are several images.
#ifndef BM
#define BM (IMAGES * ROWS * W)
#endif
#define PATCH_PIXELS (IMAGES * (ROWS + 2) * (W + 2))
// x's channels, as a number that the compiler does not know: see convolution_tiled.cl.
#define CHANNELS_AT_RUN_TIME (images < 0 ? -images : X_CHANNELS)
// The first image and row of the block-th work-group along the pixels.
#define IMAGE0(block) ((block) * IMAGES / (H / ROWS))
#define ROW0(block) ((block) * IMAGES % (H / ROWS) * ROWS)

// Where pixel `pixel` of the patch lies in x, in pixels; -1: outside of it.
static inline int patch_pixel(const int pixel, const int image0, const int row0, const int images) {
  const int line = pixel / (W + 2), column = pixel % (W + 2) - 1;
  const int image = image0 + line / (ROWS + 2), row = row0 + line % (ROWS + 2) - 1;
  const bool inside = pixel < PATCH_PIXELS && image < images && row >= 0 && row < H &&
                      column >= 0 && column < W;
  return inside ? (image * H + row) * W + column : -1;
}

// raw and pre_raw [LOADS] := V channels from `channel` on of the patch's pixels first, first + step,
// … of block `block`; a bit of `inside` for each that is there.
#define FETCH_PATCH(block, images, LOADS, first, step, channel)                               \
  inside = 0;                                                                                 \
  _Pragma("unroll") for (int i_ = 0; i_ < (LOADS); i_++) {                                    \
    const int from_ =                                                                         \
        patch_pixel((first) + i_ * (step), IMAGE0(block), ROW0(block), images);               \
    raw[i_] = ZERO;                                                                           \
    pre_raw[i_] = ZERO;                                                                       \
    if (from_ >= 0) {                                                                         \
      FETCH_X(raw[i_], pre_raw[i_], (size_t)from_ * X_CHANNELS + (channel))                   \
      inside |= 1 << i_;                                                                      \
    }                                                                                         \
  }
// Images have three channels: a block's others are zeros, and a work-item's that has none.
#if X_CHANNELS < V
#define FETCH_X(raw, pre_raw, at) \
  if (part == 0) raw = load_lanes(X_x + at, X_CHANNELS);
#else
#define FETCH_X(raw, pre_raw, at) JOIN(FETCH_, X_INPUT)(X_, raw, pre_raw, at)
#endif

// dy_raw and dy_pre [LOADS] := V channels from `channel` on of the block's own pixels.
#define FETCH_BLOCK(block, LOADS, first, step, channel)                                       \
  _Pragma("unroll") for (int i_ = 0; i_ < (LOADS); i_++) {                                    \
    const int pixel_ = (first) + i_ * (step);                                                 \
    dy_raw[i_] = ZERO;                                                                        \
    dy_pre[i_] = ZERO;                                                                        \
    if (pixel_ < ROWS * W && (channel) < DY_CHANNELS) {                                       \
      const size_t at_ = ((size_t)(block) * ROWS * W + pixel_) * DY_CHANNELS + (channel);     \
      JOIN(FETCH_, DY_INPUT)(DY_, dy_raw[i_], dy_pre[i_], at_)                                \
    }                                                                                         \
  }

// What a batch norm does with each of V channels from `channel` on, for all of a work-group:
// constants [4][parts], by its first `parts` work-items.
#define SHARE_CONSTANTS(P, constants, parts, channel)                                         \
  if (item < (parts)) {                                                                       \
    _Pragma("unroll") for (int i_ = 0; i_ < 4; i_++) kept[i_] = ZERO;                         \
    SET_CONSTANTS(P, kept, channel)                                                           \
    _Pragma("unroll") for (int i_ = 0; i_ < 4; i_++)                                          \
        constants[i_ * (parts) + item] = kept[i_];                                            \
  }

// What was fetched of the input P, as it is to be (STORED(v)), to `to`, its pixels `to_step` apart;
// zeros where IS_THERE(i) is not so.
#define STORE_INPUT(P, raw, pre_raw, constants, parts, LOADS, pixels, to, to_step, IS_THERE)  \
  {                                                                                           \
    _Pragma("unroll") for (int i_ = 0; i_ < 4; i_++)                                          \
        kept[i_] = constants[i_ * (parts) + item % (parts)];                                  \
    JOIN(KEPT_, P##INPUT)(kept)                                                               \
    _Pragma("unroll") for (int i_ = 0; i_ < (LOADS); i_++) {                                  \
      const int pixel_ = item / (parts) + i_ * (ITEMS / (parts));                             \
      const vec value_ = STORED(JOIN(APPLIED_, P##INPUT)(P, raw[i_], pre_raw[i_]));           \
      if (pixel_ < (pixels))                                                                  \
        LOCALV((to) + pixel_ * (to_step) + item % (parts) * V) = IS_THERE(i_) ? value_ : ZERO; \
    }                                                                                         \
  }
#define IN_PATCH(i) (inside >> (i) & 1)
