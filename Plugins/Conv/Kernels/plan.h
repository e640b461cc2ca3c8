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
} winograd_plan;

struct conv_plan {
  conv_shape shape;
  conv_epilogue epilogue;
  const kernel_table *table;
  int32_t algorithm;
  int64_t workers;
  int64_t in_blocks, out_blocks; /* of one group */
  int64_t padded[3];             /* extents that the tiles read */
  int64_t in_plane, out_plane;   /* elements of one channel, as the tiles read and write them */
  int32_t is_padded;             /* the input is copied with its padding */
  int32_t is_gathered;           /* only the pixels that the strides meet are copied */
  int32_t is_flat;               /* output pixel i reads input pixel i alone */
  int64_t steps;                 /* input blocks, each a run over all taps */
  int64_t taps, length;          /* of one step */
  int64_t chunk;                 /* steps whose weights stay in the first-level cache */
  int64_t sets;                  /* of output blocks, each of tile_blocks, the last ones smaller */
  int64_t pixel_ranges, set_ranges;
  int64_t *tap_offset;
  uint64_t *valid[3]; /* by axis and output coordinate: the taps inside the input */
  uint64_t all_taps;
  winograd_plan winograd;
};

enum {
  /* Tasks are this many times as many as workers, so that one that is held up leaves its work to the others. */
  TASKS_PER_WORKER = 8,
};

static inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t blocks_of(int64_t channels) { return (channels + BLOCK - 1) / BLOCK; }
static inline int64_t product(const int64_t extent[3]) { return extent[0] * extent[1] * extent[2]; }
static inline const float *offset(const float *base, int64_t index) { return base ? base + index : NULL; }

static inline int is_winograd(const conv_plan *plan) {
  return plan->algorithm == CONV_WINOGRAD_2 || plan->algorithm == CONV_WINOGRAD_4;
}
/* Depthwise convolution has its groups in the lanes of blocks. */
static inline int64_t group_count(const conv_plan *plan) {
  return plan->algorithm == CONV_DEPTHWISE ? 1 : plan->shape.groups;
}

int64_t conv_set_count(const conv_plan *plan);
/* The number of output blocks in set `set`, and the first of them. */
int64_t conv_set(const conv_plan *plan, int64_t set, int64_t *first);
/* Floats of packed weights, without the bias that follows them. */
int64_t conv_weights_count(const conv_plan *plan);
/* Clears the lanes past the last channel: 0 × infinity or an activation may have left something there. */
void conv_clear_lanes(float *output, int64_t pixels, int64_t lanes);

void copy_input(const conv_plan *plan, const float *input, float *target, int64_t task);
int64_t copy_tasks(const conv_plan *plan);
int64_t copy_count(const conv_plan *plan);

int tiles_plan(conv_plan *plan);
void tiles_pack(const conv_plan *plan, const float *weights, int64_t origin, float *packed, int64_t group, int64_t set);
int64_t tiles_tasks(const conv_plan *plan);
void tiles_run(const conv_plan *plan, const conv_buffers *buffers, int64_t task);

void winograd_plan_init(conv_plan *plan);
void winograd_pack(const conv_plan *plan, const float *weights, int64_t origin, float *packed, int64_t set);
int64_t winograd_workspace_count(const conv_plan *plan);
int64_t winograd_transform_tasks(const conv_plan *plan);
void winograd_transform(const conv_plan *plan, const conv_buffers *buffers, int64_t task);
int64_t winograd_tasks(const conv_plan *plan);
void winograd_run(const conv_plan *plan, const conv_buffers *buffers, int64_t task, int64_t worker);

#endif
