/* bfloat16 for AVX-512 with BF16: one instruction for two products in each of 16 lanes. */
#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define LANES 16
#define TILE_BLOCKS 4
#define TILE_PIXELS 6
#define FACTORS 2
#define IS_INTEGER 0
#define NAME(name) avx512_bf16_##name
#define NARROW NAME
#define DOT(sum, weights, inputs) ((VECTOR)_mm512_dpbf16_ps((__m512)(sum), (__m512bh)(weights), (__m512bh)(inputs)))
#define ROUND(x) ((NARROW(factors))_mm512_cvtneps_pbh((__m512)(x)))
#define MAXIMUM(a, b) ((VECTOR)_mm512_max_ps((__m512)(a), (__m512)(b)))
#define MINIMUM(a, b) ((VECTOR)_mm512_min_ps((__m512)(a), (__m512)(b)))
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512bf16,avx2,fma"))), apply_to = function)
#include "vector.inc"
#include "narrow.inc"
#pragma clang attribute pop

const narrow_table conv_bfloat16_avx512 = NARROW_TABLE;
#endif
