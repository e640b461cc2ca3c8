/* For any processor: the vectors of SSE2 and Neon. */
#define LANES 4
#define TILE_ROWS 6
#define KERNEL_TABLE zs_kernels_generic
#include "vector_kernels.inc"
