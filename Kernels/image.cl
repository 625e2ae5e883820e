// From bytes to a batch: gather by index, crop, flip, rotate, change colors, normalize. transforms
// [N] of (index, dy, dx, flip + 2 * quarter turns + 8 * rows + 16 * columns); with COLORS, colors
// [N, 12]: a matrix, row by row, and an offset; global (size, N): one work-item a row.
// Row i of the matrix and of the offset.
#define CHANGED(i)                                                                           \
  fmin(fmax(fma(c[3 * i + 2], blue, fma(c[3 * i + 1], green, fma(c[3 * i], red, c[9 + i]))), \
            0.0f), 1.0f)

__kernel void gather_images(__global const uchar* restrict store,
    __global const int4* restrict transforms, __global const float* restrict colors,
    __global float* restrict y, const int size, const int images, const float4 scale, const float4 shift) {
  const int i = get_global_id(0), n = get_global_id(1);
  if (i >= size || n >= images) return;
  const int4 t = transforms[n];
  const int turns = (t.w >> 1) & 3, flip = t.w & 1;
  const int down = t.w & 8 ? size / 2 : 0, right = t.w & 16 ? size / 2 : 0;
  __global const uchar* image = store + (size_t)t.x * size * size * 3;
  __global float* out = y + ((size_t)n * size + i) * size * 3;
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
    if (flip) column = size - 1 - column;
    row += t.y;
    column += t.z;
    uchar r = 0, g = 0, b = 0;
    if (row >= 0 && row < size && column >= 0 && column < size) {
      __global const uchar* pixel = image + ((size_t)row * size + column) * 3;
      r = pixel[0];
      g = pixel[1];
      b = pixel[2];
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
    out[j * 3] = fma((float)r, scale.x, shift.x);
    out[j * 3 + 1] = fma((float)g, scale.y, shift.y);
    out[j * 3 + 2] = fma((float)b, scale.z, shift.z);
  }
}
