/* Where tiles read: the offsets of taps, and the pixels that a tile covers. */
#include <stdlib.h>

#include "plan.h"

/* Of windows in all places, the average number of taps that are inside the input, rounded up. */
static int64_t met_taps(const conv_plan *plan) {
  const conv_window *w = &plan->shape.window;
  double met = 1;
  for (int axis = 0; axis < 3; axis++) {
    double inside = 0;
    for (int64_t k = 0; k < w->kernel[axis]; k++) {
      const int64_t shift = k * w->dilation[axis] - w->pad[axis], stride = w->stride[axis];
      const int64_t begin = max64((stride - 1 - shift) / stride, 0);
      const int64_t end = min64(w->out[axis], (w->in[axis] - shift + stride - 1) / stride);
      inside += (double)max64(end - begin, 0);
    }
    met *= inside / (double)max64(w->out[axis], 1);
  }
  return min64((int64_t)met + 1, plan->taps);
}

int place_plan(conv_plan *plan) {
  const conv_window *w = &plan->shape.window;
  const int64_t *extent = plan->padded;
  if (plan->algorithm == CONV_PLAIN) {
    /* Along a row of an undilated kernel, taps are neighbours in memory. */
    const int64_t run = w->dilation[2] == 1 ? w->kernel[2] : 1;
    const int64_t across = w->kernel[2] / run;
    plan->steps = 1;
    plan->length = run;
    plan->taps = plan->met_taps = plan->shape.in_channels * w->kernel[0] * w->kernel[1] * across;
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
  plan->steps = plan->in_blocks;
  plan->length = plan->unit;
  plan->taps = product(w->kernel);
  plan->tap_offset = calloc((size_t)max64(plan->taps, 1), sizeof(int64_t));
  if (!plan->tap_offset) return 0;
  for (int64_t i = 0, tap = 0; i < w->kernel[0]; i++) {
    for (int64_t j = 0; j < w->kernel[1]; j++) {
      for (int64_t k = 0; k < w->kernel[2]; k++, tap++) {
        plan->tap_offset[tap] =
            ((i * w->dilation[0] * extent[1] + j * w->dilation[1]) * extent[2] + k * w->dilation[2]) * plan->unit;
      }
    }
  }
  plan->met_taps = plan->has_borders ? met_taps(plan) : plan->taps;
  if (!plan->has_borders) return 1;
  plan->all_taps = plan->taps >= MAX_TAPS ? ~(uint64_t)0 : ((uint64_t)1 << plan->taps) - 1;
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

cursor place_cursor(const conv_plan *plan, int64_t flat) {
  const int64_t *out = plan->shape.window.out;
  return (cursor){flat, flat / out[2] / out[1], flat / out[2] % out[1], flat % out[2]};
}

void place_tile(const conv_plan *plan, tile_job *job, cursor *at, int64_t pixels) {
  job->pixels = (int32_t)pixels;
  if (plan->is_flat) {
    for (int64_t p = 0; p < pixels; p++) job->base[p] = (at->flat + p) * plan->unit;
    at->flat += pixels;
    job->bordered = 0;
    return;
  }
  const conv_window *w = &plan->shape.window;
  const int64_t step = w->stride[2] * plan->unit;
  uint64_t any = 0, all = plan->all_taps;
  int64_t p = 0;
  while (p < pixels) {
    /* A run of pixels within one output row. */
    const int64_t run = min64(pixels - p, w->out[2] - at->x);
    int64_t z = at->z * w->stride[0], y = at->y * w->stride[1], x = at->x * w->stride[2];
    if (plan->has_borders) {
      z -= w->pad[0];
      y -= w->pad[1];
      x -= w->pad[2];
    }
    int64_t base = ((z * plan->padded[1] + y) * plan->padded[2] + x) * plan->unit;
    for (int64_t i = 0; i < run; i++, base += step) job->base[p + i] = base;
    if (plan->has_borders) {
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
  job->bordered = plan->has_borders && all != plan->all_taps;
}
