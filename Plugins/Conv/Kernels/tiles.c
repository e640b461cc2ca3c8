/*
 * Convolution by register tiles over the input as it lies: direct, depthwise, and of plain input.
 *
 * Packed weights: for each group, for each set of output-channel blocks that a tile covers: [input block][tap][input
 * channel][output channel], contiguous in the order of use.
 */
#include <stdlib.h>
#include <string.h>

#include "plan.h"

enum {
  /* Weights that stay in the first-level cache while pixels stream past them. */
  CHUNK_BYTES = 20 << 10,
  /* Input that one task reads: stays in the second-level cache while all weights stream past. */
  SLAB_BYTES = 192 << 10,
  MIN_TASK_PIXELS = 48,
};

static int plan_taps(conv_plan *plan) {
  const conv_window *w = &plan->shape.window;
  const int64_t *extent = plan->padded;
  if (plan->algorithm == CONV_PLAIN) {
    /* Along a row of an undilated kernel, taps are neighbours in memory. */
    const int64_t run = w->dilation[2] == 1 ? w->kernel[2] : 1;
    const int64_t across = w->kernel[2] / run;
    plan->steps = 1;
    plan->length = run;
    plan->taps = plan->shape.in_channels * w->kernel[0] * w->kernel[1] * across;
    plan->tap_offset = calloc((size_t)max64(plan->taps, 1), sizeof(int64_t));
    if (!plan->tap_offset) return 0;
    int64_t tap = 0;
    for (int64_t c = 0; c < plan->shape.in_channels; c++) {
      for (int64_t i = 0; i < w->kernel[0]; i++) {
        for (int64_t j = 0; j < w->kernel[1]; j++) {
          for (int64_t k = 0; k < across; k++) {
            plan->tap_offset[tap++] =
                ((c * extent[0] + i * w->dilation[0]) * extent[1] + j * w->dilation[1]) * extent[2] +
                k * w->dilation[2];
          }
        }
      }
    }
    return 1;
  }
  plan->steps = plan->algorithm == CONV_DEPTHWISE ? 1 : plan->in_blocks;
  plan->length = BLOCK;
  plan->taps = product(w->kernel);
  plan->tap_offset = calloc((size_t)max64(plan->taps, 1), sizeof(int64_t));
  if (!plan->tap_offset) return 0;
  for (int64_t i = 0, tap = 0; i < w->kernel[0]; i++) {
    for (int64_t j = 0; j < w->kernel[1]; j++) {
      for (int64_t k = 0; k < w->kernel[2]; k++, tap++) {
        plan->tap_offset[tap] =
            ((i * w->dilation[0] * extent[1] + j * w->dilation[1]) * extent[2] + k * w->dilation[2]) * BLOCK;
      }
    }
  }
  const int64_t inner[3] = {w->kernel[1] * w->kernel[2], w->kernel[2], 1};
  for (int axis = 0; axis < 3; axis++) {
    plan->valid[axis] = calloc((size_t)max64(w->out[axis], 1), sizeof(uint64_t));
    if (!plan->valid[axis]) return 0;
    for (int64_t x = 0; x < w->out[axis]; x++) {
      uint64_t bits = 0;
      for (int64_t tap = 0; tap < plan->taps; tap++) {
        const int64_t k = tap / inner[axis] % w->kernel[axis];
        const int64_t at = x * w->stride[axis] - w->pad[axis] + k * w->dilation[axis];
        if (at >= 0 && at < w->in[axis]) bits |= (uint64_t)1 << tap;
      }
      plan->valid[axis][x] = bits;
    }
  }
  return 1;
}

int tiles_plan(conv_plan *plan) {
  if (!plan_taps(plan)) return 0;
  plan->all_taps = plan->taps >= MAX_TAPS ? ~(uint64_t)0 : ((uint64_t)1 << plan->taps) - 1;
  const int64_t step_bytes = plan->taps * plan->length * BLOCK * plan->table->tile_blocks * (int64_t)sizeof(float);
  /* Plain output is written once, through a small buffer, so its sums can't pause. */
  plan->chunk = plan->algorithm == CONV_DIRECT ? max64(CHUNK_BYTES / max64(step_bytes, 1), 1) : plan->steps;

  const int64_t in_bytes = plan->shape.in_channels * plan->in_plane * (int64_t)sizeof(float);
  const int64_t most_ranges = max64(plan->out_plane / MIN_TASK_PIXELS, 1);
  plan->pixel_ranges = min64(most_ranges, (in_bytes + SLAB_BYTES - 1) / SLAB_BYTES);
  const int64_t wanted = TASKS_PER_WORKER * plan->workers;
  const int64_t others = max64(plan->shape.batch * group_count(plan), 1);
  if (plan->pixel_ranges * plan->sets * others < wanted) {
    plan->pixel_ranges = min64(most_ranges, (wanted + plan->sets * others - 1) / (plan->sets * others));
  }
  plan->pixel_ranges = max64(plan->pixel_ranges, 1);
  plan->set_ranges = min64(plan->sets, (wanted + plan->pixel_ranges * others - 1) / (plan->pixel_ranges * others));
  plan->set_ranges = max64(plan->set_ranges, 1);
  return 1;
}

