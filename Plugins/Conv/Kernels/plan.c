/*
 * Plans: which kernels run a convolution, and in which phases.
 *
 * Packed memory holds the weights in the order that the algorithm uses them, then vectors with a number for each output
 * channel, 16 a block: the bias, and what int8 needs beside it.
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
  const int narrow = plan->family == &conv_narrow;
  plan->is_padded = (plan->algorithm == CONV_PLAIN || narrow) && has_padding;
  const int is_few = plan->algorithm == CONV_FEW, is_direct = plan->algorithm == CONV_DIRECT || is_few;
  const int pointwise =
      (is_direct || narrow) && product(w->kernel) == 1 && !has_padding && !(is_few && is_strided);
  plan->is_gathered = pointwise && is_strided;
  plan->is_flat = pointwise;
  plan->has_borders = is_direct && has_padding;
  for (int axis = 0; axis < 3; axis++) {
    if (plan->is_padded) plan->padded[axis] += w->pad[axis] + w->pad_end[axis];
    if (plan->is_gathered) plan->padded[axis] = w->out[axis];
  }
  plan->in_plane = product(plan->padded);
}

static const conv_family *family_of(int32_t algorithm) {
  switch (algorithm) {
  case CONV_WINOGRAD_2:
  case CONV_WINOGRAD_4:
  case CONV_WINOGRAD_2_5: return &conv_winograd;
  case CONV_IN_BFLOAT16:
  case CONV_IN_INT8:
  case CONV_INT8_WINDOWS: return &conv_narrow;
  case CONV_DEPTHWISE: return &conv_depthwise;
  case CONV_FEW: return &conv_few;
  default: return &conv_tiles;
  }
}

static int64_t divisor(int64_t a, int64_t b) { return b == 0 ? a : divisor(b, a % b); }

static void set_range(conv_plan *plan) {
  narrow_plan *narrow = &plan->narrow;
  const conv_range range = plan->numbers.range;
  narrow->range = range.low <= range.high ? RANGE_GIVEN : plan->is_flat ? RANGE_OF_PIXEL : RANGE_OF_IMAGE;
  narrow->given = narrow_range_of(range.low, range.high);
  if (has_bytes(plan)) {
    narrow->range = RANGE_GIVEN;
    narrow->given = narrow_range_of_bytes(plan->numbers.input);
    narrow->given.zero += sign_bit(plan->numbers.input);
  }
  if (!narrow->table->is_integer) narrow->range = RANGE_NONE;
}

int64_t conv_merged_groups(const conv_shape *shape) {
  const int64_t in = shape->in_channels, out = shape->out_channels, groups = shape->groups;
  if (groups == 1 || (in % BLOCK == 0 && out % BLOCK == 0)) return 1;
  if (in < 1 || out < 1 || in > MOST_MERGED || out > MOST_MERGED) return 0;
  const int64_t of_in = BLOCK / divisor(BLOCK, in), of_out = BLOCK / divisor(BLOCK, out);
  const int64_t merged = max64(of_in, of_out); /* powers of two, both */
  /* The blocks of the last ones have to be there. */
  const int64_t rest = (groups - 1) % merged + 1;
  const int is_whole = blocks_of(rest * in) * BLOCK == merged * in && blocks_of(rest * out) * BLOCK == merged * out;
  return is_whole && merged * in <= MOST_MERGED && merged * out <= MOST_MERGED ? merged : 0;
}

