/* Input that is copied before the tiles read it: with its padding around it, or only the pixels that strides meet. */
#include <string.h>

#include "plan.h"

int64_t copy_count(const conv_plan *plan) {
  const int64_t images = plan->shape.batch * plan->shape.groups;
  if (plan->is_padded) return images * plan->shape.in_channels * plan->in_plane;
  return plan->is_gathered ? images * plan->in_blocks * plan->in_plane * BLOCK : 0;
}

int64_t copy_tasks(const conv_plan *plan) {
  const int64_t images = plan->shape.batch * plan->shape.groups;
  return plan->is_padded ? images * plan->shape.in_channels * plan->padded[0] : images * plan->in_blocks;
}

/* One plane of one depth. */
static void pad(const conv_plan *plan, const float *input, float *padded, int64_t task) {
  const conv_window *w = &plan->shape.window;
  const int64_t height = plan->padded[1], width = plan->padded[2];
  const int64_t plane = task / plan->padded[0], depth = task % plan->padded[0] - w->pad[0];
  float *to = padded + task * height * width;
  if (depth < 0 || depth >= w->in[0]) {
    memset(to, 0, (size_t)(height * width) * sizeof(float));
    return;
  }
  const float *from = input + (plane * w->in[0] + depth) * w->in[1] * w->in[2];
  memset(to, 0, (size_t)(w->pad[1] * width) * sizeof(float));
  to += w->pad[1] * width;
  for (int64_t y = 0; y < w->in[1]; y++, to += width, from += w->in[2]) {
    memset(to, 0, (size_t)w->pad[2] * sizeof(float));
    memcpy(to + w->pad[2], from, (size_t)w->in[2] * sizeof(float));
    memset(to + w->pad[2] + w->in[2], 0, (size_t)w->pad_end[2] * sizeof(float));
  }
  memset(to, 0, (size_t)(w->pad_end[1] * width) * sizeof(float));
}

/* One block of channels. */
static void gather(const conv_plan *plan, const float *input, float *target, int64_t task) {
  const conv_window *w = &plan->shape.window;
  const float *const from = input + task * product(w->in) * BLOCK;
  float *to = target + task * plan->in_plane * BLOCK;
  for (int64_t z = 0; z < w->out[0]; z++) {
    for (int64_t y = 0; y < w->out[1]; y++) {
      const float *pixel = from + (z * w->stride[0] * w->in[1] + y * w->stride[1]) * w->in[2] * BLOCK;
      for (int64_t x = 0; x < w->out[2]; x++, to += BLOCK, pixel += w->stride[2] * BLOCK) {
        memcpy(to, pixel, BLOCK * sizeof(float));
      }
    }
  }
}

void copy_input(const conv_plan *plan, const float *input, float *target, int64_t task) {
  if (plan->is_padded) {
    pad(plan, input, target, task);
  } else {
    gather(plan, input, target, task);
  }
}
