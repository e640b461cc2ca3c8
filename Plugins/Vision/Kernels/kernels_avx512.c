#if defined(__x86_64__)
#define LANES 16
#define TABLE zv_kernels_avx512
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")))
#include "vision_kernels.inc"
#else
typedef int zv_no_avx512;
#endif
