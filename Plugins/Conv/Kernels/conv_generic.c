/* The kernels for any CPU: vectors of four. */
#include "kernels.h"
#include "taps.h"

#define LANES 4
#define TILE_BLOCKS 1
#define TILE_PIXELS 6
#define FACTORS 2
#define IS_INTEGER 1
#define DOT(sum, weights, inputs)                                                                                      \
  ((sum) + ((weights) << 16 >> 16) * ((inputs) << 16 >> 16) + ((weights) >> 16) * ((inputs) >> 16))
#define NARROW(name) NAME(int8_##name)
#define NAME(name) generic_##name
#include "vector.inc"
#include "tile.inc"
#include "depthwise.inc"
#include "winograd.inc"
#include "narrow.inc"

const kernel_table conv_table_generic = {
    TILE_BLOCKS, generic_tile, generic_tile_few, generic_depthwise, generic_pool_blocked, generic_pool_plain, WINOGRADS};

const narrow_table conv_int8_generic = NARROW_TABLE;
