/*
 * 3×3 windows of integers by Winograd's algorithm, F(4×4, 3×3) of Lavin and Gray, "Fast Algorithms for Convolutional
 * Neural Networks": 36 products make 16 outputs, which would take 144. It is exact here. Its fractions are of 6 and 24, so
 * rows of the weights' transform are multiplied by 4, 6, 6, 24, 24 and 1 before, and what is short of 24 after. All rows
 * of the outputs' transform then are multiples of 3, and of 8, 4, 2 and 2; sums of 32 bits, which may wrap around, are
 * multiplied by the inverse of 9 modulo 2^32 and shifted. That holds as long as the true sums have 26 bits, so those of
 * more channels are made in parts.
 *
 * Transformed inputs have 16 bits: 100 times 255 at most; so do weights, 49 times 128 at most. [point][input
 * block][tile][16]. Packed weights: for each set of output blocks, [point][input block][word][output channel].
 */
#include "windows.h"

enum {
  /* 255 × 128 × 9 × 16 times this is less than 2^25. */
  EXACT_BLOCKS = 7,
};

int conv_takes_windows(const conv_plan *plan) {
  const conv_window *w = &plan->shape.window;
  for (int axis = 0; axis < 3; axis++) {
    /* A window of one layer has nothing to dilate. */
    if (w->kernel[axis] != (axis == 0 ? 1 : 3) || w->stride[axis] != 1 || (axis > 0 && w->dilation[axis] != 1)) return 0;
  }
  return plan->narrow.table->transform_patch && plan->shape.in_channels > CONV_WINDOWS_CHANNELS;
}

/* A row of weights, transformed and multiplied. */
static void transform_row(const int32_t *g, int64_t step, int32_t *to, int64_t to_step) {
  const int32_t a = g[0], b = g[step], c = g[2 * step];
  to[0 * to_step] = a;
  to[1 * to_step] = -(a + b + c);
  to[2 * to_step] = -(a - b + c);
  to[3 * to_step] = a + 2 * b + 4 * c;
  to[4 * to_step] = a - 2 * b + 4 * c;
  to[5 * to_step] = c;
}

void conv_window_points(const int32_t window[9], int16_t points[WINDOW_POINTS]) {
  int32_t rows[3 * WINDOW_PATCH], all[WINDOW_POINTS];
  for (int i = 0; i < 3; i++) transform_row(window + 3 * i, 1, rows + WINDOW_PATCH * i, 1);
  for (int j = 0; j < WINDOW_PATCH; j++) transform_row(rows + j, WINDOW_PATCH, all + j, WINDOW_PATCH);
  for (int i = 0; i < WINDOW_POINTS; i++) points[i] = (int16_t)all[i];
}

static int64_t slice_rows(const conv_plan *plan) {
  return (plan->shape.window.out[1] + WINDOW_TILE - 1) / WINDOW_TILE;
}

int64_t conv_window_rows(const conv_plan *plan) { return plan->shape.window.out[0] * slice_rows(plan); }

/* The first output in a row of tiles. */
static int64_t first_output(const conv_plan *plan, int64_t row) {
  const int64_t *out = plan->shape.window.out, rows = max64(slice_rows(plan), 1);
  return (row / rows * out[1] + row % rows * WINDOW_TILE) * out[2];
}

span conv_window_outputs(const conv_plan *plan, span rows) {
  return (span){first_output(plan, rows.first), first_output(plan, rows.end)};
}

static int64_t row_tiles(const conv_plan *plan) {
  return (plan->shape.window.out[2] + WINDOW_TILE - 1) / WINDOW_TILE;
}

static int64_t tile_count(const conv_plan *plan, span rows) { return (rows.end - rows.first) * row_tiles(plan); }

int64_t conv_points_count(const conv_plan *plan, int64_t rows) {
  return WINDOW_POINTS * plan->in_blocks * rows * row_tiles(plan) * plan->unit;
}

int64_t conv_products_count(const conv_plan *plan, int64_t rows) {
  return WINDOW_POINTS * plan->table->tile_blocks * rows * row_tiles(plan) * BLOCK;
}

/* The task's first transformed input of a point and a block. */
static float *points_of(const conv_plan *plan, const window_task *task, int64_t point, int64_t block) {
  const int64_t before = (task->rows.first - task->held.first) * row_tiles(plan);
  return task->points + ((point * plan->in_blocks + block) * tile_count(plan, task->held) + before) * plan->unit;
}

