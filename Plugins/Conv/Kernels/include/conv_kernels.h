/*
 * Convolution and pooling on the CPU.
 *
 * Everything has three spatial axes (depth, height, width); one- and two-dimensional operators set the leading ones to
 * 1. The caller owns the threads: work comes as a number of tasks, each independent of the others.
 */
#ifndef CONV_KERNELS_H
#define CONV_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "vector_kernels.h"

/* Instruction sets with the numbers of zoo_plugin.h, and the 16-lane kernels compiled for AVX2, which let a machine
   without AVX-512 test what AVX-512 would run. */
enum { CONV_ISA_GENERIC = 0, CONV_ISA_AVX2 = 1, CONV_ISA_AVX512 = 2, CONV_ISA_WIDE_ON_AVX2 = 3 };

/* What the processor has beyond its instruction set, as in zoo_plugin.h. */
enum { CONV_HAS_AVX512_VNNI = 1, CONV_HAS_AVX512_BF16 = 2, CONV_HAS_AVX_VNNI = 4 };

/* How the window moves: shared by convolution and pooling. Extents are those of one image. */
typedef struct conv_window {
  int64_t in[3], out[3], kernel[3], stride[3], dilation[3];
  int64_t pad[3];     /* before the first element */
  int64_t pad_end[3]; /* after the last one */
} conv_window;

typedef struct conv_shape {
  conv_window window;
  int64_t batch, groups;
  int64_t in_channels, out_channels; /* of one group */
} conv_shape;

enum {
  /* Blocked input and output (NCHW16c), channels of a group in whole blocks. */
  CONV_DIRECT = 0,
  /* Blocked, one channel a group. */
  CONV_DEPTHWISE = 1,
  /* Plain input, copied with its padding; blocked or plain output. */
  CONV_PLAIN = 2,
  /* Winograd's minimal filtering of blocked tensors, in tiles of 2×2 and 4×4 outputs: 3×3 windows that move by one
     over planes, undilated, channels of a group in whole blocks; and 5×5 windows in tiles of 2×2. Lavin & Gray, "Fast
     Algorithms for Convolutional Neural Networks", 2016. */
  CONV_WINOGRAD_2 = 3,
  CONV_WINOGRAD_4 = 4,
  CONV_WINOGRAD_2_5 = 5,
  /* As CONV_DIRECT, with the factors of all products rounded to bfloat16. Where `conv_offers_bfloat16` only. */
  CONV_IN_BFLOAT16 = 6,
  /* As CONV_DIRECT, with the factors of all products rounded to 8 bits, times a scale, and sums of integers: at most
     CONV_INT8_PRODUCTS for one output. The result is the same on every CPU, but for the last bits of an activation with
     a polynomial (sigmoid, tanh and their like).

     Weights are symmetric in each output channel: w = scale × (−127…127). Input is x = scale × (q − zero), q in 0…255,
     where `zero` stands for 0. The range that q covers, widened to include 0, is the one that calibration has found,
     and what lies outside is clamped (NaN to the least); or else that of what the scale is for: one pixel's channels
     where windows are 1×1, one group of one image for others. Then a NaN or an infinity makes everything that shares
     its scale NaN. */
  CONV_IN_INT8 = 7,
  /* As CONV_DIRECT, of one group with CONV_FEW_CHANNELS output channels at most. */
  CONV_FEW = 8,
  /* As CONV_IN_INT8, with the same sums, for windows of 3×3 that move by one over planes, of more than
     CONV_WINDOWS_CHANNELS input channels a group, by Winograd's algorithm. Where conv_offers_windows. */
  CONV_INT8_WINDOWS = 9,
};

enum { CONV_WINDOWS_CHANNELS = 8 };

enum { CONV_FEW_CHANNELS = 8 };

/* Taps of a window over blocked input that is padded. */
enum { CONV_MOST_TAPS = 64 };

/* 255 × 127 times this is the most that 32 bits hold. */
enum { CONV_INT8_PRODUCTS = 66311 };

enum { CONV_RESIDUAL_NONE = 0, CONV_RESIDUAL_BEFORE_ACTIVATION = 1, CONV_RESIDUAL_AFTER_ACTIVATION = 2 };

/* What happens to a sum before it is stored. The activation is a zs_unary that has vectors. */
typedef struct conv_epilogue {
  int32_t activation, residual;
  float a, b;
} conv_epilogue;

/* The least and the greatest input of CONV_IN_INT8, as calibration found them; NaN to find them at each run. */
typedef struct conv_range {
  float low, high;
} conv_range;

/* Numbers that are held in bytes: x = scale × (q − zero). `type` is CONV_UINT8 or CONV_INT8, or 0 for float32. */
typedef struct conv_bytes {
  int32_t type, zero;
  float scale;
  int32_t reserved;
} conv_bytes;

/* What CONV_IN_INT8 and CONV_DEPTHWISE read and write in bytes. Where the input is, weights are int8, too, each output
   channel with a scale of its own. Sums of integers are exact: CONV_INT8_PRODUCTS at most. */
typedef struct conv_numbers {
  conv_range range; /* of an input of float32 */
  conv_bytes input, residual, output;
  conv_bytes rounded; /* as what a sum is rounded before the residual is added */
} conv_numbers;

typedef struct conv_machine {
  int32_t isa;       /* CONV_ISA_… */
  uint32_t features; /* CONV_HAS_… */
  int64_t workers;
} conv_machine;

