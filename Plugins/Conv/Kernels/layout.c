/* How blocked tensors and packed weights lie. */
#include <string.h>

#include "plan.h"

/* Full tiles first, then what is left as 2 and 1. */
int64_t conv_set(const conv_plan *plan, int64_t set, int64_t *first) {
  const int64_t most = plan->table->tile_blocks, full = plan->out_blocks / most;
  if (set < full) {
    *first = set * most;
    return most;
  }
  const int64_t rest = plan->out_blocks - full * most;
  *first = full * most;
  if (rest == 3) {
    *first += set == full ? 0 : 2;
    return set == full ? 2 : 1;
  }
  return rest;
}

int64_t conv_set_count(const conv_plan *plan) {
  if (plan->algorithm == CONV_DEPTHWISE) return plan->out_blocks;
  const int64_t most = plan->table->tile_blocks, rest = plan->out_blocks % most;
  return plan->out_blocks / most + (rest == 0 ? 0 : rest == 3 ? 2 : 1);
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
