/*
 * Convolution by Winograd's algorithm: patches of the input are transformed, multiplied point by point with the
 * transformed weights (one matrix product for each of 16 or 36 points), and transformed back.
 *
 * Transformed input: [point][input block][tile][16]; for one point that is a blocked plane whose pixels are tiles, so
 * the products are 1×1 convolutions by the register tiles. Packed weights: for each set of output blocks,
 * [point][input channel][output channel]. Those of 16 bits stay as they are, [input channel][output block][tap][16], and
 * each task transforms a few channels at a time: 16 bits could not hold what comes of it.
 */
#include <string.h>

#include "plan.h"

enum {
  MAX_PATCH = 6,
  MAX_WEIGHTS = 25,
  /* Transformed input of one task, and products of one set: both stay in the second-level cache. */
  INPUT_BYTES = 288 << 10,
  PRODUCT_BYTES = 192 << 10,
  MIN_RANGE = 12,
  WINOGRAD_CHUNK_BYTES = 24 << 10,
  /* Weights that a task transforms at a time: in the second-level cache, beside input and products. */
  TRANSFORMED_BYTES = 160 << 10,
};

static int64_t range_start(const conv_plan *plan, int64_t range) {
  return plan->winograd.tiles * range / plan->winograd.ranges;
}

static int64_t longest_range(const conv_plan *plan) {
  return (plan->winograd.tiles + plan->winograd.ranges - 1) / max64(plan->winograd.ranges, 1);
}

static int plan_winograd(conv_plan *plan) {
  winograd_plan *w = &plan->winograd;
  const kernel_table *table = plan->table;
  const int64_t *out = plan->shape.window.out;
  const int64_t groups = plan->shape.groups;
  w->table = &table->winograd[plan->algorithm - CONV_WINOGRAD_2];
  w->points = w->table->patch * w->table->patch;
  plan->taps = product(plan->shape.window.kernel);
  const int64_t numbers = has_halves(plan) ? plan->taps : w->points;
  plan->weights_count = groups * numbers * plan->out_blocks * plan->in_blocks * BLOCK * BLOCK;
  w->rows = (out[1] + w->table->tile - 1) / w->table->tile;
  w->columns = (out[2] + w->table->tile - 1) / w->table->tile;
  w->tiles = plan->shape.batch * w->rows * w->columns;
  const int64_t vector_bytes = BLOCK * (int64_t)sizeof(float);
  const int64_t chunk_bytes = has_halves(plan) ? TRANSFORMED_BYTES / w->points : WINOGRAD_CHUNK_BYTES;
  plan->chunk = max64(chunk_bytes / (BLOCK * table->tile_blocks * vector_bytes), 1);

  const int64_t wanted = TASKS_PER_WORKER * plan->workers;
  const int64_t tile_bytes = w->points * plan->in_blocks * vector_bytes;
  const int64_t range = max64(INPUT_BYTES / tile_bytes / MAX_TILE_PIXELS * MAX_TILE_PIXELS, MIN_RANGE);
  w->ranges = max64((w->tiles + range - 1) / range, 1);
  plan->set_ranges = 1;
  w->is_joint = w->ranges * groups >= wanted / 2;
  w->held_blocks = w->is_joint ? plan->in_blocks : groups * plan->in_blocks;
  if (w->is_joint) {
    w->ranges = (w->ranges + plan->workers - 1) / plan->workers * plan->workers;
    return 1;
  }
  const int64_t most = max64(PRODUCT_BYTES / (w->points * table->tile_blocks * vector_bytes), MIN_RANGE);
  plan->set_ranges = max64(min64(plan->sets, wanted / groups), 1);
  const int64_t others = plan->set_ranges * groups;
  w->ranges = max64(min64((wanted + others - 1) / others, w->tiles / MIN_RANGE), 1);
  w->ranges = max64(w->ranges, (w->tiles + most - 1) / most);
  return 1;
}

static int64_t input_count(const conv_plan *plan, int64_t tiles) {
  return plan->winograd.points * plan->winograd.held_blocks * tiles * BLOCK;
}

static int64_t product_count(const conv_plan *plan) {
  return plan->winograd.points * longest_range(plan) * plan->table->tile_blocks * BLOCK;
}

/* From one point to the next in a chunk of transformed weights: no power of two, which would meet the same lines of the
   cache at all points. */
static int64_t point_count(const conv_plan *plan, int64_t blocks) {
  return plan->chunk * BLOCK * blocks * BLOCK + BLOCK;
}

/* Weights of 16 bits, transformed for one chunk. */
static int64_t transformed_count(const conv_plan *plan) {
  return has_halves(plan) ? plan->winograd.points * point_count(plan, plan->table->tile_blocks) : 0;
}

