/*
 * Convolution by register tiles over the input as it lies: direct, and of plain input.
 *
 * Packed weights: for each group, for each set of output-channel blocks that a tile covers: [input block][tap][input
 * channel][output channel], contiguous in the order of use. Those of 16 bits become float32 once for all pixels that a
 * task passes by them.
 */
#include <string.h>

#include "plan.h"

/* Packed weights of one block of output channels. */
static int64_t weights_per_block(const conv_plan *plan) {
  return plan->steps * plan->taps * plan->length * BLOCK;
}

/* Whether the lines of a pixel, one of each plane, come to lie in few sets of the cache, and are read often. */
static int crowds_sets(const conv_plan *plan) {
  if (!plan->is_flat || plan->algorithm != CONV_DIRECT || copy_count(plan) > 0 || plan->unit != BLOCK) return 0;
  int64_t shared = 1;
  while (shared < CACHE_SETS && plan->in_plane % (2 * shared) == 0) shared *= 2;
  return plan->steps > MOST_LINES_OF_SET * (CACHE_SETS / shared) && plan->sets / plan->set_ranges >= 4;
}

static int tiles_plan(conv_plan *plan) {
  if (!place_plan(plan)) return 0;
  plan->weights_count = plan->shape.groups * plan->out_blocks * weights_per_block(plan);
  const int64_t step_bytes = plan->met_taps * plan->length * BLOCK * plan->table->tile_blocks * (int64_t)sizeof(float);
  /* Plain output is written once, through a small buffer, so its sums can't pause. */
  plan->chunk = plan->algorithm == CONV_DIRECT ? max64(CHUNK_BYTES / max64(step_bytes, 1), 1) : plan->steps;

  const int64_t in_bytes = plan->shape.in_channels * plan->in_plane * (int64_t)sizeof(float);
  const int64_t most_ranges = max64(plan->out_plane / MIN_TASK_PIXELS, 1);
  plan->pixel_ranges = min64(most_ranges, (in_bytes + SLAB_BYTES - 1) / SLAB_BYTES);
  const int64_t wanted = TASKS_PER_WORKER * plan->workers;
  const int64_t others = max64(plan->shape.batch * plan->shape.groups, 1);
  if (plan->pixel_ranges * plan->sets * others < wanted) {
    plan->pixel_ranges = min64(most_ranges, (wanted + plan->sets * others - 1) / (plan->sets * others));
  }
  plan->pixel_ranges = max64(plan->pixel_ranges, 1);
  plan->set_ranges = min64(plan->sets, (wanted + plan->pixel_ranges * others - 1) / (plan->pixel_ranges * others));
  plan->set_ranges = max64(plan->set_ranges, 1);
  if (crowds_sets(plan)) {
    const int64_t pixels = (plan->out_plane + plan->pixel_ranges - 1) / plan->pixel_ranges;
    plan->slab_stride = (pixels | 1) * BLOCK;
    plan->slab = plan->steps * plan->slab_stride;
  }
  return 1;
}

static int32_t tiles_phases(const conv_plan *plan) { return copy_count(plan) > 0 ? 2 : 1; }

static int64_t tiles_tasks(const conv_plan *plan, int32_t phase) {
  if (phase + 1 < tiles_phases(plan)) return copy_tasks(plan);
  if (plan->out_plane == 0) return 0;
  return plan->shape.batch * plan->shape.groups * plan->pixel_ranges * plan->set_ranges;
}

/* What a worker widens at a time: the weights that a run over its pixels takes. */
static int64_t widened_count(const conv_plan *plan) {
  if (!has_halves(plan)) return 0;
  return min64(plan->chunk, plan->steps) * plan->taps * plan->length * BLOCK * plan->table->tile_blocks;
}

static int64_t tiles_workspace_count(const conv_plan *plan) {
  return plan->workers * (widened_count(plan) + plan->slab) + copy_count(plan);
}

/* The input's copy. */
static float *copy_of(const conv_plan *plan, const conv_buffers *buffers) {
  return buffers->workspace + plan->workers * (widened_count(plan) + plan->slab);
}

