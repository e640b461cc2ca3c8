#if defined(__x86_64__)
#define LANES 8
#define TILE_ROWS 6
#define KERNEL(name) zs_avx2_##name
#define TARGET __attribute__((target("avx2,fma,f16c,avxvnni")))
#define WEIGHT_TABLE zs_avx2_weight_dots
#define BYTE_DOT(sum, a, b) ((vi)_mm256_dpbusd_avx_epi32((__m256i)(sum), (__m256i)(a), (__m256i)(b)))
#include "weight_products.inc"
#else
typedef int zs_no_weights_avx2_vnni;
#endif