/* Whether the machine multiplies bfloat16 faster than float32. */
int32_t conv_offers_bfloat16(conv_machine machine);

/* Whether the machine has CONV_INT8_WINDOWS. */
int32_t conv_offers_windows(conv_machine machine);

/* How many groups have to go together so that their channels fill whole blocks; 1 where each does, 0 where that would cost
   too much. With it above 1, values that are not finite reach the other groups of a block. */
int64_t conv_merged_groups(const conv_shape *shape);

/* A convolution at one shape, with its work split into tasks. Immutable; any number of threads may use it. */
typedef struct conv_plan conv_plan;

/* `form` says what weights are, given and packed: ZS_NUMBERS, or numbers of 16 bits, ZS_HALVES or ZS_BFLOATS, which
   become float32 as tasks read them (not for CONV_IN_BFLOAT16, CONV_IN_INT8 and CONV_INT8_WINDOWS). NULL when there is
   no memory. */
conv_plan *conv_plan_create(const conv_shape *shape, int32_t algorithm, int32_t form, conv_epilogue epilogue,
                            const conv_numbers *numbers, conv_machine machine);
void conv_plan_destroy(conv_plan *plan);

/* Floats that packed weights and bias take. They depend on channels, kernel, algorithm, form and isa, not on extents or
   batch. */
int64_t conv_packed_count(const conv_plan *plan);
int64_t conv_pack_tasks(const conv_plan *plan);
/* The rows (output channels) of the weights that packing task `task` reads; those of the next task follow. */
void conv_pack_rows(const conv_plan *plan, int64_t task, int64_t *first, int64_t *end);
/* What is packed: weights are ONNX's (M, C / group, kernel…) from row `origin` on, `bias` M floats or NULL; `scales` M
   floats for weights of int8. */
typedef struct conv_parameters {
  const void *weights;
  int64_t origin;
  const float *bias, *scales;
} conv_parameters;
void conv_pack(const conv_plan *plan, const conv_parameters *parameters, float *packed, int64_t task);

/* Floats that running needs beside its operands. */
int64_t conv_workspace_count(const conv_plan *plan);

/* Input, residual and output are bytes where the plan's numbers are. */
typedef struct conv_buffers {
  const float *input;
  const float *packed;
  const float *residual;
  float *output;
  float *workspace; /* aligned to 64 bytes */
  int32_t blocked_output; /* for CONV_PLAIN: how output and residual lie */
  int32_t reserved;
} conv_buffers;

/* A convolution runs in phases, one after the other; the tasks of a phase are independent. `worker` is below the plan's
   number of workers, and no two tasks share it at the same time. */
int32_t conv_phases(const conv_plan *plan);
int64_t conv_tasks(const conv_plan *plan, int32_t phase);
void conv_run(const conv_plan *plan, const conv_buffers *buffers, int32_t phase, int64_t task, int64_t worker);

/* Element types of the slow paths, with ONNX's numbers. */
enum {
  CONV_FLOAT32 = 1,
  CONV_UINT8 = 2,
  CONV_INT8 = 3,
  CONV_FLOAT16 = 10,
  CONV_FLOAT64 = 11,
  CONV_BFLOAT16 = 16,
};

/* Any plain convolution, summed in double precision. Task: one output plane, n * M + m. `bias` and `residual` may be
   NULL. */
void conv_reference(const conv_shape *shape, int32_t type, conv_epilogue epilogue, const void *input,
                    const void *weights, const void *bias, const void *residual, void *output, int64_t task);

enum { POOL_MAX = 0, POOL_AVERAGE = 1, POOL_LP = 2 };

typedef struct pool_shape {
  conv_window window;
  int32_t kind;
  int32_t count_include_pad;
  int32_t column_major; /* of the indices */
  int32_t reserved;
  double p; /* of POOL_LP */
} pool_shape;

/* Pools one plane of a plain tensor; `indices` (of the whole tensor's elements) may be NULL. */
void pool_plane(const pool_shape *shape, int32_t type, const void *input, void *output, int64_t *indices, int64_t plane);
/* Pools output rows [first, last) (rows of all depths) of one plane of float32, blocked or plain; POOL_MAX and
   POOL_AVERAGE. */
void pool_rows(const pool_shape *shape, int32_t isa, int32_t blocked, const float *input, float *output, int64_t plane,
               int64_t first, int64_t last);
/* POOL_MAX of bytes in the same manner. */
void pool_byte_rows(const pool_shape *shape, int32_t type, int32_t blocked, const uint8_t *input, uint8_t *output,
                    int64_t plane, int64_t first, int64_t last);

/* The window of a transposed convolution: `in` are the positions of its input, `out` those of its output, which tap k of
   position i reaches at i * stride + k * dilation - pad. Adds scale times the input plane, shifted by one tap, to the
   output plane. */
void conv_scatter(const conv_window *window, int64_t tap, float scale, const float *input, float *output);
void conv_scatter_double(const conv_window *window, int64_t tap, double scale, const double *input, double *output);

/* Where each tap finds its pixel, for `count` positions of the output from `first` on: places[tap * stride + position]
   is the number of the pixel times `pixel`. Padding is the pixel after the last. */
void conv_places(const conv_window *window, int64_t first, int64_t count, int64_t pixel, int32_t *places,
                 int64_t stride);

#endif
