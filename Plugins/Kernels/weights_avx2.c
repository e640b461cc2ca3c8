#if defined(__x86_64__)
#define LANES 8
#define TILE_ROWS 6
#define KERNEL(name) zs_avx2_##name
#define TARGET __attribute__((target("avx2,fma,f16c")))
#define WEIGHT_TABLE zs_avx2_weights
#include "weight_products.inc"
#else
typedef int zs_no_weights_avx2;
#endif
