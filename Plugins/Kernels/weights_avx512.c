#if defined(__x86_64__)
#define LANES 16
#define TILE_ROWS 12
#define KERNEL(name) zs_avx512_##name
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512cd,avx2,fma,f16c")))
#define WEIGHT_TABLE zs_avx512_weights
#include "weight_products.inc"
#else
typedef int zs_no_weights_avx512;
#endif
