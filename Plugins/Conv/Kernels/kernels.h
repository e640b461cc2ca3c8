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

/* Where a tile of Winograd's products ends up, for one block of channels. */
typedef struct winograd_target {
  const float *bias;
  float *output;
  const float *residual; /* as output */
  int64_t row_stride;    /* of output and residual */
  int64_t rows, columns; /* of the tile that lie inside the output */
  conv_epilogue epilogue;
} winograd_target;

/* The transforms for tiles of one size. Matrices of a tile's points are `point` floats apart. */
typedef struct winograd_table {
  int32_t tile, patch; /* outputs and inputs of a tile along one axis */
  /* A patch of 16 channels, its rows `row` floats apart. */
  void (*input)(const float *patch, int64_t row, float *points, int64_t point);
  /* The 3×3 weights of one input channel for 16 output channels. */
  void (*weights)(const float weights[9][BLOCK], float *points, int64_t point);
  void (*output)(const float *points, int64_t point, const winograd_target *target);
} winograd_table;

typedef struct kernel_table {
  /* Blocks of output channels that a tile covers at most. */
  int32_t tile_blocks;
  void (*tile)(const tile_job *job);
  void (*depthwise)(const tile_job *job);
  void (*pool_rows)(const pool_shape *shape, const float *input, float *output, int64_t first, int64_t last);
  winograd_table winograd_2, winograd_4;
} kernel_table;

extern const kernel_table conv_table_generic, conv_table_avx2, conv_table_avx512, conv_table_wide;

const kernel_table *conv_table(int32_t isa);
float conv_activate(conv_epilogue epilogue, float value);
/* What a tap outside the input reads, and the bias of a bare product. */
extern const float conv_zeros[MAX_TILE_BLOCKS * BLOCK];

#endif
