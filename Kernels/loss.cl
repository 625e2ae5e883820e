// Softmax cross-entropy and the linear layer's bias; sizes here are small. Work-items beyond the
// range given have nothing to do: the host rounds it up to whole groups.

// A sum whose order is fixed is one work-item's: what it adds next is loaded while it adds.
#define AT_ONCE 16
// ahead [AT_ONCE]: elements first… of `count` that are `step` apart; behind the last one, that one.
#define LOAD_AHEAD(from, first, step, count)    \
  float ahead[AT_ONCE];                         \
  _Pragma("unroll") for (int i = 0; i < AT_ONCE; i++) \
    ahead[i] = (from)[(size_t)min((first) + i, (count) - 1) * (step)];

// losses [N], 0 where ignored; global (N).
__kernel void cross_entropy(__global const float* restrict logits,
    __global const int* restrict labels, __global float* restrict losses, const float smoothing,
    const int count, const int k) {
  const int n = get_global_id(0);
  if (n >= count) return;
  const int label = labels[n];
  __global const float* row = logits + (size_t)n * k;
  if (label < 0) {
    losses[n] = 0.0f;
    return;
  }
  float top = row[0];
  for (int i = 1; i < k; i++) top = fmax(top, row[i]);
  float sum = 0.0f;
  for (int i = 0; i < k; i++) sum += exp(row[i] - top);
  const float surprise = log(sum) + top;
  float loss = surprise - row[label];
  if (smoothing > 0.0f) {
    float mean = 0.0f;
    for (int i = 0; i < k; i++) mean += surprise - row[i];
    loss = (1.0f - smoothing) * loss + smoothing * (mean / k);
  }
  losses[n] = loss;
}

// loss [1] = sum of losses / divisor, in order, compensated (Kahan); global (1).
__kernel void sum_losses(__global const float* restrict losses, __global float* restrict loss,
    const float divisor, const int count) {
  if (get_global_id(0) > 0) return;
  float sum = 0.0f, lost = 0.0f;
  for (int first = 0; first < count; first += AT_ONCE) {
    LOAD_AHEAD(losses, first, 1, count)
#pragma unroll
    for (int i = 0; i < AT_ONCE; i++) {
      const float next = ahead[i] - lost;
      const float total = sum + next;
      if (first + i < count) {
        lost = (total - sum) - next;
        sum = total;
      }
    }
  }
  loss[0] = sum / divisor;
}

// global (N).
__kernel void cross_entropy_backward(__global const float* restrict logits,
    __global const int* restrict labels, __global const float* restrict dloss,
    __global float* restrict dlogits, const float divisor, const float smoothing,
    const int count, const int k, const int accumulate) {
  const int n = get_global_id(0);
  if (n >= count) return;
  const int label = labels[n];
  __global const float* row = logits + (size_t)n * k;
  __global float* out = dlogits + (size_t)n * k;
  float top = row[0];
  for (int i = 1; i < k; i++) top = fmax(top, row[i]);
  float sum = 0.0f;
  for (int i = 0; i < k; i++) sum += exp(row[i] - top);
  const float scale = label < 0 ? 0.0f : dloss[0] / divisor;
  const float low = smoothing / k, high = 1.0f - smoothing + low;
  for (int i = 0; i < k; i++) {
    const float target = i == label ? high : low;
    const float g = label < 0 ? 0.0f : scale * (exp(row[i] - top) / sum - target);
    out[i] = accumulate ? out[i] + g : g;
  }
}

// y [N,K] := bias [K] in each row; global (N*K).
__kernel void broadcast_bias(__global const float* restrict bias, __global float* restrict y,
    const int count, const int k) {
  const int i = get_global_id(0);
  if (i >= count) return;
  y[i] = bias[i % k];
}

// db [K] = sum over n of dy [N,K], in order; global (K).
__kernel void bias_gradient(__global const float* restrict dy, __global float* restrict db,
    const int n, const int k, const int accumulate) {
  const int j = get_global_id(0);
  if (j >= k) return;
  float sum = accumulate ? db[j] : 0.0f;
  for (int first = 0; first < n; first += AT_ONCE) {
    LOAD_AHEAD(dy + j, first, k, n)
#pragma unroll
    for (int i = 0; i < AT_ONCE; i++)
      if (first + i < n) sum += ahead[i];
  }
  db[j] = sum;
}
