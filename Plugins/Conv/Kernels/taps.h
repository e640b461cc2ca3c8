/* Which taps of a window fall inside the input. */
#ifndef TAPS_H
#define TAPS_H

#include "conv_kernels.h"

typedef struct tap_range {
  int64_t start;       /* where tap 0 would read; may be negative */
  int64_t first, last; /* the taps inside the input */
  int64_t counted;     /* the taps inside the input and its padding */
} tap_range;

/* Steps that reach `distance`, which is not negative; most windows are not dilated, and divisions take long. */
static inline int64_t steps_to(int64_t distance, int64_t step) {
  return step == 1 ? distance : (distance + step - 1) / step;
}

static inline tap_range tap_range_of(const conv_window *w, int axis, int64_t output) {
  const int64_t dilation = w->dilation[axis], kernel = w->kernel[axis];
  tap_range range;
  range.start = output * w->stride[axis] - w->pad[axis];
  range.first = range.start < 0 ? steps_to(-range.start, dilation) : 0;
  const int64_t room = w->in[axis] - range.start, padded = room + w->pad_end[axis];
  range.last = room <= 0 ? 0 : steps_to(room, dilation);
  range.counted = padded <= 0 ? 0 : steps_to(padded, dilation);
  if (range.counted > kernel) range.counted = kernel;
  if (range.last > kernel) range.last = kernel;
  if (range.first > range.last) range.first = range.last;
  return range;
}

/* The row of the input under taps i and j of a row of outputs. */
static inline int64_t row_of_taps(const conv_window *w, tap_range d, int64_t i, tap_range h, int64_t j) {
  return (d.start + i * w->dilation[0]) * w->in[1] + h.start + j * w->dilation[1];
}

typedef struct span {
  int64_t first, end;
} span;

/* The taps that fall inside the input for some output: a window may be far larger than the input. */
static inline span taps_met(const conv_window *w, int axis) {
  const int64_t dilation = w->dilation[axis], reach = (w->out[axis] - 1) * w->stride[axis] - w->pad[axis];
  const int64_t end = (w->in[axis] - 1 + w->pad[axis]) / dilation + 1;
  return (span){reach >= 0 ? 0 : steps_to(-reach, dilation), end < w->kernel[axis] ? end : w->kernel[axis]};
}

/* The outputs for which tap `tap` falls inside the input. */
static inline span span_of(const conv_window *w, int axis, int64_t tap) {
  const int64_t at = tap * w->dilation[axis] - w->pad[axis], stride = w->stride[axis], room = w->in[axis] - 1 - at;
  span result = {at >= 0 ? 0 : steps_to(-at, stride), room < 0 ? 0 : room / stride + 1};
  if (result.end > w->out[axis]) result.end = w->out[axis];
  if (result.first > result.end) result.first = result.end;
  return result;
}

/* The outputs all of whose taps fall inside the input. */
static inline span whole_taps(const conv_window *w, int axis) {
  span result = {span_of(w, axis, 0).first, span_of(w, axis, w->kernel[axis] - 1).end};
  if (result.end < result.first) result.end = result.first;
  return result;
}

/* What an average divides by. */
static inline int64_t pool_count(const pool_shape *shape, tap_range d, tap_range h, tap_range c) {
  return shape->count_include_pad ? d.counted * h.counted * c.counted
                                  : (d.last - d.first) * (h.last - h.first) * (c.last - c.first);
}

#endif