/* What a worker needs for itself, beside input that it transforms. */
static int64_t own_count(const conv_plan *plan) { return product_count(plan) + transformed_count(plan); }

static int64_t winograd_workspace_count(const conv_plan *plan) {
  const winograd_plan *w = &plan->winograd;
  if (w->is_joint) return plan->workers * (input_count(plan, longest_range(plan)) + own_count(plan));
  return input_count(plan, w->tiles) + plan->workers * own_count(plan);
}

static void pack_halves(const conv_plan *plan, const uint16_t *weights, int64_t origin, uint16_t *packed, int64_t group,
                        int64_t set) {
  const int64_t taps = plan->taps;
  int64_t first;
  const int64_t blocks = conv_set(plan, set, &first), per_block = plan->in_blocks * BLOCK * taps * BLOCK;
  uint16_t *const target = packed + (group * plan->out_blocks + first) * per_block;
  for (int64_t o = 0; o < blocks * BLOCK; o++) {
    const weight_row row = conv_row(plan, group, first * BLOCK + o);
    const int64_t block = o / BLOCK;
    for (int64_t i = 0; i < plan->in_blocks * BLOCK; i++) {
      const int known = i >= row.first && i < row.end;
      uint16_t *const to = target + (i * blocks + block) * taps * BLOCK + o % BLOCK;
      for (int64_t tap = 0; tap < taps; tap++) {
        to[tap * BLOCK] = known ? weights[conv_weight(plan, row, origin, i) + tap] : 0;
      }
    }
  }
}

static void pack_transformed(const conv_plan *plan, const float *weights, int64_t origin, float *packed, int64_t group,
                             int64_t set) {
  const winograd_plan *w = &plan->winograd;
  int64_t first;
  const int64_t width = conv_set(plan, set, &first) * BLOCK, point = plan->in_blocks * BLOCK * width;
  const int64_t kernel = plan->taps;
  float *const target = packed + (group * plan->out_blocks + first) * BLOCK * plan->in_blocks * BLOCK * w->points;
  for (int64_t from = 0; from < width; from += BLOCK) {
    weight_row rows[BLOCK];
    for (int64_t lane = 0; lane < BLOCK; lane++) rows[lane] = conv_row(plan, group, first * BLOCK + from + lane);
    for (int64_t i = 0; i < plan->in_blocks * BLOCK; i++) {
      float taps[MAX_WEIGHTS][BLOCK] = {{0}};
      for (int64_t lane = 0; lane < BLOCK; lane++) {
        if (i < rows[lane].first || i >= rows[lane].end) continue;
        const float *window = weights + conv_weight(plan, rows[lane], origin, i);
        for (int64_t tap = 0; tap < kernel; tap++) taps[tap][lane] = window[tap];
      }
      w->table->weights(taps, target + i * width + from, point);
    }
  }
}

static void winograd_pack(const conv_plan *plan, const conv_parameters *parameters, float *packed, int64_t group,
                          int64_t set) {
  const void *const weights = parameters->weights;
  if (has_halves(plan)) pack_halves(plan, weights, parameters->origin, (uint16_t *)packed, group, set);
  else pack_transformed(plan, weights, parameters->origin, packed, group, set);
}

/* A tile's place. */
typedef struct tile_place {
  int64_t image, y, x; /* of its first output */
} tile_place;

static tile_place place_of(const conv_plan *plan, int64_t tile) {
  const winograd_plan *w = &plan->winograd;
  const int64_t row = tile / w->columns;
  return (tile_place){row / w->rows, row % w->rows * w->table->tile, tile % w->columns * w->table->tile};
}

/* Transforms tiles [begin, end) of one of all groups' input blocks; `points` is where the block's tiles begin, and has
   room for `stride` of them. */
static void transform(const conv_plan *plan, const float *input, int64_t block, int64_t begin, int64_t end,
                      float *points, int64_t stride) {
  const winograd_plan *w = &plan->winograd;
  const conv_window *window = &plan->shape.window;
  const int64_t height = window->in[1], width = window->in[2], patch = w->table->patch;
  const int64_t blocks = plan->shape.groups * plan->in_blocks, point = w->held_blocks * stride * BLOCK;
  float *to = points;
  for (int64_t tile = begin; tile < end; tile++, to += BLOCK) {
    const tile_place at = place_of(plan, tile);
    const int64_t y = at.y - window->pad[1], x = at.x - window->pad[2];
    const float *plane = input + (at.image * blocks + block) * height * width * BLOCK;
    if (y >= 0 && x >= 0 && y + patch <= height && x + patch <= width) {
      w->table->input(plane + (y * width + x) * BLOCK, width * BLOCK, to, point);
      continue;
    }
    float bordered[MAX_PATCH * MAX_PATCH * BLOCK] __attribute__((aligned(64))) = {0};
    const int64_t first = max64(-x, 0), last = min64(patch, width - x);
    for (int64_t i = max64(-y, 0); i < patch && y + i < height && first < last; i++) {
      memcpy(bordered + (i * patch + first) * BLOCK, plane + ((y + i) * width + x + first) * BLOCK,
             (size_t)((last - first) * BLOCK) * sizeof(float));
    }
    w->table->input(bordered, patch * BLOCK, to, point);
  }
}

