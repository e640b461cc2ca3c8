/* How blocked tensors and packed weights lie. */
#include <string.h>

#include "plan.h"

/* As many sets as there have to be, of like size. */
int64_t conv_set_count(const conv_plan *plan) {
  if (plan->algorithm == CONV_DEPTHWISE) return plan->out_blocks;
  return (plan->out_blocks + plan->table->tile_blocks - 1) / plan->table->tile_blocks;
}

int64_t conv_set(const conv_plan *plan, int64_t set, int64_t *first) {
  *first = plan->out_blocks * set / plan->sets;
  return plan->out_blocks * (set + 1) / plan->sets - *first;
}

float *conv_channel_vector(const conv_plan *plan, const float *packed, int64_t vector, int64_t group, int64_t block) {
  const int64_t at = (vector * group_count(plan) + group) * plan->out_blocks + block;
  const int64_t weights = has_halves(plan) ? plan->weights_count / 2 : plan->weights_count;
  return (float *)packed + weights + at * BLOCK;
}

const float *conv_weights(const conv_plan *plan, const float *packed, int64_t first, int64_t count, float *widened) {
  if (!has_halves(plan)) return packed + first;
  plan->kernels->widen(plan->form, (const uint16_t *)packed + first, widened, (size_t)count);
  return widened;
}

void conv_clear_lanes(float *output, int64_t pixels, int64_t lanes) {
  for (int64_t p = 0; p < pixels; p++) memset(output + p * BLOCK + lanes, 0, (size_t)(BLOCK - lanes) * sizeof(float));
}

void conv_clear_stored(const conv_plan *plan, float *output, int64_t at, int64_t pixels, int64_t lanes) {
  const conv_bytes numbers = plan->numbers.output;
  if (!numbers.type) return conv_clear_lanes(output + at, pixels, lanes);
  uint8_t *const bytes = (uint8_t *)output + at;
  for (int64_t p = 0; p < pixels; p++) memset(bytes + p * BLOCK + lanes, numbers.zero, (size_t)(BLOCK - lanes));
}
