/* int8 for AVX-512 with VNNI: one instruction for four products in each of 16 lanes. */
#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define LANES 16
#define TILE_BLOCKS 4
#define TILE_PIXELS 6
#define FACTORS 4
#define IS_INTEGER 1
#define NAME(name) avx512_vnni_##name
#define NARROW NAME
#define DOT(sum, weights, inputs) ((MASK)_mm512_dpbusd_epi32((__m512i)(sum), (__m512i)(inputs), (__m512i)(weights)))
#define MAXIMUM(a, b) ((VECTOR)_mm512_max_ps((__m512)(a), (__m512)(b)))
#define MINIMUM(a, b) ((VECTOR)_mm512_min_ps((__m512)(a), (__m512)(b)))
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vnni,avx2,fma"))), apply_to = function)
#include "vector.inc"
#include "narrow.inc"
#pragma clang attribute pop

const narrow_table conv_int8_avx512_vnni = NARROW_TABLE;
#endif