/* A worker's copy of pixels [begin, end). */
static const float *copy_slab(const conv_plan *plan, const conv_buffers *buffers, const float *input, int64_t begin,
                              int64_t end, int64_t worker) {
  float *const own = buffers->workspace + plan->workers * widened_count(plan) + worker * plan->slab;
  for (int64_t step = 0; step < plan->steps; step++) {
    memcpy(own + step * plan->slab_stride, input + (step * plan->in_plane + begin) * BLOCK,
           (size_t)((end - begin) * BLOCK) * sizeof(float));
  }
  return own;
}

static inline void pack(const conv_plan *plan, const conv_parameters *parameters, void *packed, int64_t group,
                        int64_t set, const int is_half) {
  const int64_t kernel = product(plan->shape.window.kernel);
  int64_t first;
  const int64_t blocks = conv_set(plan, set, &first);
  const int64_t per_block = weights_per_block(plan), width = blocks * BLOCK;
  const int64_t target = (group * plan->out_blocks + first) * per_block;
  const weight_strides strides = {.step = plan->taps * BLOCK * width, .tap = BLOCK * width, .lane = width};
  for (int64_t o = 0; o < width; o++) {
    const weight_row row = conv_row(plan, group, first * BLOCK + o);
    if (plan->algorithm != CONV_PLAIN) {
      put_row(plan, parameters, row, packed, target + o, strides, is_half);
      continue;
    }
    /* [input channel][tap] is ONNX's own order. */
    const int64_t from = conv_weight(plan, row, parameters->origin, row.first);
    for (int64_t k = 0; k < plan->given.in_channels * kernel; k++) {
      put_weight(packed, target + k * width + o, row.row < 0 ? NULL : parameters->weights, from + k, is_half);
    }
  }
}

static void tiles_pack(const conv_plan *plan, const conv_parameters *parameters, float *packed, int64_t group,
                       int64_t set) {
  if (has_halves(plan)) pack(plan, parameters, packed, group, set, 1);
  else pack(plan, parameters, packed, group, set, 0);
}

/* A tile of a plain output: computed into a buffer, then written channel by channel. */
static void plain_tile(const conv_plan *plan, tile_job *job, const float *residual, float *output, int64_t channels) {
  float sums[MAX_TILE_BLOCKS * MAX_TILE_PIXELS * BLOCK] __attribute__((aligned(64)));
  float residuals[MAX_TILE_BLOCKS * MAX_TILE_PIXELS * BLOCK] __attribute__((aligned(64)));
  job->output = sums;
  job->block_stride = MAX_TILE_PIXELS * BLOCK;
  job->epilogue = plan->epilogue;
  job->residual = residuals;
  if (residual) memset(residuals, 0, sizeof residuals);
  for (int64_t c = 0; residual && c < channels; c++) {
    float *to = residuals + c / BLOCK * job->block_stride + c % BLOCK;
    for (int64_t p = 0; p < job->pixels; p++) to[p * BLOCK] = residual[c * plan->out_plane + p];
  }
  plan->table->tile(job);
  for (int64_t c = 0; c < channels; c++) {
    const float *sum = sums + c / BLOCK * job->block_stride + c % BLOCK;
    for (int64_t p = 0; p < job->pixels; p++) output[c * plan->out_plane + p] = sum[p * BLOCK];
  }
}

