/* The kernels for any CPU: vectors of four. */
#include "kernels.h"
#include "taps.h"

#define LANES 4
#define TILE_BLOCKS 1
#define TILE_PIXELS 6
#define NAME(name) generic_##name
#include "tile.inc"
#include "winograd.inc"

const kernel_table conv_table_generic = {
    TILE_BLOCKS, generic_tile, generic_depthwise, generic_pool_rows, WINOGRAD(2, 4), WINOGRAD(4, 6)};
