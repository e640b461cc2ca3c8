/*
 * Convolution with one channel in and out of each group, row by row of the output.
 *
 * Packed weights: for each block of channels, [tap][channel]. Those of 16 bits become float32 once for all rows of a task.
 * Bytes become float32 once a task, too, without their scale: integers, whose sums are exact.
 */
#include <string.h>

#include "plan.h"
#include "taps.h"

static int64_t row_count(const conv_plan *plan) { return plan->shape.window.out[0] * plan->shape.window.out[1]; }
static span rows_of(const conv_plan *plan, int64_t range) {
  return (span){row_count(plan) * range / plan->pixel_ranges, row_count(plan) * (range + 1) / plan->pixel_ranges};
}

/* The line of the input that tap (i, j) of an output row meets, counted over all depths; −1 outside. */
static int64_t line_of(const conv_window *w, int64_t row, int64_t i, int64_t j) {
  const int64_t depth = row / w->out[1] * w->stride[0] - w->pad[0] + i * w->dilation[0];
  const int64_t height = row % w->out[1] * w->stride[1] - w->pad[1] + j * w->dilation[1];
  const int inside = depth >= 0 && depth < w->in[0] && height >= 0 && height < w->in[1];
  return inside ? depth * w->in[1] + height : -1;
}

/* All lines between the first and the last that some row meets. */
static span lines_of(const conv_plan *plan, span rows) {
  const conv_window *w = &plan->shape.window;
  span lines = {w->in[0] * w->in[1], 0};
  for (int64_t row = rows.first; row < rows.end; row++) {
    for (int64_t i = 0; i < w->kernel[0]; i++) {
      for (int64_t j = 0; j < w->kernel[1]; j++) {
        const int64_t line = line_of(w, row, i, j);
        if (line < 0) continue;
        lines.first = min64(lines.first, line);
        lines.end = max64(lines.end, line + 1);
      }
    }
  }
  return lines.end > lines.first ? lines : (span){0, 0};
}

