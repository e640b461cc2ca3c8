/* What a plan holds: shared by the files that make one and those that run it. */
#ifndef PLAN_H
#define PLAN_H

#include "kernels.h"

/* How Winograd's algorithm splits up. Tiles are counted over all images, row by row. */
typedef struct winograd_plan {
  const winograd_table *table;
  int64_t points;        /* products a tile */
  int64_t rows, columns; /* tiles of an image */
  int64_t tiles;
  int64_t ranges; /* of tiles */
  /* Whether each task transforms the input that it needs. If not, a phase of its own does, for all tasks. */
  int32_t is_joint;
  int64_t held_blocks; /* input blocks whose transformed tiles lie together: those of one group, or all */
} winograd_plan;

/* Where a narrow convolution finds the range of its input. */
enum {
  RANGE_NONE = 0,     /* bfloat16 needs none */
  RANGE_GIVEN = 1,    /* calibrated */
  RANGE_OF_IMAGE = 2, /* of what one group of one image convolves */
  RANGE_OF_PIXEL = 3, /* 1×1: of one pixel's channels */
};

/* How a convolution in bfloat16 or int8 splits up. */
typedef struct narrow_plan {
  const narrow_table *table;
  int32_t range;
  /* Whether each task rounds the input that it needs. If not, a phase of its own does, for all tasks. */
  int32_t is_joint;
  int32_t is_in_place; /* bytes are multiplied as they are */
  int64_t words;       /* of a tap that hold channels */
  narrow_range given;
  int64_t parts; /* of an image, in the phases that look for ranges and round */
  int64_t slab;  /* pixels that a task reads at most */
  int64_t longest; /* pixels that a task writes at most */
  int64_t most_rows; /* of tiles of windows that a task has */
} narrow_plan;

/* What an algorithm does at each stage. */
typedef struct conv_family {
  int (*plan)(conv_plan *plan); /* 0 when there is no memory */
  void (*pack)(const conv_plan *plan, const conv_parameters *parameters, float *packed, int64_t group, int64_t set);
  int64_t (*workspace_count)(const conv_plan *plan);
  int32_t (*phases)(const conv_plan *plan);
  int64_t (*tasks)(const conv_plan *plan, int32_t phase);
  void (*run)(const conv_plan *plan, const conv_buffers *buffers, int32_t phase, int64_t task, int64_t worker);
} conv_family;

extern const conv_family conv_tiles, conv_few, conv_depthwise, conv_winograd, conv_narrow;

struct conv_plan {
  conv_shape given;
  /* Groups of the given shape that one group of `shape` holds: channels of blocked groups fill whole blocks, and where
     those of the given ones don't, some go together, with weights of zero between them. */
  int64_t merged;
  conv_shape shape;
  conv_epilogue epilogue;
  const conv_family *family;
  const kernel_table *table;
  const zs_kernels *kernels;
  int32_t algorithm;
  int32_t form; /* of the weights: a zs_form */
  int64_t workers;
  int64_t in_blocks, out_blocks; /* of one group */
  int64_t padded[3];             /* extents that the tiles read */
  int64_t in_plane, out_plane;   /* elements of one channel, as the tiles read and write them */
  int32_t is_padded;             /* the input is copied with its padding */
  int32_t is_gathered;           /* only the pixels that the strides meet are copied */
  int32_t is_flat;               /* output pixel i reads input pixel i alone */
  int32_t has_borders;           /* taps may fall outside what the tiles read */
  int64_t unit;                  /* 32-bit numbers of a pixel, as the tiles read one step */
  int64_t steps;                 /* input blocks, each a run over all taps */
  int64_t taps, length;          /* of one step */
  int64_t met_taps;              /* those that a pixel's sum takes on average, where others fall outside the input */
  int64_t chunk;                 /* steps whose weights stay in the first-level cache */
  int64_t sets;                  /* of output blocks, each of tile_blocks at most */
  int64_t pixel_ranges, set_ranges;
  /* Where a pixel's planes would crowd a few sets of the cache, a task copies the input that it reads: numbers of a worker's
     copy, and from one of its planes to the next; or 0. */
  int64_t slab, slab_stride;
  int64_t weights_count;   /* numbers of packed weights, without what follows them */
  int64_t channel_vectors; /* that follow the weights, each with a float for every output channel; the bias is first */
  int64_t *tap_offset;
  uint64_t *valid[3]; /* by axis and output coordinate: the taps inside the input */
  uint64_t all_taps;
  winograd_plan winograd;
  narrow_plan narrow;
  conv_numbers numbers;
};