/* A tile: its first output in the image's plane, and how much of it lies inside. */
typedef struct window_place {
  int64_t output, pixel; /* numbers of the first output, and of the padded input's pixel under it */
  int64_t rows, columns;
} window_place;

static window_place place_of(const conv_plan *plan, int64_t row, int64_t column) {
  const int64_t *out = plan->shape.window.out, rows = slice_rows(plan);
  const int64_t z = row / rows, y = row % rows * WINDOW_TILE, x = column * WINDOW_TILE;
  return (window_place){.output = (z * out[1] + y) * out[2] + x,
                        .pixel = (z * plan->padded[1] + y) * plan->padded[2] + x,
                        .rows = min64(out[1] - y, WINDOW_TILE), .columns = min64(out[2] - x, WINDOW_TILE)};
}

void conv_transform_input(const conv_plan *plan, const window_task *task, const float *words, int64_t from,
                          int64_t stride) {
  const int64_t held = tile_count(plan, task->held), blocks = plan->in_blocks;
  for (int64_t block = 0; block < blocks; block++) {
    float *to = points_of(plan, task, 0, block);
    for (int64_t row = task->rows.first; row < task->rows.end; row++) {
      for (int64_t column = 0; column < row_tiles(plan); column++, to += plan->unit) {
        const window_place at = place_of(plan, row, column);
        const float *patch = words + block * stride + (at.pixel - from) * plan->unit;
        plan->narrow.table->transform_patch(patch, plan->padded[2] * plan->unit, at.rows + 2, at.columns + 2, to,
                                            blocks * held * plan->unit);
      }
    }
  }
}

/* The sums of all points of `count` input blocks from number `first` on. */
static void multiply_points(const conv_plan *plan, const window_task *task, narrow_job *job, const float *weights,
                            int64_t first, int64_t count) {
  const int64_t tiles = tile_count(plan, task->rows), blocks = plan->in_blocks;
  const int64_t groups = (tiles + MAX_TILE_PIXELS - 1) / MAX_TILE_PIXELS;
  tile_job *tile = &job->tile;
  const int64_t step_words = plan->narrow.words * BLOCK * tile->blocks;
  tile->steps = count;
  tile->step_stride = tile_count(plan, task->held) * plan->unit;
  if (first + count < blocks) tile->tail = tile->length;
  job->sums_stride = WINDOW_POINTS * tiles * BLOCK;
  for (int64_t point = 0; point < WINDOW_POINTS; point++) {
    tile->weights = weights + (point * blocks + first) * step_words;
    tile->input = points_of(plan, task, point, first);
    for (int64_t i = 0; i < groups; i++) {
      const int64_t from = tiles * i / groups, to = tiles * (i + 1) / groups;
      tile->pixels = (int32_t)(to - from);
      for (int64_t p = 0; p < to - from; p++) tile->base[p] = (from + p) * plan->unit;
      job->sums = task->products + (point * tiles + from) * BLOCK;
      fetch_part(tile, tile->weights + blocks * step_words, count * step_words * (int64_t)sizeof(float), i, groups);
      plan->narrow.table->tile(job);
    }
  }
}

void conv_sum_windows(const conv_plan *plan, const window_task *task, narrow_job job, const float *weights, float *sums) {
  const int64_t tiles = tile_count(plan, task->rows);
  const int64_t start = first_output(plan, task->rows.first), line = plan->shape.window.out[2] * BLOCK;
  const int64_t stride = job.sums_stride;
  const int64_t no_offset = 0, tail = job.tile.tail;
  job.tile.taps = 1;
  job.tile.tap_offset = &no_offset;
  job.tile.is_flat = 1;
  /* Sums begin with nothing, and are left as they are. */
  job.is_given = 0;
  job.tile.first = 1;
  job.tile.last = 0;
  for (int64_t first = 0; first < plan->in_blocks; first += EXACT_BLOCKS) {
    job.tile.tail = tail;
    multiply_points(plan, task, &job, weights, first, min64(EXACT_BLOCKS, plan->in_blocks - first));
    for (int64_t block = 0; block < job.tile.blocks; block++) {
      const float *from = task->products + block * WINDOW_POINTS * tiles * BLOCK;
      for (int64_t row = task->rows.first; row < task->rows.end; row++) {
        for (int64_t column = 0; column < row_tiles(plan); column++, from += BLOCK) {
          const window_place at = place_of(plan, row, column);
          plan->narrow.table->transform_sums(from, tiles * BLOCK, sums + block * stride + (at.output - start) * BLOCK,
                                             line, at.rows, at.columns, first > 0);
        }
      }
    }
  }
}
