#if defined(__x86_64__)
#define LANES 8
#define TABLE zv_kernels_avx2
#define TARGET __attribute__((target("avx2,fma")))
#include "vision_kernels.inc"
#else
typedef int zv_no_avx2;
#endif