conv_plan *conv_plan_create(const conv_shape *shape, int32_t algorithm, int32_t form, conv_epilogue epilogue,
                            const conv_numbers *numbers, conv_machine machine) {
  conv_plan *plan = calloc(1, sizeof *plan);
  if (!plan) return NULL;
  plan->given = plan->shape = *shape;
  plan->merged = algorithm == CONV_PLAIN || algorithm == CONV_DEPTHWISE ? 1 : max64(conv_merged_groups(shape), 1);
  plan->shape.groups = (shape->groups + plan->merged - 1) / plan->merged;
  plan->shape.in_channels *= plan->merged;
  plan->shape.out_channels *= plan->merged;
  plan->epilogue = epilogue;
  plan->family = family_of(algorithm);
  plan->table = conv_table(machine.isa);
  plan->kernels = zs_kernels_for(machine.isa == CONV_ISA_WIDE_ON_AVX2 ? CONV_ISA_AVX2 : machine.isa, 0, 0);
  plan->algorithm = algorithm;
  plan->form = form;
  plan->workers = max64(machine.workers, 1);
  plan->out_plane = product(shape->window.out);
  plan->in_blocks = blocks_of(plan->shape.in_channels);
  plan->out_blocks = blocks_of(plan->shape.out_channels);
  if (algorithm == CONV_DEPTHWISE) plan->in_blocks = plan->out_blocks = blocks_of(shape->groups);
  plan->sets = conv_set_count(plan);
  plan->unit = algorithm == CONV_PLAIN ? 1 : BLOCK;
  plan->channel_vectors = 1;
  plan_input(plan);
  plan->numbers = *numbers;
  if (plan->family == &conv_narrow || has_bytes(plan)) {
    plan->narrow.table = conv_narrow_table(plan->family == &conv_narrow ? algorithm : CONV_IN_INT8, machine);
    if (!plan->narrow.table) {
      conv_plan_destroy(plan);
      return NULL;
    }
    set_range(plan);
  }
  if (!plan->family->plan(plan)) {
    conv_plan_destroy(plan);
    return NULL;
  }
  return plan;
}

int64_t conv_packed_count(const conv_plan *plan) {
  const int64_t weights = has_halves(plan) ? plan->weights_count / 2 : plan->weights_count;
  return weights + plan->channel_vectors * group_count(plan) * plan->out_blocks * BLOCK;
}

int64_t conv_pack_tasks(const conv_plan *plan) { return plan->sets * group_count(plan); }

/* Blocks of output channels of a group that a packing task covers. */
static int64_t task_blocks(const conv_plan *plan, int64_t task, int64_t *first) {
  *first = task % plan->sets;
  return plan->algorithm == CONV_DEPTHWISE ? 1 : conv_set(plan, task % plan->sets, first);
}

void conv_pack_rows(const conv_plan *plan, int64_t task, int64_t *first, int64_t *end) {
  int64_t block;
  const int64_t blocks = task_blocks(plan, task, &block), group = task / plan->sets;
  const int64_t channels = conv_channels(plan, group), start = group * plan->shape.out_channels;
  *first = start + min64(block * BLOCK, channels);
  *end = start + min64((block + blocks) * BLOCK, channels);
}

void conv_pack(const conv_plan *plan, const conv_parameters *parameters, float *packed, int64_t task) {
  const float *const bias = parameters->bias;
  const int64_t group = task / plan->sets, set = task % plan->sets;
  int64_t first;
  const int64_t blocks = task_blocks(plan, task, &first), channels = conv_channels(plan, group);
  float *const packed_bias = conv_channel_vector(plan, packed, 0, group, first);
  for (int64_t i = 0; i < blocks * BLOCK; i++) {
    const int64_t channel = first * BLOCK + i;
    packed_bias[i] = bias && channel < channels ? bias[group * plan->shape.out_channels + channel] : 0;
  }
  plan->family->pack(plan, parameters, packed, group, set);
}

int64_t conv_workspace_count(const conv_plan *plan) { return plan->family->workspace_count(plan); }

int32_t conv_phases(const conv_plan *plan) { return plan->family->phases(plan); }

int64_t conv_tasks(const conv_plan *plan, int32_t phase) { return plan->family->tasks(plan, phase); }

void conv_run(const conv_plan *plan, const conv_buffers *buffers, int32_t phase, int64_t task, int64_t worker) {
  plan->family->run(plan, buffers, phase, task, worker);
}
