/*
 * Convolution by Winograd's algorithm: patches of the input are transformed, multiplied point by point with the
 * transformed weights (one matrix product for each of 16 or 36 points), and transformed back. Where there is a depth, its
 * slices are transformed each by itself, and what the kernel's layers give is added up before it is transformed back.
 *
 * Transformed input: [point][input block][slice][tile][16]; for one point that is a blocked plane whose pixels are tiles,
 * so the products are 1×1 convolutions by the register tiles. Packed weights: for each set of output blocks,
 * [point][layer][input channel][output channel]. Those of 16 bits stay as they are, [layer][input channel][output
 * block][tap][16], and each task transforms a few channels at a time: 16 bits could not hold what comes of it.
 */
#include <string.h>

#include "plan.h"

enum {
  MAX_PATCH = 6,
  MAX_WEIGHTS = 25,
  /* Transformed input of one task, and products of one set: both stay in the second-level cache. */
  INPUT_BYTES = 288 << 10,
  PRODUCT_BYTES = 192 << 10,
  /* Pixels of the products. */
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

/* The kernel's extent along the depth, and the taps of each of its layers. */
static int64_t layer_count(const conv_plan *plan) { return plan->shape.window.kernel[0]; }
static int64_t layer_taps(const conv_plan *plan) {
  return plan->shape.window.kernel[1] * plan->shape.window.kernel[2];
}

static int64_t input_slices(const conv_plan *plan) { return plan->shape.window.in[0]; }
static int64_t output_slices(const conv_plan *plan) { return plan->shape.window.out[0]; }

/* Numbers that are held for a tap of one channel: its transformed window, or that itself. */
static int64_t layer_numbers(const conv_plan *plan) {
  return has_halves(plan) ? layer_taps(plan) : plan->winograd.points;
}

static int plan_winograd(conv_plan *plan) {
  winograd_plan *w = &plan->winograd;
  const kernel_table *table = plan->table;
  const int64_t *out = plan->shape.window.out;
  const int64_t groups = plan->shape.groups;
  w->table = &table->winograd[plan->algorithm - CONV_WINOGRAD_2];
  w->points = w->table->patch * w->table->patch;
  plan->weights_count =
      groups * layer_count(plan) * layer_numbers(plan) * plan->out_blocks * plan->in_blocks * BLOCK * BLOCK;
  w->rows = (out[1] + w->table->tile - 1) / w->table->tile;
  w->columns = (out[2] + w->table->tile - 1) / w->table->tile;
  w->tiles = plan->shape.batch * w->rows * w->columns;
  const int64_t vector_bytes = BLOCK * (int64_t)sizeof(float);
  const int64_t chunk_bytes = has_halves(plan) ? TRANSFORMED_BYTES / w->points : WINOGRAD_CHUNK_BYTES;
  plan->chunk = max64(chunk_bytes / (BLOCK * table->tile_blocks * vector_bytes), 1);

  const int64_t wanted = TASKS_PER_WORKER * plan->workers;
  const int64_t tile_bytes = w->points * plan->in_blocks * input_slices(plan) * vector_bytes;
  const int64_t least = (MIN_RANGE + output_slices(plan) - 1) / output_slices(plan);
  const int64_t whole = input_slices(plan) > 1 ? 1 : MAX_TILE_PIXELS;
  const int64_t range = max64(INPUT_BYTES / tile_bytes / whole * whole, least);
  w->ranges = max64((w->tiles + range - 1) / range, 1);
  plan->set_ranges = 1;
  w->is_joint = w->ranges * groups >= wanted / 2;
  w->held_blocks = w->is_joint ? plan->in_blocks : groups * plan->in_blocks;
  if (w->is_joint) {
    w->ranges = (w->ranges + plan->workers - 1) / plan->workers * plan->workers;
    return 1;
  }
  const int64_t product_bytes = w->points * table->tile_blocks * output_slices(plan) * vector_bytes;
  const int64_t most = max64(PRODUCT_BYTES / product_bytes, least);
  plan->set_ranges = max64(min64(plan->sets, wanted / groups), 1);
  const int64_t others = plan->set_ranges * groups;
  w->ranges = max64(min64((wanted + others - 1) / others, w->tiles / least), 1);
  w->ranges = max64(w->ranges, (w->tiles + most - 1) / most);
  return 1;
}

static int64_t input_count(const conv_plan *plan, int64_t tiles) {
  return plan->winograd.points * plan->winograd.held_blocks * input_slices(plan) * tiles * BLOCK;
}

static int64_t product_count(const conv_plan *plan) {
  return plan->winograd.points * longest_range(plan) * output_slices(plan) * plan->table->tile_blocks * BLOCK;
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
  const int64_t taps = layer_taps(plan), layers = layer_count(plan), inputs = plan->in_blocks * BLOCK;
  int64_t first;
  const int64_t blocks = conv_set(plan, set, &first);
  uint16_t *const target = packed + (group * plan->out_blocks + first) * layers * inputs * taps * BLOCK;
  for (int64_t o = 0; o < blocks * BLOCK; o++) {
    const weight_row row = conv_row(plan, group, first * BLOCK + o);
    for (int64_t i = 0; i < layers * inputs; i++) {
      const int64_t layer = i / inputs, channel = i % inputs;
      const int known = channel >= row.first && channel < row.end;
      const int64_t from = conv_weight(plan, row, origin, channel) + layer * taps;
      uint16_t *const to = target + (i * blocks + o / BLOCK) * taps * BLOCK + o % BLOCK;
      for (int64_t tap = 0; tap < taps; tap++) to[tap * BLOCK] = known ? weights[from + tap] : 0;
    }
  }
}

static void pack_transformed(const conv_plan *plan, const float *weights, int64_t origin, float *packed, int64_t group,
                             int64_t set) {
  const winograd_plan *w = &plan->winograd;
  const int64_t taps = layer_taps(plan), layers = layer_count(plan), inputs = plan->in_blocks * BLOCK;
  int64_t first;
  const int64_t width = conv_set(plan, set, &first) * BLOCK, point = layers * inputs * width;
  float *const target = packed + (group * plan->out_blocks + first) * BLOCK * layers * inputs * w->points;
  for (int64_t from = 0; from < width; from += BLOCK) {
    weight_row rows[BLOCK];
    for (int64_t lane = 0; lane < BLOCK; lane++) rows[lane] = conv_row(plan, group, first * BLOCK + from + lane);
    for (int64_t i = 0; i < layers * inputs; i++) {
      const int64_t layer = i / inputs, channel = i % inputs;
      float window[MAX_WEIGHTS][BLOCK] = {{0}};
      for (int64_t lane = 0; lane < BLOCK; lane++) {
        if (channel < rows[lane].first || channel >= rows[lane].end) continue;
        const float *given = weights + conv_weight(plan, rows[lane], origin, channel) + layer * taps;
        for (int64_t tap = 0; tap < taps; tap++) window[tap][lane] = given[tap];
      }
      w->table->weights(window, target + i * width + from, point);
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

/* Transforms tiles [begin, end) of one slice of one of all groups' input blocks; `points` is where the slice's tiles
   begin, and has room for `stride` of them. */
static void transform_slice(const conv_plan *plan, const float *input, int64_t block, int64_t slice, int64_t begin,
                            int64_t end, float *points, int64_t stride) {
  const winograd_plan *w = &plan->winograd;
  const conv_window *window = &plan->shape.window;
  const int64_t height = window->in[1], width = window->in[2], patch = w->table->patch, slices = input_slices(plan);
  const int64_t blocks = plan->shape.groups * plan->in_blocks, point = w->held_blocks * slices * stride * BLOCK;
  float *to = points;
  for (int64_t tile = begin; tile < end; tile++, to += BLOCK) {
    const tile_place at = place_of(plan, tile);
    const int64_t y = at.y - window->pad[1], x = at.x - window->pad[2];
    const float *plane = input + ((at.image * blocks + block) * slices + slice) * height * width * BLOCK;
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

/* The same for all slices; `points` is where the block's tiles begin. */
static void transform(const conv_plan *plan, const float *input, int64_t block, int64_t begin, int64_t end,
                      float *points, int64_t stride) {
  for (int64_t slice = 0; slice < input_slices(plan); slice++) {
    transform_slice(plan, input, block, slice, begin, end, points + slice * stride * BLOCK, stride);
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
  transform(plan, buffers->input, block, begin, end, buffers->workspace + (block * input_slices(plan) * tiles + begin) * BLOCK,
            tiles);
}

/* The products of a set of output blocks with tiles that lie `stride` apart: [block][point][slice][tile][16]. */
typedef struct tile_products {
  const float *points;
  int64_t blocks, stride, tiles;
  float *sums;
} tile_products;

/* The output slices that a layer of the kernel adds to. */
typedef struct slice_range {
  int64_t begin, end;
} slice_range;

static slice_range layer_slices(const conv_plan *plan, int64_t layer) {
  const conv_window *w = &plan->shape.window;
  const int64_t shift = layer * w->dilation[0] - w->pad[0];
  const int64_t begin = max64(-shift, 0), end = min64(w->out[0], w->in[0] - shift);
  return (slice_range){begin, max64(begin, end)};
}

/* The layer that begins the sums: one that all slices get something from, if there is one. If not, -1. */
static int64_t first_layer(const conv_plan *plan) {
  for (int64_t layer = 0; layer < layer_count(plan); layer++) {
    const slice_range slices = layer_slices(plan, layer);
    if (slices.end - slices.begin == output_slices(plan)) return layer;
  }
  return -1;
}

/* Some of the input channels of a layer of the kernel, at one point. */
typedef struct weight_chunk {
  int64_t point, layer, step;
  int is_first;
  const float *weights, *next;
} weight_chunk;

/* Adds what a chunk gives to `count` products from `output` on, read from `input` on. */
static void multiply_pixels(const conv_plan *plan, const tile_products *p, const weight_chunk *chunk, int64_t input,
                            int64_t output, int64_t count) {
  static const int64_t no_offset[1] = {0};
  const int64_t groups = (count + MAX_TILE_PIXELS - 1) / MAX_TILE_PIXELS;
  const int64_t slice = p->stride * BLOCK, held = plan->winograd.held_blocks * input_slices(plan) * slice;
  const int64_t sums = output_slices(plan) * p->tiles * BLOCK;
  tile_job job = {
      .bias = conv_zeros, .block_stride = plan->winograd.points * sums, .step_stride = input_slices(plan) * slice,
      .taps = 1, .length = BLOCK, .tap_offset = no_offset, .blocks = (int32_t)p->blocks,
      .channels = (int32_t)p->blocks * BLOCK, .weights = chunk->weights,
      .steps = min64(plan->chunk, plan->in_blocks - chunk->step), .first = chunk->is_first};
  job.last = chunk->step + job.steps == plan->in_blocks;
  job.tail = job.last ? last_channels(plan) : BLOCK;
  for (int i = 0; i < MAX_TILE_PIXELS; i++) job.base[i] = i * BLOCK;
  const float *const from = p->points + chunk->point * held + chunk->step * job.step_stride + input * BLOCK;
  float *const to = p->sums + chunk->point * sums + output * BLOCK;
  for (int64_t group = 0; group < groups; group++) {
    const int64_t begin = count * group / groups, end = count * (group + 1) / groups;
    job.pixels = (int32_t)(end - begin);
    job.input = from + begin * BLOCK;
    job.output = to + begin * BLOCK;
    fetch_part(&job, chunk->next, job.steps * BLOCK * BLOCK * p->blocks * (int64_t)sizeof(float), group, groups);
    plan->table->tile(&job);
  }
}

/* Adds what a chunk gives to all slices. Where tiles fill the slices they lie in one row. */
static void multiply_chunk(const conv_plan *plan, const tile_products *p, const weight_chunk *chunk) {
  const conv_window *w = &plan->shape.window;
  const slice_range slices = layer_slices(plan, chunk->layer);
  const int64_t shift = chunk->layer * w->dilation[0] - w->pad[0];
  const int is_row = p->tiles == p->stride;
  const int64_t count = is_row ? (slices.end - slices.begin) * p->tiles : p->tiles;
  for (int64_t slice = slices.begin; slice < slices.end && count > 0; slice = is_row ? slices.end : slice + 1) {
    multiply_pixels(plan, p, chunk, (slice + shift) * p->stride, slice * p->tiles, count);
  }
}

/* Layers in the order that they are added up. */
static int64_t layer_in_order(int64_t first, int64_t number) {
  return first < 0 ? number : number == 0 ? first : number <= first ? number - 1 : number;
}

static void clear_sums(const conv_plan *plan, const tile_products *p) {
  memset(p->sums, 0,
         (size_t)(p->blocks * plan->winograd.points * output_slices(plan) * p->tiles * BLOCK) * sizeof(float));
}

static void multiply(const conv_plan *plan, const tile_products *p, const float *weights) {
  const int64_t first = first_layer(plan), channel = BLOCK * p->blocks, layer = plan->in_blocks * BLOCK * channel;
  if (first < 0) clear_sums(plan, p);
  for (int64_t point = 0; point < plan->winograd.points; point++, weights += layer * layer_count(plan)) {
    for (int64_t number = 0; number < layer_count(plan); number++) {
      weight_chunk chunk = {.point = point, .layer = layer_in_order(first, number)};
      for (; chunk.step < plan->in_blocks; chunk.step += plan->chunk) {
        chunk.is_first = chunk.layer == first && chunk.step == 0;
        chunk.weights = weights + chunk.layer * layer + chunk.step * BLOCK * channel;
        chunk.next = chunk.weights + min64(plan->chunk, plan->in_blocks - chunk.step) * BLOCK * channel;
        multiply_chunk(plan, p, &chunk);
      }
    }
  }
}

/* The same with packed weights of 16 bits, from number `packed_first` on. */
static void multiply_halves(const conv_plan *plan, const tile_products *p, const float *packed, int64_t packed_first,
                            float *transformed) {
  float widened[MAX_TILE_BLOCKS * MAX_WEIGHTS][BLOCK] __attribute__((aligned(64)));
  const int64_t taps = layer_taps(plan), channel = p->blocks * taps * BLOCK, width = p->blocks * BLOCK;
  const int64_t stride = point_count(plan, p->blocks), first = first_layer(plan);
  if (first < 0) clear_sums(plan, p);
  for (int64_t number = 0; number < layer_count(plan); number++) {
    weight_chunk chunk = {.layer = layer_in_order(first, number)};
    const int64_t layer = packed_first + chunk.layer * plan->in_blocks * BLOCK * channel;
    for (; chunk.step < plan->in_blocks; chunk.step += plan->chunk) {
      const int64_t channels = min64(plan->chunk, plan->in_blocks - chunk.step) * BLOCK;
      for (int64_t i = 0; i < channels; i++) {
        conv_weights(plan, packed, layer + (chunk.step * BLOCK + i) * channel, channel, widened[0]);
        for (int64_t block = 0; block < p->blocks; block++) {
          plan->winograd.table->weights(widened + block * taps, transformed + i * width + block * BLOCK, stride);
        }
      }
      chunk.is_first = chunk.layer == first && chunk.step == 0;
      for (chunk.point = 0; chunk.point < plan->winograd.points; chunk.point++) {
        chunk.weights = transformed + chunk.point * stride;
        chunk.next = chunk.weights + stride;
        multiply_chunk(plan, p, &chunk);
      }
    }
  }
}

/* Transforms the products of one slice of an output block of a group back into output; `point` is how far those of
   points are apart. */
static void deliver_slice(const conv_plan *plan, const conv_buffers *buffers, int64_t group, int64_t block,
                          int64_t slice, int64_t begin, int64_t end, const float *products, int64_t point) {
  const winograd_plan *w = &plan->winograd;
  const int64_t *out = plan->shape.window.out;
  const int64_t lanes = conv_channels(plan, group) - block * BLOCK;
  winograd_target target = {
      .bias = conv_channel_vector(plan, buffers->packed, 0, group, block),
      .row_stride = out[2] * BLOCK,
      .epilogue = plan->epilogue};
  for (int64_t tile = begin; tile < end; tile++, products += BLOCK) {
    const tile_place place = place_of(plan, tile);
    const int64_t plane = ((place.image * plan->shape.groups + group) * plan->out_blocks + block) * out[0] + slice;
    const int64_t at = ((plane * out[1] + place.y) * out[2] + place.x) * BLOCK;
    target.output = buffers->output + at;
    target.residual = offset(buffers->residual, at);
    target.rows = min64(w->table->tile, out[1] - place.y);
    target.columns = min64(w->table->tile, out[2] - place.x);
    w->table->output(products, point, &target);
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
  const int64_t slices = input_slices(plan), tile_sums = (end - begin) * BLOCK;
  const float *points = buffers->workspace + (group * plan->in_blocks * slices * w->tiles + begin) * BLOCK;
  float *products = buffers->workspace + input_count(plan, w->tiles) + worker * own_count(plan);
  int64_t stride = w->tiles;
  if (w->is_joint) {
    float *own = buffers->workspace + worker * (input_count(plan, longest) + own_count(plan));
    for (int64_t block = 0; block < plan->in_blocks; block++) {
      transform(plan, buffers->input, group * plan->in_blocks + block, begin, end,
                own + block * slices * (end - begin) * BLOCK, end - begin);
    }
    points = own;
    stride = end - begin;
    products = own + input_count(plan, longest);
  }
  for (int64_t set = plan->sets * set_range / plan->set_ranges;
       set < plan->sets * (set_range + 1) / plan->set_ranges; set++) {
    int64_t first;
    const int64_t blocks = conv_set(plan, set, &first);
    const int64_t weights =
        (group * plan->out_blocks + first) * BLOCK * plan->in_blocks * BLOCK * layer_count(plan) * layer_numbers(plan);
    const tile_products job = {points, blocks, stride, end - begin, products};
    if (has_halves(plan)) {
      multiply_halves(plan, &job, buffers->packed, weights, products + product_count(plan));
    } else {
      multiply(plan, &job, buffers->packed + weights);
    }
    for (int64_t i = 0; i < blocks * output_slices(plan); i++) {
      const int64_t block = i / output_slices(plan), slice = i % output_slices(plan);
      const int64_t point = output_slices(plan) * tile_sums;
      deliver_slice(plan, buffers, group, first + block, slice, begin, end,
                    products + block * w->points * point + slice * tile_sums, point);
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
