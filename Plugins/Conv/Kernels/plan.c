/*
 * Plans: which kernels run a convolution, and in which phases.
 *
 * Packed memory holds the weights in the order that the algorithm uses them, then the bias, 16 floats a block.
 */
#include <stdlib.h>

#include "plan.h"

void conv_plan_destroy(conv_plan *plan) {
  if (!plan) return;
  free(plan->tap_offset);
  for (int axis = 0; axis < 3; axis++) free(plan->valid[axis]);
  free(plan);
}

/* What the tiles read: the input itself, or a copy of it. */
static void plan_input(conv_plan *plan) {
  const conv_window *w = &plan->shape.window;
  int is_strided = 0, has_padding = 0;
  for (int axis = 0; axis < 3; axis++) {
    plan->padded[axis] = w->in[axis];
    is_strided |= w->stride[axis] != 1;
    has_padding |= w->pad[axis] || w->pad_end[axis];
  }
  plan->is_padded = plan->algorithm == CONV_PLAIN && has_padding;
  const int pointwise = plan->algorithm == CONV_DIRECT && product(w->kernel) == 1 && !has_padding;
  plan->is_gathered = pointwise && is_strided;
  plan->is_flat = pointwise;
  for (int axis = 0; axis < 3; axis++) {
    if (plan->is_padded) plan->padded[axis] += w->pad[axis] + w->pad_end[axis];
    if (plan->is_gathered) plan->padded[axis] = w->out[axis];
  }
  plan->in_plane = product(plan->padded);
}

conv_plan *conv_plan_create(const conv_shape *shape, int32_t algorithm, conv_epilogue epilogue, int32_t isa,
                            int64_t workers) {
  conv_plan *plan = calloc(1, sizeof *plan);
  if (!plan) return NULL;
  plan->shape = *shape;
  plan->epilogue = epilogue;
  plan->table = conv_table(isa);
  plan->algorithm = algorithm;
  plan->workers = max64(workers, 1);
  plan->out_plane = product(shape->window.out);
  plan->in_blocks = blocks_of(shape->in_channels);
  plan->out_blocks = blocks_of(shape->out_channels);
  if (algorithm == CONV_DEPTHWISE) plan->in_blocks = plan->out_blocks = blocks_of(shape->groups);
  plan->sets = conv_set_count(plan);
  plan_input(plan);
  if (is_winograd(plan)) {
    winograd_plan_init(plan);
  } else if (!tiles_plan(plan)) {
    conv_plan_destroy(plan);
    return NULL;
  }
  return plan;
}

int64_t conv_packed_count(const conv_plan *plan) {
  return conv_weights_count(plan) + group_count(plan) * plan->out_blocks * BLOCK;
}

int64_t conv_pack_tasks(const conv_plan *plan) { return plan->sets * group_count(plan); }

/* Blocks of output channels that a packing task covers, and the channels that there are; of one group. */
static int64_t task_blocks(const conv_plan *plan, int64_t task, int64_t *first, int64_t *channels) {
  const int depthwise = plan->algorithm == CONV_DEPTHWISE;
  *first = task % plan->sets;
  *channels = depthwise ? plan->shape.groups : plan->shape.out_channels;
  return depthwise ? 1 : conv_set(plan, task % plan->sets, first);
}

void conv_pack_rows(const conv_plan *plan, int64_t task, int64_t *first, int64_t *end) {
  int64_t block, channels;
  const int64_t blocks = task_blocks(plan, task, &block, &channels), start = task / plan->sets * channels;
  *first = start + min64(block * BLOCK, channels);
  *end = start + min64((block + blocks) * BLOCK, channels);
}

void conv_pack(const conv_plan *plan, const float *weights, int64_t origin, const float *bias, float *packed,
               int64_t task) {
  const int64_t group = task / plan->sets, set = task % plan->sets;
  int64_t first, channels;
  const int64_t blocks = task_blocks(plan, task, &first, &channels);
  float *const packed_bias = packed + conv_weights_count(plan) + group * plan->out_blocks * BLOCK;
  for (int64_t channel = first * BLOCK; channel < (first + blocks) * BLOCK; channel++) {
    packed_bias[channel] = bias && channel < channels ? bias[group * channels + channel] : 0;
  }
  if (is_winograd(plan)) {
    winograd_pack(plan, weights, origin, packed, set);
  } else {
    tiles_pack(plan, weights, origin, packed, group, set);
  }
}

int64_t conv_workspace_count(const conv_plan *plan) {
  return is_winograd(plan) ? winograd_workspace_count(plan) : copy_count(plan);
}

int32_t conv_phases(const conv_plan *plan) {
  const int prepares = is_winograd(plan) ? !plan->winograd.is_joint : copy_count(plan) > 0;
  return prepares ? 2 : 1;
}

int64_t conv_tasks(const conv_plan *plan, int32_t phase) {
  const int prepares = phase + 1 < conv_phases(plan);
  if (is_winograd(plan)) return prepares ? winograd_transform_tasks(plan) : winograd_tasks(plan);
  return prepares ? copy_tasks(plan) : tiles_tasks(plan);
}

void conv_run(const conv_plan *plan, const conv_buffers *buffers, int32_t phase, int64_t task, int64_t worker) {
  const int prepares = phase + 1 < conv_phases(plan);
  if (is_winograd(plan)) {
    if (prepares) return winograd_transform(plan, buffers, task);
    return winograd_run(plan, buffers, task, worker);
  }
  if (prepares) return copy_input(plan, buffers->input, buffers->workspace, task);
  tiles_run(plan, buffers, task);
}