int64_t tiles_tasks(const conv_plan *plan) {
  if (plan->out_plane == 0) return 0;
  return plan->shape.batch * group_count(plan) * plan->pixel_ranges * plan->set_ranges;
}

void tiles_pack(const conv_plan *plan, const float *weights, int64_t origin, float *packed, int64_t group,
                int64_t set) {
  const int64_t kernel = product(plan->shape.window.kernel);
  if (plan->algorithm == CONV_DEPTHWISE) {
    for (int64_t lane = 0; lane < BLOCK; lane++) {
      const int64_t channel = set * BLOCK + lane;
      const int inside = channel < plan->shape.groups;
      for (int64_t tap = 0; tap < kernel; tap++) {
        packed[(set * kernel + tap) * BLOCK + lane] = inside ? weights[(channel - origin) * kernel + tap] : 0;
      }
    }
    return;
  }
  int64_t first;
  const int64_t blocks = conv_set(plan, set, &first);
  const int64_t in_channels = plan->shape.in_channels, out_channels = plan->shape.out_channels;
  const int64_t per_block = plan->steps * plan->taps * plan->length * BLOCK, width = blocks * BLOCK;
  float *const target = packed + (group * plan->out_blocks + first) * per_block;
  for (int64_t o = 0; o < width; o++) {
    const int64_t channel = first * BLOCK + o;
    const int inside = channel < out_channels;
    const float *from = weights + (group * out_channels + channel - origin) * in_channels * kernel;
    if (plan->algorithm == CONV_PLAIN) {
      /* [input channel][tap] is ONNX's own order. */
      for (int64_t k = 0; k < in_channels * kernel; k++) target[k * width + o] = inside ? from[k] : 0;
      continue;
    }
    for (int64_t step = 0; step < plan->steps; step++) {
      for (int64_t lane = 0; lane < BLOCK; lane++) {
        const int64_t in_channel = step * BLOCK + lane;
        const int known = inside && in_channel < in_channels;
        float *to = target + (step * kernel * BLOCK + lane) * width + o;
        for (int64_t tap = 0; tap < kernel; tap++) {
          to[tap * BLOCK * width] = known ? from[in_channel * kernel + tap] : 0;
        }
      }
    }
  }
}

/* Where the next tile begins. */
typedef struct cursor {
  int64_t flat, z, y, x;
} cursor;

static cursor cursor_at(const conv_plan *plan, int64_t flat) {
  const int64_t *out = plan->shape.window.out;
  return (cursor){flat, flat / out[2] / out[1], flat / out[2] % out[1], flat % out[2]};
}

/* Fills in the next `pixels` pixels of a tile and moves the cursor past them. */
static void place(const conv_plan *plan, tile_job *job, cursor *at, int64_t pixels) {
  job->pixels = (int32_t)pixels;
  if (plan->is_flat) {
    for (int64_t p = 0; p < pixels; p++) job->base[p] = (at->flat + p) * BLOCK;
    at->flat += pixels;
    job->bordered = 0;
    return;
  }
  const conv_window *w = &plan->shape.window;
  const int plain = plan->algorithm == CONV_PLAIN;
  const int64_t scale = plain ? 1 : BLOCK, step = w->stride[2] * scale;
  uint64_t any = 0, all = plan->all_taps;
  int64_t p = 0;
  while (p < pixels) {
    /* A run of pixels within one output row. */
    const int64_t run = min64(pixels - p, w->out[2] - at->x);
    int64_t z = at->z * w->stride[0], y = at->y * w->stride[1], x = at->x * w->stride[2];
    if (!plain) {
      z -= w->pad[0];
      y -= w->pad[1];
      x -= w->pad[2];
    }
    int64_t base = ((z * plan->padded[1] + y) * plan->padded[2] + x) * scale;
    for (int64_t i = 0; i < run; i++, base += step) job->base[p + i] = base;
    if (!plain) {
      const uint64_t row = plan->valid[0][at->z] & plan->valid[1][at->y], *columns = plan->valid[2] + at->x;
      for (int64_t i = 0; i < run; i++) {
        const uint64_t mask = row & columns[i];
        job->mask[p + i] = mask;
        any |= mask;
        all &= mask;
      }
    }
    p += run;
    at->x += run;
    if (at->x < w->out[2]) continue;
    at->x = 0;
    if (++at->y < w->out[1]) continue;
    at->y = 0;
    at->z++;
  }
  at->flat += pixels;
  job->any = any;
  job->bordered = !plain && all != plan->all_taps;
}

