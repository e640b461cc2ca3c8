/* For any processor: the vectors of SSE2 and Neon. */
#define LANES 4
#define TILE_ROWS 6
#define KERNEL(name) zs_generic_##name
#include "vector_kernels.inc"
