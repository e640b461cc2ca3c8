/* What the instruction-set variants share. */
#ifndef KERNELS_H
#define KERNELS_H

#include <string.h>

#include "conv_kernels.h"

enum { CONV_WINOGRADS = CONV_WINOGRAD_2_5 - CONV_WINOGRAD_2 + 1 };
enum { BLOCK = 16, MAX_TILE_PIXELS = 6, MAX_TILE_BLOCKS = 4, MAX_TAPS = CONV_MOST_TAPS };

/* What the last part of a sum is clamped to. */
typedef struct conv_bounds {
  float low, high;
} conv_bounds;

/* One register tile: up to 6 output pixels by one to four blocks of output channels. */
typedef struct tile_job {
  const float *input;
  const float *weights; /* contiguous in the order of use */
  /* What is wanted next comes from memory meanwhile, so many bytes with each weight of a tap. */
  const char *next;
  int64_t next_step;
  const float *bias;
  float *output;         /* pixels are BLOCK apart */
  const float *residual; /* as output */
  int64_t block_stride;  /* of output and residual */
  int64_t steps, step_stride;
  int64_t taps, length; /* weights of a tap: length × 16 blocks */
  int64_t tail;         /* of the last step's length, what is not zero */
  const int64_t *tap_offset;
  int64_t base[MAX_TILE_PIXELS];
  uint64_t mask[MAX_TILE_PIXELS]; /* taps that fall inside the input */
  uint64_t any;
  int32_t blocks, pixels;
  int32_t channels; /* of the blocks, that exist */
  int32_t bordered;
  int32_t is_flat;     /* pixels lie one after the other, of one tap */
  int32_t first, last; /* chunks of the sum: begin with the bias, end with the epilogue */
  conv_epilogue epilogue;
  const zs_kernels *kernels;
} tile_job;

/* A row of outputs of one block of channels. */
typedef struct depthwise_job {
  const float *weights, *bias, *residual;
  float *output;
  conv_epilogue epilogue;
  const zs_kernels *kernels;
  int64_t lines; /* that taps meet */
  const float *line[MAX_TAPS]; /* NULL outside of the input */
  int64_t width, outputs;
  int64_t kernel, stride, dilation, pad; /* along the row */
} depthwise_job;

/* How numbers of a range become 8-bit integers and back: x = scale × (q − zero). */
typedef struct narrow_range {
  float scale, inverse;
  float low, high; /* bounds of q − zero */
  int32_t zero;
} narrow_range;

/* A tile whose factors are narrow: inputs and weights are 32-bit words of two or four. */
typedef struct narrow_job {
  tile_job tile;
  /* Sums that pause lie here, blocks `sums_stride` apart. */
  float *sums;
  int64_t sums_stride;
  /* Of the output channels: what sums are multiplied by, and integers: where the range of the input is known beforehand
     what sums begin with, otherwise those of the weights. */
  const float *channel_scale, *channel_sum;
  int32_t is_given; /* that the range is */
  float scale[MAX_TILE_PIXELS];  /* of the pixels' input */
  int32_t zero[MAX_TILE_PIXELS];
  int32_t has_zeros; /* whether any is not 0 */
  int64_t residual_stride;       /* of blocks */
  const uint8_t *residual;       /* bytes, in place of the tile's */
  conv_bytes residual_numbers;
  const narrow_range *rounded; /* before the residual is added; NULL where nothing is rounded */
  uint8_t *bytes;              /* in place of the tile's output */
  const narrow_range *range;   /* of these */
} narrow_job;

/* What happens to exact sums of 16 channels before they are stored. */
typedef struct settle_job {
  const float *factor, *bias;
  const narrow_range *rounded;
  const float *residual; /* NULL where nothing is added */
  conv_bounds bounds;
  const narrow_range *range; /* NULL where results remain floats */
} settle_job;

typedef struct narrow_table {
  /* Factors in a word: 2 or 4. int8 in pairs has 16 bits for each and nothing to correct: inputs are q − zero. */
  int32_t factors;
  int32_t is_integer;
  void (*tile)(const narrow_job *job);
  /* Rounds pixels that lie `step` floats apart into words that are contiguous. `range_step` is 0 where one range serves
     all pixels, else 1. */
  void (*round)(const float *from, int64_t step, int64_t pixels, const narrow_range *ranges, int64_t range_step,
                void *words);
  /* The least and the greatest of contiguous pixels and 0; NaN both where something is not finite. */
  void (*bounds)(const float *from, int64_t pixels, float bounds[2]);
  /* The ranges of pixels over all blocks. */
  void (*pixel_ranges)(const float *from, int64_t step, int64_t block_stride, int64_t blocks, int64_t pixels,
                       narrow_range *ranges);
  /* Makes words of pixels of bytes that lie `step` bytes apart. */
  void (*copy)(const uint8_t *from, int64_t step, int64_t pixels, conv_bytes numbers, void *words);
  /* Pixels of bytes as numbers, and numbers as bytes. */
  void (*read)(const uint8_t *from, int64_t pixels, conv_bytes numbers, float *to);
  void (*write)(const float *from, int64_t pixels, const narrow_range *range, uint8_t *to);
  /* In place, or to bytes. */
  void (*settle)(const settle_job *job, int64_t pixels, float *sums, uint8_t *bytes);
  /* Of int8 in pairs, for windows (windows.c): a patch of words whose rows are `row` words apart, of which so many rows and
     columns are there; and the sums of a tile, of which so many are wanted, their rows `line` apart. Matrices of a tile's
     points are `point` apart. */
  void (*transform_patch)(const float *patch, int64_t row, int64_t rows, int64_t columns, float *points, int64_t point);
  void (*transform_sums)(const float *points, int64_t point, float *sums, int64_t line, int64_t rows, int64_t columns,
                         int32_t add);
} narrow_table;

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
  int32_t tile, patch, kernel; /* outputs, inputs and weights of a tile along one axis */
  /* A patch of 16 channels, its rows `row` floats apart. */
  void (*input)(const float *patch, int64_t row, float *points, int64_t point);
  /* The weights of one input channel for 16 output channels. */
  void (*weights)(const float (*weights)[BLOCK], float *points, int64_t point);
  void (*output)(const float *points, int64_t point, const winograd_target *target);
} winograd_table;

