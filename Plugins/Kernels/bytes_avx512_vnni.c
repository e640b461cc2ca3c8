#if defined(__x86_64__)
#define LANES 16
#define TILE_ROWS 12
#define KERNEL(name) zs_avx512_##name
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512cd,avx512vnni,avx2,fma,f16c")))
#define BYTE_DOT(sum, a, b) ((vi)_mm512_dpbusd_epi32((__m512i)(sum), (__m512i)(a), (__m512i)(b)))
#include "byte_products.inc"
#else
typedef int zs_no_bytes_avx512_vnni;
#endif