/* How many parts the tiles of one block fall into when a phase of its own transforms them. */
static int64_t transform_parts(const conv_plan *plan) {
  const int64_t blocks = max64(plan->winograd.held_blocks, 1);
  const int64_t wanted = (TASKS_PER_WORKER * plan->workers + blocks - 1) / blocks;
  return max64(min64(wanted, plan->winograd.tiles / 4), 1);
}

static void transform_part(const conv_plan *plan, const conv_buffers *buffers, int64_t task) {
  const int64_t tiles = plan->winograd.tiles, parts = transform_parts(plan), part = task % parts;
  const int64_t begin = tiles * part / parts, end = tiles * (part + 1) / parts;
  const int64_t block = task / parts;
  transform(plan, buffers->input, block, begin, end, buffers->workspace + (block * tiles + begin) * BLOCK, tiles);
}

/* The products of a set of output blocks with tiles that lie `stride` apart: [block][point][tile][16]. */
typedef struct tile_products {
  const float *points;
  int64_t blocks, stride, tiles;
  float *sums;
} tile_products;

/* Adds what a chunk of input blocks from `step` on gives at one point; `weights` are the chunk's. */
static void multiply_point(const conv_plan *plan, const tile_products *p, int64_t point, int64_t step,
                           const float *weights, const float *next) {
  static const int64_t no_offset[1] = {0};
  const int64_t groups = (p->tiles + MAX_TILE_PIXELS - 1) / MAX_TILE_PIXELS;
  tile_job job = {
      .bias = conv_zeros, .block_stride = plan->winograd.points * p->tiles * BLOCK, .step_stride = p->stride * BLOCK,
      .taps = 1, .length = BLOCK, .tap_offset = no_offset, .blocks = (int32_t)p->blocks,
      .channels = (int32_t)p->blocks * BLOCK, .weights = weights,
      .steps = min64(plan->chunk, plan->in_blocks - step), .first = step == 0};
  job.last = step + job.steps == plan->in_blocks;
  job.tail = job.last ? last_channels(plan) : BLOCK;
  for (int i = 0; i < MAX_TILE_PIXELS; i++) job.base[i] = i * BLOCK;
  for (int64_t group = 0; group < groups; group++) {
    const int64_t from = p->tiles * group / groups, to = p->tiles * (group + 1) / groups;
    job.pixels = (int32_t)(to - from);
    job.input = p->points + ((point * plan->winograd.held_blocks + step) * p->stride + from) * BLOCK;
    job.output = p->sums + (point * p->tiles + from) * BLOCK;
    fetch_part(&job, next, job.steps * BLOCK * BLOCK * p->blocks * (int64_t)sizeof(float), group, groups);
    plan->table->tile(&job);
  }
}

static void multiply(const conv_plan *plan, const tile_products *p, const float *weights) {
  for (int64_t point = 0; point < plan->winograd.points; point++) {
    for (int64_t step = 0; step < plan->in_blocks; step += plan->chunk) {
      const float *next = weights + min64(plan->chunk, plan->in_blocks - step) * BLOCK * BLOCK * p->blocks;
      multiply_point(plan, p, point, step, weights, next);
      weights = next;
    }
  }
}

/* The same with packed weights of 16 bits, from number `first` on. */
static void multiply_halves(const conv_plan *plan, const tile_products *p, const float *packed, int64_t first,
                            float *transformed) {
  float widened[MAX_TILE_BLOCKS * MAX_WEIGHTS][BLOCK] __attribute__((aligned(64)));
  const int64_t per_channel = p->blocks * plan->taps * BLOCK, width = p->blocks * BLOCK;
  const int64_t stride = point_count(plan, p->blocks);
  for (int64_t step = 0; step < plan->in_blocks; step += plan->chunk) {
    const int64_t channels = min64(plan->chunk, plan->in_blocks - step) * BLOCK;
    for (int64_t i = 0; i < channels; i++, first += per_channel) {
      conv_weights(plan, packed, first, per_channel, widened[0]);
      for (int64_t block = 0; block < p->blocks; block++) {
        plan->winograd.table->weights(widened + block * plan->taps, transformed + i * width + block * BLOCK, stride);
      }
    }
    for (int64_t point = 0; point < plan->winograd.points; point++) {
      multiply_point(plan, p, point, step, transformed + point * stride, transformed + (point + 1) * stride);
    }
  }
}

