/* For any processor: the vectors of SSE2 and Neon. */
#define LANES 4
#define TABLE zv_kernels_generic
#define TARGET
#include "vision_kernels.inc"
