/* Which taps of a window fall inside the input. */
#ifndef TAPS_H
#define TAPS_H

#include "conv_kernels.h"

typedef struct tap_range {
  int64_t start;       /* where tap 0 would read; may be negative */
  int64_t first, last; /* the taps inside the input */
  int64_t counted;     /* the taps inside the input and its padding */
} tap_range;

static inline tap_range tap_range_of(const conv_window *w, int axis, int64_t output) {
  const int64_t dilation = w->dilation[axis], kernel = w->kernel[axis];
  tap_range range;
  range.start = output * w->stride[axis] - w->pad[axis];
  range.first = range.start < 0 ? (-range.start + dilation - 1) / dilation : 0;
  const int64_t room = w->in[axis] - range.start, padded = room + w->pad_end[axis];
  range.last = room <= 0 ? 0 : (room + dilation - 1) / dilation;
  range.counted = padded <= 0 ? 0 : (padded + dilation - 1) / dilation;
  if (range.counted > kernel) range.counted = kernel;
  if (range.last > kernel) range.last = kernel;
  if (range.first > range.last) range.first = range.last;
  return range;
}

#endif