static inline int has_bytes(const conv_plan *plan) { return plan->numbers.input.type != 0; }
/* Whether windows are transformed (windows.c). */
static inline int has_windows(const conv_plan *plan) { return plan->algorithm == CONV_INT8_WINDOWS; }
/* Whether a phase of its own transforms the input. If not, each task does, for all output blocks. */
static inline int transforms_first(const conv_plan *plan) { return has_windows(plan) && plan->set_ranges > 1; }
/* Whether results pass a worker's own memory, because bytes are made or read behind an activation. */
static inline int is_staged(const conv_plan *plan) {
  return has_bytes(plan) && !conv_is_finished(plan->epilogue);
}

/* What follows packed weights of integers: their scales; the bias is first. */
enum { SCALE = 1 };

enum {
  /* Input that one task reads: stays in the second-level cache while all weights stream past. */
  SLAB_BYTES = 192 << 10,
  /* Weights that stay in the first-level cache while pixels stream past them. */
  CHUNK_BYTES = 20 << 10,
  MIN_TASK_PIXELS = 48,
  /* Of a second-level cache: sets, and how many lines of a pixel may share one beside all else. */
  CACHE_SETS = 1024,
  MOST_LINES_OF_SET = 4,
  /* Channels of merged groups: with more, most products would be with zeros. */
  MOST_MERGED = 64,
  /* Tasks are this many times as many as workers, so that one that is held up leaves its work to the others. */
  TASKS_PER_WORKER = 8,
};

static inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t blocks_of(int64_t channels) { return (channels + BLOCK - 1) / BLOCK; }
static inline int64_t product(const int64_t extent[3]) { return extent[0] * extent[1] * extent[2]; }

/* Depthwise convolution has its groups in the lanes of blocks. */
static inline int64_t group_count(const conv_plan *plan) {
  return plan->algorithm == CONV_DEPTHWISE ? 1 : plan->shape.groups;
}

static inline int has_halves(const conv_plan *plan) { return plan->form != ZS_NUMBERS; }

/* `count` packed weights from number `first` on, as the tiles read them; those of 16 bits become float32 in `widened`.
   Both are multiples of BLOCK. */
const float *conv_weights(const conv_plan *plan, const float *packed, int64_t first, int64_t count, float *widened);

static inline int64_t weight_bytes(const conv_plan *plan) {
  return has_halves(plan) ? (int64_t)sizeof(uint16_t) : (int64_t)sizeof(float);
}

/* Has tile `part` of `parts` fetch its part of the `bytes` that are multiplied next. */
static inline void fetch_part(tile_job *job, const void *from, int64_t bytes, int64_t part, int64_t parts) {
  job->next = (const char *)from + bytes / parts * part;
  job->next_step = bytes / parts / max64(job->steps * job->taps * job->length, 1);
}

/* Channels of the last input block. */
static inline int64_t last_channels(const conv_plan *plan) {
  return plan->shape.in_channels - (plan->in_blocks - 1) * BLOCK;
}

/* Copies a weight as it is; a NULL source stands for zeros. */
static inline void put_weight(void *to, int64_t at, const void *from, int64_t index, const int is_half) {
  if (is_half) ((uint16_t *)to)[at] = from ? ((const uint16_t *)from)[index] : 0;
  else ((float *)to)[at] = from ? ((const float *)from)[index] : 0;
}