static void multiply(const conv_plan *plan, const conv_buffers *buffers, int64_t task, int64_t worker) {
  const conv_shape *shape = &plan->shape;
  const int plain = plan->algorithm == CONV_PLAIN;
  const int64_t groups = plan->shape.groups;
  const int64_t set_range = task % plan->set_ranges;
  const int64_t pixel_range = task / plan->set_ranges % plan->pixel_ranges;
  const int64_t group = task / plan->set_ranges / plan->pixel_ranges % groups;
  const int64_t image = task / plan->set_ranges / plan->pixel_ranges / groups;
  const int64_t begin = plan->out_plane * pixel_range / plan->pixel_ranges;
  const int64_t end = plan->out_plane * (pixel_range + 1) / plan->pixel_ranges;
  const int64_t tiles = (end - begin + MAX_TILE_PIXELS - 1) / MAX_TILE_PIXELS;
  const int64_t smaller = (end - begin) / max64(tiles, 1), larger = end - begin - smaller * tiles;
  const int64_t per_block = weights_per_block(plan);
  const int64_t in_group = (plain ? shape->in_channels : plan->in_blocks) * plan->in_plane * plan->unit;
  const int64_t channels = conv_channels(plan, group);
  const float *const whole = copy_count(plan) > 0 ? copy_of(plan, buffers) : buffers->input;
  float *const widened = has_halves(plan) ? buffers->workspace + worker * widened_count(plan) : NULL;
  const float *const all = whole + (image * groups + group) * in_group;
  const float *const input = plan->slab ? copy_slab(plan, buffers, all, begin, end, worker) : all;

  tile_job job = {0};
  job.step_stride = plan->slab ? plan->slab_stride : plan->in_plane * BLOCK;
  job.is_flat = plan->is_flat && plan->unit == BLOCK;
  job.taps = plan->taps;
  job.length = plan->length;
  job.tap_offset = plan->tap_offset;
  job.kernels = plan->kernels;
  for (int64_t set = plan->sets * set_range / plan->set_ranges;
       set < plan->sets * (set_range + 1) / plan->set_ranges; set++) {
    int64_t block;
    job.blocks = (int32_t)conv_set(plan, set, &block);
    const int64_t weights = (group * plan->out_blocks + block) * per_block;
    const int64_t per_step = plan->taps * plan->length * BLOCK * job.blocks;
    job.bias = conv_channel_vector(plan, buffers->packed, 0, group, block);
    const int64_t written = min64(job.blocks * BLOCK, channels - block * BLOCK);
    job.channels = (int32_t)written;
    for (int64_t step = 0; step < plan->steps; step += plan->chunk) {
      job.steps = min64(plan->chunk, plan->steps - step);
      job.first = step == 0;
      job.last = step + job.steps == plan->steps;
      job.tail = job.last && !plain ? last_channels(plan) : plan->length;
      const char *next = (const char *)buffers->packed + (weights + (step + job.steps) * per_step) * weight_bytes(plan);
      job.weights =
          conv_weights(plan, buffers->packed, weights + step * per_step, job.steps * per_step, widened);
      job.input = input + step * job.step_stride;
      const int64_t fetched = job.steps * per_step * weight_bytes(plan) / tiles;
      job.next_step = fetched / max64(job.steps * job.taps * job.length, 1);
      cursor at_pixel = place_cursor(plan, plan->slab ? 0 : begin);
      for (int64_t tile = 0, from = begin, to; tile < tiles; tile++, from = to) {
        /* Tiles of nearly the same size, the larger ones first. */
        to = from + smaller + (tile < larger);
        place_tile(plan, &job, &at_pixel, to - from);
        job.next = next + fetched * tile;
        if (plain && !buffers->blocked_output) {
          const int64_t at = ((image * groups + group) * channels + block * BLOCK) * plan->out_plane + from;
          plain_tile(plan, &job, offset(buffers->residual, at), buffers->output + at, written);
          continue;
        }
        const int64_t at = (((image * groups + group) * plan->out_blocks + block) * plan->out_plane + from) * BLOCK;
        job.output = buffers->output + at;
        job.residual = offset(buffers->residual, at);
        job.block_stride = plan->out_plane * BLOCK;
        job.epilogue = plan->epilogue;
        plan->table->tile(&job);
        if (job.last && written % BLOCK) {
          conv_clear_lanes(job.output + written / BLOCK * job.block_stride, to - from, written % BLOCK);
        }
      }
    }
  }
}

static void tiles_run(const conv_plan *plan, const conv_buffers *buffers, int32_t phase, int64_t task, int64_t worker) {
  if (phase + 1 < tiles_phases(plan)) return copy_input(plan, buffers->input, copy_of(plan, buffers), task);
  multiply(plan, buffers, task, worker);
}

const conv_family conv_tiles = {tiles_plan, tiles_pack, tiles_workspace_count, tiles_phases, tiles_tasks, tiles_run};