/* A tile of a plain output: computed into a buffer, then written channel by channel. */
static void plain_tile(const conv_plan *plan, tile_job *job, const float *residual, float *output, int64_t channels) {
  float sums[MAX_TILE_BLOCKS * MAX_TILE_PIXELS * BLOCK] __attribute__((aligned(64)));
  const conv_epilogue epilogue = plan->epilogue;
  job->output = sums;
  job->block_stride = MAX_TILE_PIXELS * BLOCK;
  job->epilogue = (conv_epilogue){0};
  plan->table->tile(job);
  for (int64_t c = 0; c < channels; c++) {
    const float *sum = sums + c / BLOCK * job->block_stride + c % BLOCK;
    for (int64_t p = 0; p < job->pixels; p++) {
      const int64_t at = c * plan->out_plane + p;
      float value = sum[p * BLOCK];
      if (epilogue.residual == CONV_RESIDUAL_BEFORE_ACTIVATION) value += residual[at];
      value = conv_activate(epilogue, value);
      if (epilogue.residual == CONV_RESIDUAL_AFTER_ACTIVATION) value += residual[at];
      output[at] = value;
    }
  }
}

void tiles_run(const conv_plan *plan, const conv_buffers *buffers, int64_t task) {
  const conv_shape *shape = &plan->shape;
  const int depthwise = plan->algorithm == CONV_DEPTHWISE, plain = plan->algorithm == CONV_PLAIN;
  const int64_t groups = group_count(plan);
  const int64_t set_range = task % plan->set_ranges;
  const int64_t pixel_range = task / plan->set_ranges % plan->pixel_ranges;
  const int64_t group = task / plan->set_ranges / plan->pixel_ranges % groups;
  const int64_t image = task / plan->set_ranges / plan->pixel_ranges / groups;
  const int64_t begin = plan->out_plane * pixel_range / plan->pixel_ranges;
  const int64_t end = plan->out_plane * (pixel_range + 1) / plan->pixel_ranges;
  const int64_t tiles = (end - begin + MAX_TILE_PIXELS - 1) / MAX_TILE_PIXELS;
  const int64_t per_block = (depthwise ? 1 : plan->steps) * plan->taps * (depthwise ? 1 : plan->length) * BLOCK;
  const int64_t in_scale = plain ? 1 : BLOCK;
  const int64_t in_group = (plain ? shape->in_channels : plan->in_blocks) * plan->in_plane * in_scale;
  const int64_t channels = depthwise ? shape->groups : shape->out_channels;
  const float *const packed_bias = buffers->packed + conv_weights_count(plan);
  const float *const whole = copy_count(plan) > 0 ? buffers->workspace : buffers->input;
  const float *const input = whole + (image * groups + group) * in_group;

  tile_job job = {0};
  job.step_stride = plan->in_plane * BLOCK;
  job.taps = plan->taps;
  job.length = plan->length;
  job.tap_offset = plan->tap_offset;
  for (int64_t set = plan->sets * set_range / plan->set_ranges;
       set < plan->sets * (set_range + 1) / plan->set_ranges; set++) {
    int64_t block = set;
    job.blocks = depthwise ? 1 : (int32_t)conv_set(plan, set, &block);
    const float *weights = buffers->packed + (group * plan->out_blocks + block) * per_block;
    job.bias = packed_bias + (group * plan->out_blocks + block) * BLOCK;
    const int64_t written = min64(job.blocks * BLOCK, channels - block * BLOCK);
    for (int64_t step = 0; step < plan->steps; step += plan->chunk) {
      job.steps = min64(plan->chunk, plan->steps - step);
      job.first = step == 0;
      job.last = step + job.steps == plan->steps;
      job.weights = weights + step * plan->taps * plan->length * BLOCK * job.blocks;
      job.input = input + (depthwise ? block : step) * job.step_stride;
      cursor at_pixel = cursor_at(plan, begin);
      for (int64_t tile = 0; tile < tiles; tile++) {
        const int64_t from = begin + (end - begin) * tile / tiles, to = begin + (end - begin) * (tile + 1) / tiles;
        place(plan, &job, &at_pixel, to - from);
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
        if (depthwise) {
          plan->table->depthwise(&job);
        } else {
          plan->table->tile(&job);
        }
        if (job.last && written % BLOCK) {
          conv_clear_lanes(job.output + written / BLOCK * job.block_stride, to - from, written % BLOCK);
        }
      }
    }
  }
}