/* Transforms the products of one output block of a group back into output. */
static void deliver(const conv_plan *plan, const conv_buffers *buffers, int64_t group, int64_t block, int64_t begin,
                    int64_t end, const float *products) {
  const winograd_plan *w = &plan->winograd;
  const int64_t *out = plan->shape.window.out;
  const int64_t lanes = conv_channels(plan, group) - block * BLOCK;
  winograd_target target = {
      .bias = conv_channel_vector(plan, buffers->packed, 0, group, block),
      .row_stride = out[2] * BLOCK,
      .epilogue = plan->epilogue};
  for (int64_t tile = begin; tile < end; tile++, products += BLOCK) {
    const tile_place place = place_of(plan, tile);
    const int64_t at =
        ((((place.image * plan->shape.groups + group) * plan->out_blocks + block) * out[1] + place.y) * out[2] + place.x) * BLOCK;
    target.output = buffers->output + at;
    target.residual = offset(buffers->residual, at);
    target.rows = min64(w->table->tile, out[1] - place.y);
    target.columns = min64(w->table->tile, out[2] - place.x);
    w->table->output(products, (end - begin) * BLOCK, &target);
    for (int64_t y = 0; y < target.rows && !conv_is_finished(plan->epilogue); y++) {
      const int64_t row = y * target.row_stride;
      conv_finish(plan->kernels, plan->epilogue, offset(target.residual, row), target.output + row,
                  target.columns * BLOCK);
    }
    for (int64_t y = 0; lanes < BLOCK && y < target.rows; y++) {
      conv_clear_lanes(target.output + y * target.row_stride, target.columns, lanes);
    }
  }
}

static void products_of(const conv_plan *plan, const conv_buffers *buffers, int64_t task, int64_t worker) {
  const winograd_plan *w = &plan->winograd;
  const int64_t set_range = task % plan->set_ranges, range = task / plan->set_ranges % w->ranges;
  const int64_t group = task / plan->set_ranges / w->ranges;
  const int64_t begin = range_start(plan, range), end = range_start(plan, range + 1);
  const int64_t longest = longest_range(plan);
  const float *points = buffers->workspace + (group * plan->in_blocks * w->tiles + begin) * BLOCK;
  float *products = buffers->workspace + input_count(plan, w->tiles) + worker * own_count(plan);
  int64_t stride = w->tiles;
  if (w->is_joint) {
    float *own = buffers->workspace + worker * (input_count(plan, longest) + own_count(plan));
    for (int64_t block = 0; block < plan->in_blocks; block++) {
      transform(plan, buffers->input, group * plan->in_blocks + block, begin, end, own + block * longest * BLOCK,
                longest);
    }
    points = own;
    stride = longest;
    products = own + input_count(plan, longest);
  }
  for (int64_t set = plan->sets * set_range / plan->set_ranges;
       set < plan->sets * (set_range + 1) / plan->set_ranges; set++) {
    int64_t first;
    const int64_t blocks = conv_set(plan, set, &first);
    const int64_t weights = (group * plan->out_blocks + first) * BLOCK * plan->in_blocks * BLOCK;
    const tile_products job = {points, blocks, stride, end - begin, products};
    if (has_halves(plan)) {
      multiply_halves(plan, &job, buffers->packed, weights * plan->taps, products + product_count(plan));
    } else {
      multiply(plan, &job, buffers->packed + weights * w->points);
    }
    for (int64_t block = 0; block < blocks; block++) {
      deliver(plan, buffers, group, first + block, begin, end, products + block * w->points * (end - begin) * BLOCK);
    }
  }
}

static int32_t winograd_phases(const conv_plan *plan) { return plan->winograd.is_joint ? 1 : 2; }

static int64_t winograd_tasks(const conv_plan *plan, int32_t phase) {
  if (phase + 1 < winograd_phases(plan)) return plan->winograd.held_blocks * transform_parts(plan);
  return plan->winograd.ranges * plan->set_ranges * plan->shape.groups;
}

static void winograd_run(const conv_plan *plan, const conv_buffers *buffers, int32_t phase, int64_t task,
                         int64_t worker) {
  if (phase + 1 < winograd_phases(plan)) return transform_part(plan, buffers, task);
  products_of(plan, buffers, task, worker);
}

const conv_family conv_winograd = {plan_winograd,       winograd_pack,  winograd_workspace_count,
                                   winograd_phases, winograd_tasks, winograd_run};
