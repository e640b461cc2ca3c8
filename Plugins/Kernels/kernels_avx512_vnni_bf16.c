#if defined(__x86_64__)
#define LANES 16
#define TILE_ROWS 12
#define KERNEL_TABLE zs_kernels_avx512_vnni_bf16
#define TARGET                                                                                                         \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512cd,avx512vnni,avx512bf16,avx2,fma,f16c")))
#define BF16_DOT
#define BYTE_DOT(sum, a, b) ((vi)_mm512_dpbusd_epi32((__m512i)(sum), (__m512i)(a), (__m512i)(b)))
#include "vector_kernels.inc"
#else
typedef int zs_no_avx512_vnni_bf16;
#endif