typedef struct kernel_table {
  /* Blocks of output channels that a tile covers at most. */
  int32_t tile_blocks;
  void (*tile)(const tile_job *job);
  void (*few)(const tile_job *job, int64_t outputs);
  void (*depthwise)(const depthwise_job *job);
  void (*pool_blocked)(const pool_shape *shape, const float *input, float *output, int64_t first, int64_t last);
  void (*pool_plain)(const pool_shape *shape, const float *input, float *output, int64_t first, int64_t last);
  winograd_table winograd[CONV_WINOGRADS]; /* by number of the algorithm, from CONV_WINOGRAD_2 on */
} kernel_table;

extern const narrow_table conv_int8_generic, conv_int8_avx2, conv_int8_avx_vnni, conv_int8_avx512,
    conv_int8_avx512_vnni, conv_bfloat16_avx512;
extern const kernel_table conv_table_generic, conv_table_avx2, conv_table_avx512;
/* Only tests have these. */
#define OF_TESTS __attribute__((weak, visibility("hidden")))
extern const kernel_table conv_table_wide OF_TESTS;
extern const narrow_table conv_int8_wide OF_TESTS, conv_bfloat16_wide OF_TESTS;

const kernel_table *conv_table(int32_t isa);
/* NULL where there is none. */
const narrow_table *conv_narrow_table(int32_t algorithm, conv_machine machine);

/* Added to a small number in float32 (round to nearest even), leaves the nearest integer in the last bits. */
#define ROUNDING 12582912.0f
enum { ROUNDING_BITS = 0x4b400000 };

static inline int32_t round_to_integer(float x) {
  const union {
    float number;
    int32_t bits;
  } sum = {x + ROUNDING};
  return sum.bits - ROUNDING_BITS;
}

/* The range from `low` to `high`, widened to include 0, which is exact; one that is not finite makes `scale` NaN or
   infinite. */
static inline narrow_range narrow_range_of(float low, float high) {
  const float least = low > 0 ? 0 : low, greatest = high < 0 ? 0 : high;
  narrow_range range = {.scale = greatest / 255 - least / 255};
  /* What is smaller has no inverse; it becomes 0. */
  if (range.scale < 1e-37f) range.scale = 0;
  if (range.scale > 0 && range.scale < __builtin_inff()) {
    range.inverse = 1 / range.scale;
    const int32_t zero = round_to_integer(-least * range.inverse);
    range.zero = zero > 255 ? 255 : zero;
  }
  range.low = (float)-range.zero;
  range.high = (float)(255 - range.zero);
  return range;
}

/* As `conv_bytes` has it. */
static inline narrow_range narrow_range_of_bytes(conv_bytes numbers) {
  const float least = numbers.type == CONV_INT8 ? -128 : 0;
  return (narrow_range){.scale = numbers.scale, .inverse = 1 / numbers.scale, .low = least - (float)numbers.zero,
                        .high = least + 255 - (float)numbers.zero, .zero = numbers.zero};
}
/* What turns signed bytes into unsigned ones, 128 more. */
static inline int32_t sign_bit(conv_bytes numbers) { return numbers.type == CONV_INT8 ? 128 : 0; }

static inline const float *offset(const float *base, int64_t index) { return base ? base + index : NULL; }

/* The rest of an epilogue, for `count` sums that lie together: activations that tiles don't do in registers, and what is
   added behind an activation. */
void conv_finish(const zs_kernels *kernels, conv_epilogue epilogue, const float *residual, float *output,
                 int64_t count);
void conv_finish_tile(const tile_job *job, int blocks, int pixels);

/* Whether an activation is a clamp, or none. */
static inline int conv_clamps(int32_t activation) {
  return activation == ZS_IDENTITY || activation == ZS_RELU || activation == ZS_CLIP;
}
static inline int conv_is_finished(conv_epilogue epilogue) {
  return conv_clamps(epilogue.activation) && epilogue.residual != CONV_RESIDUAL_AFTER_ACTIVATION;
}

static inline conv_bounds conv_bounds_of(conv_epilogue epilogue, int32_t last) {
  conv_bounds bounds = {-__builtin_inff(), __builtin_inff()};
  if (last && epilogue.activation == ZS_RELU) bounds.low = 0;
  if (last && epilogue.activation == ZS_CLIP) bounds = (conv_bounds){epilogue.a, epilogue.b};
  return bounds;
}
/* What a tap outside the input reads, and the bias of a bare product. */
extern const float conv_zeros[MAX_TILE_BLOCKS * BLOCK];

#endif
