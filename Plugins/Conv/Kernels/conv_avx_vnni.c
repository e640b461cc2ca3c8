/* int8 for AVX2 with VNNI, which processors without AVX-512 may have. */
#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define LANES 8
#define TILE_BLOCKS 1
#define TILE_PIXELS 6
#define FACTORS 4
#define IS_INTEGER 1
#define NAME(name) avx_vnni_##name
#define NARROW NAME
#define DOT(sum, weights, inputs)                                                                                      \
  ((MASK)_mm256_dpbusd_avx_epi32((__m256i)(sum), (__m256i)(inputs), (__m256i)(weights)))
#define MAXIMUM(a, b) ((VECTOR)_mm256_max_ps((__m256)(a), (__m256)(b)))
#define MINIMUM(a, b) ((VECTOR)_mm256_min_ps((__m256)(a), (__m256)(b)))
#pragma clang attribute push(__attribute__((target("avx2,fma,avxvnni"))), apply_to = function)
#include "vector.inc"
#include "narrow.inc"
#pragma clang attribute pop

const narrow_table conv_int8_avx_vnni = NARROW_TABLE;
#endif
