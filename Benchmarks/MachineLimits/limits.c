#include "machine_limits.h"

typedef float v4 __attribute__((vector_size(16)));
typedef float v8 __attribute__((vector_size(32)));
typedef float v16 __attribute__((vector_size(64)));

/* More sums than two units with a latency of five cycles need, and few enough for 16 registers. */
enum { SUMS = 12 };

#define MULTIPLY_ADD(NAME, VECTOR, LANES)                                                                             \
  static int64_t NAME(int64_t rounds, float *sink) {                                                                  \
    VECTOR sums[SUMS], factor, term;                                                                                  \
    for (int lane = 0; lane < LANES; lane++) factor[lane] = 0.999f + *sink, term[lane] = 0.001f + *sink;              \
    for (int i = 0; i < SUMS; i++) sums[i] = term * (float)i;                                                         \
    for (int64_t round = 0; round < rounds; round++) {                                                                \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < SUMS; i++) sums[i] = sums[i] * factor + term;            \
    }                                                                                                                 \
    for (int i = 1; i < SUMS; i++) sums[0] += sums[i];                                                                \
    for (int lane = 0; lane < LANES; lane++) *sink += sums[0][lane];                                                  \
    return rounds * SUMS * LANES * 2;                                                                                 \
  }

#pragma STDC FP_CONTRACT ON
MULTIPLY_ADD(multiply_add_generic, v4, 4)
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
MULTIPLY_ADD(multiply_add_avx2, v8, 8)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,fma"))), apply_to = function)
MULTIPLY_ADD(multiply_add_avx512, v16, 16)
#pragma clang attribute pop
#endif

int64_t limits_multiply_add(int32_t isa, int64_t rounds, float *sink) {
#if defined(__x86_64__)
  if (isa == 2) return multiply_add_avx512(rounds, sink);
  if (isa == 1) return multiply_add_avx2(rounds, sink);
#endif
  (void)isa;
  return multiply_add_generic(rounds, sink);
}

float limits_read(const float *values, int64_t count) {
  v4 sums[16] = {0};
  for (int64_t at = 0; at < count; at += 64) {
    const v4 *line = (const v4 *)(values + at);
    _Pragma("clang loop unroll(full)") for (int i = 0; i < 16; i++) sums[i] += line[i];
  }
  for (int i = 1; i < 16; i++) sums[0] += sums[i];
  return sums[0][0] + sums[0][1] + sums[0][2] + sums[0][3];
}
