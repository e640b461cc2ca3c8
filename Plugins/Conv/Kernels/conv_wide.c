/* The AVX-512 kernels compiled for AVX2, for tests on machines without AVX-512. */
#include "kernels.h"
#include "taps.h"

#if defined(__x86_64__)

#define LANES 16
#define TILE_BLOCKS 4
#define TILE_PIXELS 6
#define NAME(name) wide_##name
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
/* Every function that takes such a vector is inlined. */
#pragma clang diagnostic ignored "-Wpsabi"
#include "tile.inc"
#include "winograd.inc"
#pragma clang attribute pop

const kernel_table conv_table_wide = {
    TILE_BLOCKS, wide_tile, wide_depthwise, wide_pool_rows, WINOGRAD(2, 4), WINOGRAD(4, 6)};
#endif
