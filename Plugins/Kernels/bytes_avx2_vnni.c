#if defined(__x86_64__)
#define LANES 8
#define TILE_ROWS 6
#define KERNEL(name) zs_avx2_##name
#define TARGET __attribute__((target("avx2,fma,f16c,avxvnni")))
#define BYTE_DOT(sum, a, b) ((vi)_mm256_dpbusd_avx_epi32((__m256i)(sum), (__m256i)(a), (__m256i)(b)))
#include "byte_products.inc"
#else
typedef int zs_no_bytes_avx2_vnni;
#endif
