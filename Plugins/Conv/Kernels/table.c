/* Which kernels an instruction set has, and what all of them share. */
#include "kernels.h"

const float conv_zeros[MAX_TILE_BLOCKS * BLOCK];

const kernel_table *conv_table(int32_t isa) {
#if defined(__x86_64__)
  switch (isa) {
  case CONV_ISA_AVX2: return &conv_table_avx2;
  case CONV_ISA_AVX512: return &conv_table_avx512;
  case CONV_ISA_WIDE_ON_AVX2: return &conv_table_wide;
  }
#endif
  return &conv_table_generic;
}

const narrow_table *conv_narrow_table(int32_t algorithm, conv_machine machine) {
#if defined(__x86_64__)
  if (algorithm == CONV_IN_BFLOAT16) {
    if (machine.isa == CONV_ISA_WIDE_ON_AVX2) return &conv_bfloat16_wide;
    return conv_offers_bfloat16(machine) ? &conv_bfloat16_avx512 : NULL;
  }
  switch (machine.isa) {
  case CONV_ISA_AVX2: return machine.features & CONV_HAS_AVX_VNNI ? &conv_int8_avx_vnni : &conv_int8_avx2;
  case CONV_ISA_AVX512: return machine.features & CONV_HAS_AVX512_VNNI ? &conv_int8_avx512_vnni : &conv_int8_avx512;
  case CONV_ISA_WIDE_ON_AVX2: return &conv_int8_wide;
  }
#else
  (void)machine;
#endif
  return algorithm == CONV_IN_BFLOAT16 ? NULL : &conv_int8_generic;
}

int32_t conv_offers_bfloat16(conv_machine machine) {
  return machine.isa == CONV_ISA_AVX512 && (machine.features & CONV_HAS_AVX512_BF16);
}

int32_t conv_offers_windows(conv_machine machine) {
  return conv_narrow_table(CONV_INT8_WINDOWS, machine)->transform_patch != NULL;
}

void conv_finish(const zs_kernels *kernels, conv_epilogue epilogue, const float *residual, float *output,
                 int64_t count) {
  if (!conv_clamps(epilogue.activation)) {
    kernels->unary(epilogue.activation, output, output, (size_t)count, epilogue.a, epilogue.b);
  }
  if (epilogue.residual == CONV_RESIDUAL_AFTER_ACTIVATION) {
    kernels->binary(ZS_ADD, output, 1, residual, 1, output, (size_t)count);
  }
}

void conv_finish_tile(const tile_job *job, int blocks, int pixels) {
  for (int v = 0; v < blocks; v++) {
    const int64_t at = v * job->block_stride;
    conv_finish(job->kernels, job->epilogue, offset(job->residual, at), job->output + at, pixels * BLOCK);
  }
}
