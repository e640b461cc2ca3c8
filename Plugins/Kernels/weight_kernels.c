/* The choice of kernels for weights in blocks. Apart from the others, as most plugins have none. */
#include "weight_blocks.h"

extern const zs_weight_kernels zs_generic_weights;
#if defined(__x86_64__)
extern const zs_weight_kernels zs_avx2_weights, zs_avx2_weight_dots, zs_avx512_weights, zs_avx512_weight_dots;
#endif

const zs_weight_kernels *zs_weight_kernels_for(int32_t isa, int32_t has_bytes) {
#if defined(__x86_64__)
  if (isa >= 2) return has_bytes ? &zs_avx512_weight_dots : &zs_avx512_weights;
  if (isa == 1) return has_bytes ? &zs_avx2_weight_dots : &zs_avx2_weights;
#else
  (void)isa;
  (void)has_bytes;
#endif
  return &zs_generic_weights;
}
