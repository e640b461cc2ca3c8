/*
 * Convolution with a few output channels, as the last layers of networks have: 16 of them would leave most lanes of a tile
 * empty. Here lanes are input channels, added up at the end.
 *
 * Packed weights: [input block][tap][output channel][input channel].
 */
#include "plan.h"

static int few_plan(conv_plan *plan) {
  if (!place_plan(plan)) return 0;
  plan->weights_count = plan->steps * plan->taps * plan->shape.out_channels * BLOCK;
  const int64_t wanted = TASKS_PER_WORKER * plan->workers / max64(plan->shape.batch, 1);
  plan->pixel_ranges = max64(min64(plan->out_plane / MIN_TASK_PIXELS, wanted), 1);
  return 1;
}

static int32_t few_phases(const conv_plan *plan) {
  (void)plan;
  return 1;
}

static int64_t few_tasks(const conv_plan *plan, int32_t phase) {
  (void)phase;
  return plan->out_plane == 0 ? 0 : plan->shape.batch * plan->pixel_ranges;
}

/* What a worker widens: all weights, which are few. */
static int64_t widened_count(const conv_plan *plan) { return has_halves(plan) ? plan->weights_count : 0; }

static int64_t few_workspace_count(const conv_plan *plan) { return plan->workers * widened_count(plan); }

static void few_pack(const conv_plan *plan, const conv_parameters *parameters, float *packed, int64_t group,
                     int64_t set) {
  (void)set;
  const int64_t outputs = plan->shape.out_channels;
  const weight_strides strides = {.step = plan->taps * outputs * BLOCK, .tap = outputs * BLOCK, .lane = 1};
  for (int64_t o = 0; o < outputs; o++) {
    put_row(plan, parameters, conv_row(plan, group, o), packed, o * BLOCK, strides, has_halves(plan));
  }
}

static void few_run(const conv_plan *plan, const conv_buffers *buffers, int32_t phase, int64_t task, int64_t worker) {
  (void)phase;
  const int64_t image = task / plan->pixel_ranges, range = task % plan->pixel_ranges;
  const int64_t begin = plan->out_plane * range / plan->pixel_ranges;
  const int64_t end = plan->out_plane * (range + 1) / plan->pixel_ranges;
  const int64_t outputs = plan->shape.out_channels;
  float *const widened = has_halves(plan) ? buffers->workspace + worker * widened_count(plan) : NULL;
  tile_job job = {0};
  job.input = buffers->input + image * plan->in_blocks * plan->in_plane * BLOCK;
  job.weights = conv_weights(plan, buffers->packed, 0, plan->weights_count, widened);
  job.bias = conv_channel_vector(plan, buffers->packed, 0, 0, 0);
  job.steps = plan->steps;
  job.step_stride = plan->in_plane * BLOCK;
  job.taps = plan->taps;
  job.tap_offset = plan->tap_offset;
  job.blocks = job.first = job.last = 1;
  job.epilogue = plan->epilogue;
  job.kernels = plan->kernels;
  cursor at_pixel = place_cursor(plan, begin);
  for (int64_t from = begin; from < end; from += MAX_TILE_PIXELS) {
    place_tile(plan, &job, &at_pixel, min64(MAX_TILE_PIXELS, end - from));
    const int64_t at = (image * plan->out_plane + from) * BLOCK;
    job.output = buffers->output + at;
    job.residual = offset(buffers->residual, at);
    plan->table->few(&job, outputs);
    conv_clear_lanes(job.output, job.pixels, outputs);
  }
}

const conv_family conv_few = {few_plan, few_pack, few_workspace_count, few_phases, few_tasks, few_run};
