/* The choice of an instruction set. */
#include "vision_kernels.h"

extern const zv_kernels zv_kernels_generic;
#if defined(__x86_64__)
extern const zv_kernels zv_kernels_avx2;
extern const zv_kernels zv_kernels_avx512;
#endif

const zv_kernels *zv_kernels_for(int32_t isa) {
#if defined(__x86_64__)
  if (isa >= 2) return &zv_kernels_avx512;
  if (isa == 1) return &zv_kernels_avx2;
#else
  (void)isa;
#endif
  return &zv_kernels_generic;
}
