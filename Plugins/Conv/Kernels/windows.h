/* Windows of integers by Winograd's algorithm (windows.c). */
#ifndef WINDOWS_H
#define WINDOWS_H

#include "plan.h"
#include "taps.h"

/* Outputs and inputs of a tile along one axis, and the products that make it. */
enum { WINDOW_TILE = 4, WINDOW_PATCH = 6, WINDOW_POINTS = WINDOW_PATCH * WINDOW_PATCH };

/* Whether a plan's channels and kernel are such, and its table has what that takes. */
int conv_takes_windows(const conv_plan *plan);
/* The transformed window of an output channel's weights for an input channel. */
void conv_window_points(const int32_t window[9], int16_t points[WINDOW_POINTS]);

/* Rows of tiles of all slices of an image. */
int64_t conv_window_rows(const conv_plan *plan);
/* The outputs in rows [first, end) of tiles. */
span conv_window_outputs(const conv_plan *plan, span rows);
/* Floats that the transformed input of `rows` rows of tiles takes, and the products of a set of output blocks. */
int64_t conv_points_count(const conv_plan *plan, int64_t rows);
int64_t conv_products_count(const conv_plan *plan, int64_t rows);

/* What a task has of an image. */
typedef struct window_task {
  span rows;    /* of tiles, that it has to do with */
  span held;    /* those whose transformed inputs are in `points` */
  float *points, *products;
} window_task;

/* Transforms the task's rows of a group's padded input. `words` are its pixels from number `from` on, blocks of them
   `stride` apart. */
void conv_transform_input(const conv_plan *plan, const window_task *task, const float *words, int64_t from,
                          int64_t stride);
/* The sums of the task's outputs for the job's set of output blocks, whose weights begin at `weights`; blocks of them are
   sums_stride apart. */
void conv_sum_windows(const conv_plan *plan, const window_task *task, narrow_job job, const float *weights, float *sums);

#endif
