// Kernels whose counts are known by hand: selftest.py has what is expected of each.

// n loads, each of the address that the one before told.
__kernel void chain(__global const int* x, __global int* y, const int n) {
  int at = 0;
  for (int i = 0; i < n; i++) at = x[at];
  y[get_global_id(0)] = at;
}

// n loads that wait for nothing but the last one's use.
__kernel void stream(__global const float* x, __global float* y, const int n) {
  float sum = 0.0f;
#pragma unroll 1
  for (int i = 0; i < n; i++) sum += x[i * get_global_size(0) + get_global_id(0)];
  y[get_global_id(0)] = sum;
}

// Item i of a warp goes round i times; the warp as often as its last item.
__kernel void uneven(__global const float* x, __global float* y) {
  float sum = 0.0f;
#pragma unroll 1
  for (int i = 0; i < (int)(get_global_id(0) % 32); i++) sum = sum * 0.5f + x[i];
  y[get_global_id(0)] = sum;
}

// Both ways in each warp, and together again behind them.
__kernel void parted(__global const float* x, __global float* y, const int n) {
  const int i = get_global_id(0);
  float v = 0.0f;
  if (i % 2 == 0) {
#pragma unroll 1
    for (int k = 0; k < n; k++) v += x[k];
  } else {
#pragma unroll 1
    for (int k = 0; k < 2 * n; k++) v -= x[k];
  }
#pragma unroll 1
  for (int k = 0; k < n; k++) v = v * 0.5f + x[k];
  y[i] = v;
}

// Quotients and remainders by numbers that are known at run time alone.
__kernel void divided(__global const float* x, __global float* y, const int d, const int e) {
  const int i = get_global_id(0);
  y[i / d * d + (i % d + e) % d] = x[(i * 7) / 7 / e * e + i % e];
}

// Addresses held between the first and the last element: what lies before and behind is not read.
__kernel void clamped(__global const float* x, __global float* y, const int n, const int shift) {
  const int i = get_global_id(0);
  y[i] = x[max(min(i - shift, n - 1), 0)] + x[max(min(i + shift, n - 1), 0)];
}

// Quotients of doubles call a routine.
__kernel void doubles(__global const float* x, __global float* y, const int n, const int d) {
  double sum = 0.0;
#pragma unroll 1
  for (int i = 0; i < n; i++) sum += (double)x[i] / (double)(d + i);
  y[get_global_id(0)] = (float)sum;
}

// The last group to come reads what all have left.
__attribute__((reqd_work_group_size(64, 1, 1))) __kernel void last_adds(
    __global int* counter, __global float* partial, __global float* y, const int groups) {
  __local int is_last;
  partial[get_group_id(0) * 64 + get_local_id(0)] = (float)get_local_id(0);
  mem_fence(CLK_GLOBAL_MEM_FENCE);
  if (get_local_id(0) == 0) is_last = atomic_inc(counter) == groups - 1;
  barrier(CLK_LOCAL_MEM_FENCE);
  if (!is_last) return;
  float sum = 0.0f;
#pragma unroll 1
  for (int i = 0; i < groups; i++) sum = sum * 0.5f + partial[i * 64 + get_local_id(0)];
  y[get_local_id(0)] = sum;
}

// n products of 16 x 8 and 8 x 8 in tensor cores.
__attribute__((reqd_work_group_size(32, 1, 1))) __kernel void tensor(
    __global const float* x, __global float* y, const int n) {
  float a = x[get_global_id(0)], b = a, c = a, d = a;
  const uint left = as_uint(a), right = as_uint(x[get_local_id(0)]);
#pragma unroll 1
  for (int i = 0; i < n; i++)
    __asm__ volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
        "{%0,%1,%2,%3}, {%4,%4,%4,%4}, {%5,%5}, {%0,%1,%2,%3};"
        : "+f"(a), "+f"(b), "+f"(c), "+f"(d)
        : "r"(left), "r"(right));
  y[get_global_id(0)] = a + b + c + d;
}

// A tile's products: 8 of a loop's instructions are the product's.
__attribute__((reqd_work_group_size(32, 1, 1))) __kernel void tiled(
    __global const float* x, __global float* y, const int n) {
  __local float tile[1024];
  for (int i = get_local_id(0); i < 1024; i += 32) tile[i] = x[i];
  barrier(CLK_LOCAL_MEM_FENCE);
  float sums[8];
#pragma unroll
  for (int j = 0; j < 8; j++) sums[j] = 0.0f;
#pragma unroll 1
  for (int i = 0; i < n; i++)
#pragma unroll
    for (int j = 0; j < 8; j++)
      sums[j] = fma(tile[(i + get_local_id(0)) % 512], tile[512 + j + i % 256], sums[j]);
#pragma unroll
  for (int j = 0; j < 8; j++) y[get_local_id(0) * 8 + j] = sums[j];
}
