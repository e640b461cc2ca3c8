/* The AVX-512 kernels compiled for AVX2, for tests on machines without AVX-512. */
#include "kernels.h"
#include "taps.h"

#if defined(__x86_64__)

#define LANES 16
#define TILE_BLOCKS 4
#define TILE_PIXELS 6
#define NAME(name) wide_##name
#define NARROW(name) NAME(int8_##name)
#define FACTORS 4
#define IS_INTEGER 1
/* Inputs are unsigned, weights signed. */
#define PRODUCT(i, weights, inputs) (((weights) << (24 - 8 * i) >> 24) * ((inputs) >> (8 * i) & 255))
#define DOT(sum, weights, inputs)                                                                                      \
  ((sum) + PRODUCT(0, weights, inputs) + PRODUCT(1, weights, inputs) + PRODUCT(2, weights, inputs) +                   \
   PRODUCT(3, weights, inputs))
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
/* Every function that takes such a vector is inlined. */
#pragma clang diagnostic ignored "-Wpsabi"
#include "vector.inc"
#include "tile.inc"
#include "depthwise.inc"
#include "winograd.inc"
#include "narrow.inc"
#pragma clang attribute pop

const kernel_table conv_table_wide = {
    TILE_BLOCKS, wide_tile, wide_tile_few, wide_depthwise, wide_pool_blocked, wide_pool_plain, WINOGRADS};

const narrow_table conv_int8_wide = NARROW_TABLE;
#endif
