/* What the instruction-set variants share. */
#ifndef KERNELS_H
#define KERNELS_H

#include "conv_kernels.h"

enum { BLOCK = 16, MAX_TILE_PIXELS = 6, MAX_TILE_BLOCKS = 4, MAX_TAPS = 64 };

/* One register tile: up to 6 output pixels by one to four blocks of output channels. */
typedef struct tile_job {
  const float *input;
  const float *weights; /* contiguous in the order of use */
  const float *bias;
  float *output;         /* pixels are BLOCK apart */
  const float *residual; /* as output */
  int64_t block_stride;  /* of output and residual */
  int64_t steps, step_stride;
  int64_t taps, length; /* weights of a tap: length × 16 blocks */
  const int64_t *tap_offset;
  int64_t base[MAX_TILE_PIXELS];
  uint64_t mask[MAX_TILE_PIXELS]; /* taps that fall inside the input */
  uint64_t any;
  int32_t blocks, pixels;
  int32_t bordered;
  int32_t first, last; /* chunks of the sum: begin with the bias, end with the epilogue */
  conv_epilogue epilogue;
} tile_job;

typedef struct kernel_table {
  /* Blocks of output channels that a tile covers at most. */
  int32_t tile_blocks;
  void (*tile)(const tile_job *job);
  void (*depthwise)(const tile_job *job);
  void (*pool_rows)(const pool_shape *shape, const float *input, float *output, int64_t first, int64_t last);
} kernel_table;

extern const kernel_table conv_table_generic, conv_table_avx2, conv_table_avx512, conv_table_wide;

const kernel_table *conv_table(int32_t isa);
float conv_activate(conv_epilogue epilogue, float value);
/* 16 zeros and more: what a tap outside the input reads. */
extern const float conv_zeros[BLOCK];

#endif
