/* bfloat16 in the form of AVX-512, with shifts for the instruction, for tests on machines without it. */
#include "kernels.h"

#if defined(__x86_64__)

#define LANES 16
#define TILE_BLOCKS 4
#define TILE_PIXELS 6
#define FACTORS 2
#define IS_INTEGER 0
#define HIGH(words) ((VECTOR)((words) & (int32_t)0xffff0000))
#define DOT(sum, weights, inputs)                                                                                      \
  ((VECTOR)((inputs) << 16) * (VECTOR)((weights) << 16) + (sum) + HIGH(inputs) * HIGH(weights))
#define ROUND(x) __builtin_convertvector(NAME(bfloat16)(x), NARROW(factors))
#define NAME(name) wide_bf16_##name
#define NARROW NAME
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
/* Every function that takes such a vector is inlined. */
#pragma clang diagnostic ignored "-Wpsabi"
#include "vector.inc"

/* Rounded to nearest even. */
INLINE MASK NAME(bfloat16)(VECTOR x) {
  const MASK bits = (MASK)x, rounded = bits + 0x7fff + (bits >> 16 & 1);
  return (x != x ? bits | 0x00400000 : rounded) >> 16;
}

#include "narrow.inc"
#pragma clang attribute pop

const narrow_table conv_bfloat16_wide = NARROW_TABLE;
#endif