static int plan_depthwise(conv_plan *plan) {
  const conv_window *w = &plan->shape.window;
  plan->taps = product(w->kernel);
  plan->weights_count = plan->out_blocks * plan->taps * BLOCK;
  if (has_bytes(plan)) plan->channel_vectors = SCALE + 1;
  const int64_t wanted = TASKS_PER_WORKER * plan->workers, others = max64(plan->shape.batch * plan->out_blocks, 1);
  plan->pixel_ranges = max64(min64((wanted + others - 1) / others, row_count(plan)), 1);
  for (int64_t range = 0; has_bytes(plan) && range < plan->pixel_ranges; range++) {
    const span lines = lines_of(plan, rows_of(plan, range));
    plan->narrow.slab = max64(plan->narrow.slab, lines.end - lines.first);
  }
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

/* What a worker has to itself: weights that are widened; or lines of the input, a row of results and one of what is
   added, as floats. */
static int64_t own_count(const conv_plan *plan) {
  const conv_window *w = &plan->shape.window;
  if (has_bytes(plan)) return (plan->narrow.slab * w->in[2] + 2 * w->out[2]) * BLOCK;
  return has_halves(plan) ? plan->taps * BLOCK : 0;
}

static int64_t workspace_count(const conv_plan *plan) { return plan->workers * own_count(plan); }

static void pack(const conv_plan *plan, const conv_parameters *given, float *packed, int64_t group, int64_t block) {
  (void)group;
  for (int64_t lane = 0; lane < BLOCK; lane++) {
    const int64_t channel = block * BLOCK + lane, from = (channel - given->origin) * plan->taps;
    const int is_known = channel < plan->shape.groups;
    for (int64_t tap = 0; tap < plan->taps; tap++) {
      const int64_t to = (block * plan->taps + tap) * BLOCK + lane;
      if (has_bytes(plan)) packed[to] = is_known ? (float)((const int8_t *)given->weights)[from + tap] : 0;
      else put_weight(packed, to, is_known ? given->weights : NULL, from + tap, has_halves(plan));
    }
    if (has_bytes(plan)) {
      conv_channel_vector(plan, packed, SCALE, 0, block)[lane] = is_known ? given->scales[channel] : 0;
    }
  }
}

/* The lines that the taps of an output row meet, of which line `first` begins at `input`; NULL outside. */
static void find_lines(const conv_plan *plan, const float *input, int64_t first, int64_t row, const float **line) {
  const conv_window *w = &plan->shape.window;
  for (int64_t i = 0; i < w->kernel[0]; i++) {
    for (int64_t j = 0; j < w->kernel[1]; j++) {
      const int64_t at = line_of(w, row, i, j);
      *line++ = at < 0 ? NULL : input + (at - first) * w->in[2] * BLOCK;
    }
  }
}

static depthwise_job job_of(const conv_plan *plan, const float *packed, int64_t block) {
  const conv_window *w = &plan->shape.window;
  return (depthwise_job){
      .lines = w->kernel[0] * w->kernel[1], .width = w->in[2], .outputs = w->out[2], .kernel = w->kernel[2],
      .stride = w->stride[2], .dilation = w->dilation[2], .pad = w->pad[2], .epilogue = plan->epilogue,
      .kernels = plan->kernels, .bias = conv_channel_vector(plan, packed, 0, 0, block)};
}

static void run_floats(const conv_plan *plan, const conv_buffers *buffers, int64_t plane, span rows, float *own) {
  const conv_window *w = &plan->shape.window;
  const int64_t block = plane % plan->out_blocks, lanes = conv_channels(plan, 0) - block * BLOCK;
  depthwise_job job = job_of(plan, buffers->packed, block);
  job.weights = conv_weights(plan, buffers->packed, block * plan->taps * BLOCK, plan->taps * BLOCK, own);
  for (int64_t row = rows.first; row < rows.end; row++) {
    const int64_t at = (plane * plan->out_plane + row * w->out[2]) * BLOCK;
    find_lines(plan, buffers->input + plane * product(w->in) * BLOCK, 0, row, job.line);
    job.output = buffers->output + at;
    job.residual = offset(buffers->residual, at);
    plan->table->depthwise(&job);
    if (lanes < BLOCK) conv_clear_lanes(job.output, w->out[2], lanes);
  }
}

/* Sums of integers become numbers, and these what is stored from element `at` on. */
static void finish_row(const conv_plan *plan, const conv_buffers *buffers, settle_job *job, int64_t at, float *sums) {
  const narrow_table *table = plan->narrow.table;
  const conv_numbers *numbers = &plan->numbers;
  const int64_t pixels = plan->shape.window.out[2];
  float *const residual = sums + pixels * BLOCK;
  if (buffers->residual && numbers->residual.type) {
    table->read((const uint8_t *)buffers->residual + at, pixels, numbers->residual, residual);
  } else if (buffers->residual) {
    memcpy(residual, buffers->residual + at, (size_t)(pixels * BLOCK) * sizeof(float));
  }
  job->residual = plan->epilogue.residual == CONV_RESIDUAL_BEFORE_ACTIVATION ? residual : NULL;
  uint8_t *const bytes = (uint8_t *)buffers->output + at;
  table->settle(job, pixels, sums, bytes);
  if (job->range) return;
  conv_finish(plan->kernels, plan->epilogue, residual, sums, pixels * BLOCK);
  if (numbers->output.type) {
    const narrow_range range = narrow_range_of_bytes(numbers->output);
    table->write(sums, pixels, &range, bytes);
  } else {
    memcpy(buffers->output + at, sums, (size_t)(pixels * BLOCK) * sizeof(float));
  }
}

static void run_bytes(const conv_plan *plan, const conv_buffers *buffers, int64_t plane, span rows, float *own) {
  const conv_window *w = &plan->shape.window;
  const int64_t block = plane % plan->out_blocks, lanes = conv_channels(plan, 0) - block * BLOCK;
  const span lines = lines_of(plan, rows);
  float *const sums = own + plan->narrow.slab * w->in[2] * BLOCK;
  const uint8_t *const bytes = (const uint8_t *)buffers->input + (plane * product(w->in) + lines.first * w->in[2]) * BLOCK;
  conv_bytes steps = plan->numbers.input;
  steps.scale = 1;
  plan->narrow.table->read(bytes, (lines.end - lines.first) * w->in[2], steps, own);

  const narrow_range rounded = narrow_range_of_bytes(plan->numbers.rounded);
  const narrow_range range = narrow_range_of_bytes(plan->numbers.output);
  float factor[BLOCK];
  for (int i = 0; i < BLOCK; i++) {
    factor[i] = conv_channel_vector(plan, buffers->packed, SCALE, 0, block)[i] * plan->numbers.input.scale;
  }
  depthwise_job job = job_of(plan, buffers->packed, block);
  settle_job settle = {.factor = factor, .bias = job.bias, .rounded = plan->numbers.rounded.type ? &rounded : NULL,
                       .bounds = conv_bounds_of(plan->epilogue, 1),
                       .range = plan->numbers.output.type && !is_staged(plan) ? &range : NULL};
  job.weights = buffers->packed + block * plan->taps * BLOCK;
  job.bias = conv_zeros;
  job.epilogue = (conv_epilogue){.activation = ZS_IDENTITY};
  job.output = sums;
  for (int64_t row = rows.first; row < rows.end; row++) {
    const int64_t at = (plane * plan->out_plane + row * w->out[2]) * BLOCK;
    find_lines(plan, own, lines.first, row, job.line);
    plan->table->depthwise(&job);
    finish_row(plan, buffers, &settle, at, sums);
    if (lanes < BLOCK) conv_clear_stored(plan, buffers->output, at, w->out[2], lanes);
  }
}

static void run(const conv_plan *plan, const conv_buffers *buffers, int32_t phase, int64_t task, int64_t worker) {
  (void)phase;
  float *const own = buffers->workspace + worker * own_count(plan);
  const span rows = rows_of(plan, task % plan->pixel_ranges);
  const int64_t plane = task / plan->pixel_ranges;
  if (has_bytes(plan)) run_bytes(plan, buffers, plane, rows, own);
  else run_floats(plan, buffers, plane, rows, own);
}

const conv_family conv_depthwise = {plan_depthwise, pack, workspace_count, phases, tasks, run};
