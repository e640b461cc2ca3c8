/* The kernels for AVX-512: 6 pixels by 64 channels fill 24 of the 32 registers. */
#include "kernels.h"
#include "taps.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* As in conv_avx2.c. */
static inline __attribute__((always_inline, target("avx512bw"))) __m512i avx512_dot(__m512i sum, __m512i weights,
                                                                                  __m512i inputs) {
  sum = _mm512_add_epi32(sum, _mm512_madd_epi16(weights, inputs));
  __asm__("" : "+v"(sum));
  return sum;
}

#define LANES 16
#define TILE_BLOCKS 4
#define TILE_PIXELS 6
#define FACTORS 2
#define IS_INTEGER 1
#define DOT(sum, weights, inputs) ((MASK)avx512_dot((__m512i)(sum), (__m512i)(weights), (__m512i)(inputs)))
#define NARROW(name) NAME(int8_##name)
#define NAME(name) avx512_##name
#define MAXIMUM(a, b) ((VECTOR)_mm512_max_ps((__m512)(a), (__m512)(b)))
#define MINIMUM(a, b) ((VECTOR)_mm512_min_ps((__m512)(a), (__m512)(b)))
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#include "vector.inc"
#include "tile.inc"
#include "depthwise.inc"
#include "winograd.inc"
#include "narrow.inc"
#pragma clang attribute pop

const kernel_table conv_table_avx512 = {
    TILE_BLOCKS, avx512_tile, avx512_tile_few, avx512_depthwise, avx512_pool_blocked, avx512_pool_plain, WINOGRADS};

const narrow_table conv_int8_avx512 = NARROW_TABLE;
#endif
