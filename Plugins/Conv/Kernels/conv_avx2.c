/* The kernels for AVX2 and FMA: 6 pixels by 16 channels fill 12 of the 16 registers. */
#include "kernels.h"
#include "taps.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* The compiler would add products of many steps first, which the registers can't hold, were the sum not hidden from it. */
static inline __attribute__((always_inline, target("avx2"))) __m256i avx2_dot(__m256i sum, __m256i weights,
                                                                              __m256i inputs) {
  sum = _mm256_add_epi32(sum, _mm256_madd_epi16(weights, inputs));
  __asm__("" : "+x"(sum));
  return sum;
}

#define LANES 8
#define TILE_BLOCKS 1
#define TILE_PIXELS 6
#define FACTORS 2
#define IS_INTEGER 1
#define DOT(sum, weights, inputs) ((MASK)avx2_dot((__m256i)(sum), (__m256i)(weights), (__m256i)(inputs)))
#define NARROW(name) NAME(int8_##name)
#define NAME(name) avx2_##name
#define MAXIMUM(a, b) ((VECTOR)_mm256_max_ps((__m256)(a), (__m256)(b)))
#define MINIMUM(a, b) ((VECTOR)_mm256_min_ps((__m256)(a), (__m256)(b)))
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "vector.inc"
#include "tile.inc"
#include "depthwise.inc"
#include "winograd.inc"
#include "narrow.inc"
#pragma clang attribute pop

const kernel_table conv_table_avx2 = {
    TILE_BLOCKS, avx2_tile, avx2_tile_few, avx2_depthwise, avx2_pool_blocked, avx2_pool_plain, WINOGRADS};

const narrow_table conv_int8_avx2 = NARROW_TABLE;
#endif
