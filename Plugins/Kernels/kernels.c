/* The choice of an instruction set. */
#include "vector_kernels.h"

#include <pthread.h>

extern const zs_kernels zs_generic_kernels;
#if defined(__x86_64__)
extern const zs_kernels zs_avx2_kernels, zs_avx512_kernels;
extern const zs_byte_products zs_avx2_byte_dots, zs_avx512_byte_dots;
extern const zs_product zs_avx512_pair_dots;

/* By what the processor has beside the instruction set. */
static zs_kernels with_byte_dots, avx512[2][2];

static void make_tables(void) {
  with_byte_dots = zs_avx2_kernels;
  with_byte_dots.bytes = zs_avx2_byte_dots;
  for (int pairs = 0; pairs < 2; pairs++)
    for (int bytes = 0; bytes < 2; bytes++) {
      zs_kernels *table = &avx512[pairs][bytes];
      *table = zs_avx512_kernels;
      if (pairs) table->multiply[ZS_PAIRS] = zs_avx512_pair_dots;
      if (bytes) table->bytes = zs_avx512_byte_dots;
    }
}
#endif

const zs_kernels *zs_kernels_for(int32_t isa, int32_t has_bfloat16, int32_t has_bytes) {
#if defined(__x86_64__)
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_tables);
  if (isa >= 2) return &avx512[has_bfloat16 != 0][has_bytes != 0];
  if (isa == 1) return has_bytes ? &with_byte_dots : &zs_avx2_kernels;
#else
  (void)isa;
  (void)has_bfloat16;
  (void)has_bytes;
#endif
  return &zs_generic_kernels;
}

void zs_multiply(const zs_kernels *kernels, const zs_gemm *g, size_t row0, size_t row1, size_t panel0, size_t panel1) {
  const zs_product multiply = g->form == ZS_QUADS ? kernels->bytes.multiply : kernels->multiply[g->form];
  multiply(g, row0, row1, panel0, panel1);
}
