#if defined(__x86_64__)
#define LANES 16
#define TILE_ROWS 12
#define KERNEL(name) zs_avx512_##name
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512cd,avx512bf16,avx2,fma,f16c")))
#define BF16_DOT
#include "pair_products.inc"
#else
typedef int zs_no_pairs_avx512_bf16;
#endif
