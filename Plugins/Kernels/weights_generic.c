/* For any processor: the vectors of SSE2 and Neon. */
#define LANES 4
#define TILE_ROWS 6
#define KERNEL(name) zs_generic_##name
#define WEIGHT_TABLE zs_generic_weights
#include "weight_products.inc"
