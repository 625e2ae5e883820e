// Ops that move pixels: shortcut, pooling, both families, over the pixels of one tensor of
// N x rows x columns. On CPUs work-item (column, line) takes one of them, its channels V at a time,
// V dividing all their numbers. On GPUs (EACH_ELEMENT 1, V 1) a work-item takes one element:
// neighbors read neighbors, and the range has one dimension, the only one without a low limit.

// The line of image n and row a, column b, place i among the pixels, of `lines` in all: work-items
// beyond them have nothing to do.
#if EACH_ELEMENT
#define PIXEL(rows, columns, channels)                                                     \
  const size_t i = get_global_id(0) / (channels);                                          \
  const int ch = get_global_id(0) % (channels), line = i / (columns), b = i % (columns);   \
  const int n = line / (rows), a = line % (rows);                                          \
  if (line >= lines) return;
#define EACH_CHANNEL(channels)
#else
#define PIXEL(rows, columns, channels)                                                     \
  const int b = get_global_id(0), line = get_global_id(1), n = line / (rows);              \
  const int a = line - n * (rows);                                                         \
  const size_t i = (size_t)line * (columns) + b;
#define EACH_CHANNEL(channels) for (int ch = 0; ch < (channels); ch += V)
#endif

// x [N,H,W,C] -> y [N,P,Q,K], V divides (K-C)/2 too; pixels of y.
__kernel void shortcut(__global const float* restrict x, __global float* restrict y,
    const int lines, const int h,
    const int w, const int c, const int p, const int q, const int k, const int stride) {
  PIXEL(p, q, k)
  const size_t from = ((size_t)(n * h + a * stride) * w + b * stride) * c;
  const int offset = (k - c) / 2;
  EACH_CHANNEL(k) {
    const int source = ch - offset;
    const vec v = source >= 0 && source < c ? LOADV(x + from + source) : ZERO;
    STOREV(v, y + i * k + ch);
  }
}

// Pixels of dx.
__kernel void shortcut_backward(__global const float* restrict dy, __global float* restrict dx,
    const int lines, const int h, const int w, const int c, const int p, const int q, const int k,
    const int stride, const int accumulate) {
  PIXEL(h, w, c)
  const int read = a % stride == 0 && b % stride == 0;
  const size_t from = ((size_t)(n * p + a / stride) * q + b / stride) * k + (k - c) / 2;
  if (accumulate && !read) return;
  EACH_CHANNEL(c) {
    const size_t at = i * c + ch;
    vec g = read ? LOADV(dy + from + ch) : ZERO;
    if (accumulate) g += LOADV(dx + at);
    STOREV(g, dx + at);
  }
}

// Mean over window_h x window_w at (a*stride, b*stride); pixels of y.
__kernel void average_pool(__global const float* restrict x, __global float* restrict y,
    const int lines, const int h, const int w, const int c, const int p, const int q, const int window_h,
    const int window_w, const int stride) {
  PIXEL(p, q, c)
  const float share = 1.0f / (float)(window_h * window_w);
  EACH_CHANNEL(c) {
    vec sum = ZERO;
    for (int r = 0; r < window_h; r++)
      for (int s = 0; s < window_w; s++)
        sum += LOADV(x + ((size_t)(n * h + a * stride + r) * w + b * stride + s) * c + ch);
    STOREV(sum * (vec)(share), y + i * c + ch);
  }
}

// Pixels of dx.
__kernel void average_pool_backward(__global const float* restrict dy, __global float* restrict dx,
    const int lines, const int h, const int w, const int c, const int p, const int q, const int window_h,
    const int window_w, const int stride, const int accumulate) {
  PIXEL(h, w, c)
  const float share = 1.0f / (float)(window_h * window_w);
  const int p_first = a < window_h ? 0 : (a - window_h) / stride + 1;
  const int q_first = b < window_w ? 0 : (b - window_w) / stride + 1;
  EACH_CHANNEL(c) {
    vec sum = ZERO;
    for (int r = p_first; r < p && r * stride <= a; r++)
      for (int s = q_first; s < q && s * stride <= b; s++)
        sum += LOADV(dy + ((size_t)(n * p + r) * q + s) * c + ch);
    const size_t at = i * c + ch;
    STOREV(
        accumulate ? fma(sum, (vec)(share), LOADV(dx + at)) : sum * (vec)(share), dx + at);
  }
}

// Elements of a where the comparison c of vectors (of floats: of a float) holds, else those of b.
#if V == 1
#define CHOSEN(c, a, b) ((c) ? (a) : (b))
#else
#define CHOSEN(c, a, b) select(b, a, c)
#endif

// The largest over the part of a window at (a*stride-padding, b*stride-padding) that lies within x:
// the first of equals, and any NaN. Where keep is set, winners gets its place in the window, as
// r*window+s. Pixels of y.
__kernel void max_pool(__global const float* restrict x, __global float* restrict y,
    __global float* restrict winners, const int lines, const int h, const int w, const int c,
    const int p, const int q, const int window, const int stride, const int padding,
    const int keep) {
  PIXEL(p, q, c)
  const int top = a * stride - padding, left = b * stride - padding;
  const int r_first = max(0, -top), r_end = min(window, h - top);
  const int s_first = max(0, -left), s_end = min(window, w - left);
  EACH_CHANNEL(c) {
    vec best = LOADV(x + ((size_t)(n * h + top + r_first) * w + left + s_first) * c + ch);
    vec winner = (vec)((float)(r_first * window + s_first));
    for (int r = r_first; r < r_end; r++)
      for (int s = s_first; s < s_end; s++) {
        const vec v = LOADV(x + ((size_t)(n * h + top + r) * w + left + s) * c + ch);
        winner = CHOSEN((v > best) | (v != v), (vec)((float)(r * window + s)), winner);
        best = CHOSEN((v > best) | (v != v), v, best);
      }
    STOREV(best, y + i * c + ch);
    if (keep) STOREV(winner, winners + i * c + ch);
  }
}

// Pixels of dx.
__kernel void max_pool_backward(__global const float* restrict dy,
    __global const float* restrict winners, __global float* restrict dx, const int lines,
    const int h, const int w, const int c, const int p, const int q, const int window,
    const int stride, const int padding, const int accumulate) {
  PIXEL(h, w, c)
  const int row = a + padding, column = b + padding;
  const int p_first = row < window ? 0 : (row - window) / stride + 1;
  const int q_first = column < window ? 0 : (column - window) / stride + 1;
  EACH_CHANNEL(c) {
    vec sum = accumulate ? LOADV(dx + i * c + ch) : ZERO;
    for (int r = p_first; r < p && r * stride <= row; r++)
      for (int s = q_first; s < q && s * stride <= column; s++) {
        const size_t at = ((size_t)(n * p + r) * q + s) * c + ch;
        const float place = (float)((row - r * stride) * window + column - s * stride);
        sum += CHOSEN(LOADV(winners + at) == (vec)(place), LOADV(dy + at), ZERO);
      }
    STOREV(sum, dx + i * c + ch);
  }
}
