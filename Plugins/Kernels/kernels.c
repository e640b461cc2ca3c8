/* The choice of an instruction set. */
#include "vector_kernels.h"

extern const zs_kernels zs_kernels_generic;
#if defined(__x86_64__)
extern const zs_kernels zs_kernels_avx2;
extern const zs_kernels zs_kernels_avx2_vnni;
extern const zs_kernels zs_kernels_avx512;
extern const zs_kernels zs_kernels_avx512_bf16;
extern const zs_kernels zs_kernels_avx512_vnni;
extern const zs_kernels zs_kernels_avx512_vnni_bf16;
#endif

const zs_kernels *zs_kernels_for(int32_t isa, int32_t has_bfloat16, int32_t has_bytes) {
#if defined(__x86_64__)
  if (isa >= 2) {
    if (has_bytes) return has_bfloat16 ? &zs_kernels_avx512_vnni_bf16 : &zs_kernels_avx512_vnni;
    return has_bfloat16 ? &zs_kernels_avx512_bf16 : &zs_kernels_avx512;
  }
  if (isa == 1) return has_bytes ? &zs_kernels_avx2_vnni : &zs_kernels_avx2;
#else
  (void)isa;
  (void)has_bfloat16;
  (void)has_bytes;
#endif
  return &zs_kernels_generic;
}