/* Where the weights of an output channel lie among those given, and the input channels that they are for. */
typedef struct weight_row {
  int64_t row; /* -1 for a channel that only fills a block up */
  int64_t first, end;
} weight_row;

static inline weight_row conv_row(const conv_plan *plan, int64_t group, int64_t channel) {
  const conv_shape *given = &plan->given;
  const int64_t part = channel / given->out_channels, of_all = group * plan->merged + part;
  if (part >= plan->merged || of_all >= given->groups) return (weight_row){-1, 0, 0};
  return (weight_row){of_all * given->out_channels + channel % given->out_channels, part * given->in_channels,
                      (part + 1) * given->in_channels};
}

/* The index of a row's weight for `tap` 0 and input channel `channel`. */
static inline int64_t conv_weight(const conv_plan *plan, weight_row row, int64_t origin, int64_t channel) {
  return ((row.row - origin) * plan->given.in_channels + channel - row.first) * product(plan->given.window.kernel);
}

/* How far apart packed weights of an output channel are, from input block to input block, tap to tap, channel to channel. */
typedef struct weight_strides {
  int64_t step, tap, lane;
} weight_strides;

/* Packs the weights of an output channel for blocked input, from `target` on. */
static inline void put_row(const conv_plan *plan, const conv_parameters *parameters, weight_row row, void *packed,
                           int64_t target, weight_strides strides, const int is_half) {
  for (int64_t step = 0; step < plan->steps; step++) {
    for (int64_t lane = 0; lane < BLOCK; lane++) {
      const int64_t channel = step * BLOCK + lane;
      const int known = channel >= row.first && channel < row.end;
      const int64_t from = conv_weight(plan, row, parameters->origin, channel);
      const int64_t to = target + step * strides.step + lane * strides.lane;
      for (int64_t tap = 0; tap < plan->taps; tap++) {
        put_weight(packed, to + tap * strides.tap, known ? parameters->weights : NULL, from + tap, is_half);
      }
    }
  }
}

/* Output channels of a group that exist. */
static inline int64_t conv_channels(const conv_plan *plan, int64_t group) {
  const int64_t all = plan->given.groups * plan->given.out_channels;
  if (plan->algorithm == CONV_DEPTHWISE) return all;
  return min64(plan->shape.out_channels, all - group * plan->shape.out_channels);
}

int64_t conv_set_count(const conv_plan *plan);
/* The number of output blocks in set `set`, and the first of them. */
int64_t conv_set(const conv_plan *plan, int64_t set, int64_t *first);
/* Vector `vector` of those that follow the weights, from output block `block` of a group on. */
float *conv_channel_vector(const conv_plan *plan, const float *packed, int64_t vector, int64_t group, int64_t block);
/* Clears the lanes past the last channel: 0 × infinity or an activation may have left something there. */
void conv_clear_lanes(float *output, int64_t pixels, int64_t lanes);
/* The same for pixels from element `at` on, be they floats or bytes. */
void conv_clear_stored(const conv_plan *plan, float *output, int64_t at, int64_t pixels, int64_t lanes);

void copy_input(const conv_plan *plan, const float *input, float *target, int64_t task);
int64_t copy_tasks(const conv_plan *plan);
int64_t copy_count(const conv_plan *plan);

/* Where the next tile begins. */
typedef struct cursor {
  int64_t flat, z, y, x;
} cursor;

/* Finds the taps of a step, and which of them lie inside the input; 0 when there is no memory. */
int place_plan(conv_plan *plan);
cursor place_cursor(const conv_plan *plan, int64_t flat);
/* Fills in the next `pixels` pixels of a tile and moves the cursor past them. */
void place_tile(const conv_plan *plan, tile_job *job, cursor *at, int64_t pixels);

#endif
