/*
 * Convolution with one channel in and out of each group, row by row of the output.
 *
 * Packed weights: for each block of channels, [tap][channel]. Those of 16 bits become float32 once for all rows of a task.
 */
#include "plan.h"
#include "taps.h"

static int plan_depthwise(conv_plan *plan) {
  const conv_window *w = &plan->shape.window;
  plan->taps = product(w->kernel);
  plan->weights_count = plan->out_blocks * plan->taps * BLOCK;
  const int64_t wanted = TASKS_PER_WORKER * plan->workers, others = max64(plan->shape.batch * plan->out_blocks, 1);
  plan->pixel_ranges = max64(min64((wanted + others - 1) / others, w->out[0] * w->out[1]), 1);
  return 1;
}

static int32_t phases(const conv_plan *plan) {
  (void)plan;
  return 1;
}

static int64_t tasks(const conv_plan *plan, int32_t phase) {
  (void)phase;
  return plan->out_plane == 0 ? 0 : plan->shape.batch * plan->out_blocks * plan->pixel_ranges;
}

static int64_t widened_count(const conv_plan *plan) { return has_halves(plan) ? plan->taps * BLOCK : 0; }

static int64_t workspace_count(const conv_plan *plan) { return plan->workers * widened_count(plan); }

static void pack(const conv_plan *plan, const void *weights, int64_t origin, float *packed, int64_t group,
                 int64_t block) {
  (void)group;
  for (int64_t lane = 0; lane < BLOCK; lane++) {
    const int64_t channel = block * BLOCK + lane, from = (channel - origin) * plan->taps;
    const void *const known = channel < plan->shape.groups ? weights : NULL;
    for (int64_t tap = 0; tap < plan->taps; tap++) {
      put_weight(packed, (block * plan->taps + tap) * BLOCK + lane, known, from + tap, has_halves(plan));
    }
  }
}

/* The lines of the input, of all depths, that the taps of an output row meet; NULL outside. */
static void find_lines(const conv_plan *plan, const float *input, int64_t row, const float **line) {
  const conv_window *w = &plan->shape.window;
  const int64_t z = row / w->out[1] * w->stride[0] - w->pad[0], y = row % w->out[1] * w->stride[1] - w->pad[1];
  for (int64_t i = 0; i < w->kernel[0]; i++) {
    for (int64_t j = 0; j < w->kernel[1]; j++) {
      const int64_t depth = z + i * w->dilation[0], height = y + j * w->dilation[1];
      const int inside = depth >= 0 && depth < w->in[0] && height >= 0 && height < w->in[1];
      *line++ = inside ? input + (depth * w->in[1] + height) * w->in[2] * BLOCK : NULL;
    }
  }
}

static void run(const conv_plan *plan, const conv_buffers *buffers, int32_t phase, int64_t task, int64_t worker) {
  (void)phase;
  const conv_window *w = &plan->shape.window;
  const int64_t range = task % plan->pixel_ranges, plane = task / plan->pixel_ranges, block = plane % plan->out_blocks;
  const int64_t rows = w->out[0] * w->out[1], lanes = plan->shape.groups - block * BLOCK;
  float *const widened = buffers->workspace + worker * widened_count(plan);
  depthwise_job job = {
      .lines = w->kernel[0] * w->kernel[1], .width = w->in[2], .outputs = w->out[2], .kernel = w->kernel[2],
      .stride = w->stride[2], .dilation = w->dilation[2], .pad = w->pad[2], .epilogue = plan->epilogue,
      .kernels = plan->kernels, .bias = conv_channel_vector(plan, buffers->packed, 0, 0, block),
      .weights = conv_weights(plan, buffers->packed, block * plan->taps * BLOCK, plan->taps * BLOCK, widened)};
  for (int64_t row = rows * range / plan->pixel_ranges; row < rows * (range + 1) / plan->pixel_ranges; row++) {
    const int64_t at = (plane * plan->out_plane + row * w->out[2]) * BLOCK;
    find_lines(plan, buffers->input + plane * product(w->in) * BLOCK, row, job.line);
    job.output = buffers->output + at;
    job.residual = offset(buffers->residual, at);
    plan->table->depthwise(&job);
    if (lanes < BLOCK) conv_clear_lanes(job.output, w->out[2], lanes);
  }
}

const conv_family conv_depthwise = {plan_depthwise, pack, workspace_count, phases, tasks, run};
