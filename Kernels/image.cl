// From bytes to a batch: gather by index, resize a window, crop, flip, erase, rotate, change colors,
// normalize. transforms [N] of (index, dy, dx, flip + 2 * quarter turns + 8 * rows + 16 * columns);
// with COLORS, colors [N, 12]: a matrix, row by row, and an offset; with REGIONS, regions [N, 2]: the
// window (top, left, height, width) and what is erased (top, left, bottom, right); global (size, N):
// one work-item a row.
// Row i of the matrix and of the offset.
#define CHANGED(i)                                                                           \
  fmin(fmax(fma(c[3 * i + 2], blue, fma(c[3 * i + 1], green, fma(c[3 * i], red, c[9 + i]))), \
            0.0f), 1.0f)

#if REGIONS
// Where pixel `at` of `size` lies among the `count` that begin with `first`.
static inline float resized(const int at, const int first, const int count, const int size) {
  const float exact = fma(at + 0.5f, (float)count / (float)size, first - 0.5f);
  return fmin(fmax(exact, (float)first), (float)(first + count - 1));
}

// Channel c between four pixels.
#define BETWEEN(c)                                                                             \
  mixed(mixed(top[left + c], top[right + c], across),                                          \
        mixed(bottom[left + c], bottom[right + c], across), down)

static inline float mixed(const float a, const float b, const float share) {
  return fma(share, b - a, a);
}
#endif

__kernel void gather_images(__global const uchar* restrict store,
    __global const int4* restrict transforms, __global const float* restrict colors,
    __global const int4* restrict regions, __global float* restrict y, const int size, const int images, const float4 scale, const float4 shift) {
  const int i = get_global_id(0), n = get_global_id(1);
  if (i >= size || n >= images) return;
  const int4 t = transforms[n];
  const int turns = (t.w >> 1) & 3, flip = t.w & 1;
  const int down = t.w & 8 ? size / 2 : 0, right = t.w & 16 ? size / 2 : 0;
  __global const uchar* image = store + (size_t)t.x * size * size * 3;
  __global float* out = y + ((size_t)n * size + i) * size * 3;
#if REGIONS
  const int4 window = regions[2 * n], erased = regions[2 * n + 1];
#endif
  for (int j = 0; j < size; j++) {
    // out = rot90^turns(cropped): (i, j) -> (j, size-1-i reversed) once a quarter turn.
    int row = i + down, column = j + right;
    if (row >= size) row -= size;
    if (column >= size) column -= size;
    for (int turn = 0; turn < turns; turn++) {
      const int next = size - 1 - row;
      row = column;
      column = next;
    }
#if REGIONS
    if (row >= erased.x && row < erased.z && column >= erased.y && column < erased.w) {
      out[j * 3] = out[j * 3 + 1] = out[j * 3 + 2] = 0.0f;
      continue;
    }
#endif
    if (flip) column = size - 1 - column;
    row += t.y;
    column += t.z;
    float r = 0.0f, g = 0.0f, b = 0.0f;
    if (row >= 0 && row < size && column >= 0 && column < size) {
#if REGIONS
      const float exact_row = resized(row, window.x, window.z, size);
      const float exact_column = resized(column, window.y, window.w, size);
      const int first_row = (int)exact_row, first_column = (int)exact_column;
      const float down = exact_row - first_row, across = exact_column - first_column;
      const int last_row = window.x + window.z - 1, last_column = window.y + window.w - 1;
      __global const uchar* top = image + (size_t)first_row * size * 3;
      __global const uchar* bottom = first_row < last_row ? top + (size_t)size * 3 : top;
      const int left = first_column * 3, right = first_column < last_column ? left + 3 : left;
      r = BETWEEN(0);
      g = BETWEEN(1);
      b = BETWEEN(2);
#else
      __global const uchar* pixel = image + ((size_t)row * size + column) * 3;
      r = pixel[0];
      g = pixel[1];
      b = pixel[2];
#endif
    }
#if COLORS
    if (row >= 0 && row < size && column >= 0 && column < size) {
      __global const float* c = colors + (size_t)n * 12;
      const float red = r / 255.0f, green = g / 255.0f, blue = b / 255.0f;
      out[j * 3] = fma(CHANGED(0) * 255.0f, scale.x, shift.x);
      out[j * 3 + 1] = fma(CHANGED(1) * 255.0f, scale.y, shift.y);
      out[j * 3 + 2] = fma(CHANGED(2) * 255.0f, scale.z, shift.z);
      continue;
    }
#endif
    out[j * 3] = fma(r, scale.x, shift.x);
    out[j * 3 + 1] = fma(g, scale.y, shift.y);
    out[j * 3 + 2] = fma(b, scale.z, shift.z);
  }
}
