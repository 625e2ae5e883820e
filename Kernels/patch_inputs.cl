// What a work-group of a 3x3 convolution at stride 1, padding 1 reads of x: BK channels at a time of
// its IMAGES x ROWS x W pixels and of a halo around each image's. ROWS are all rows of an image where
// there are several images.
#define BM (IMAGES * ROWS * W)
#define PATCH_PIXELS (IMAGES * (ROWS + 2) * (W + 2))
#define PARTS (BK / V)
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
