/* RoiAlign (He et al. 2017, section 3): bilinear samples on a grid in each bin of a region. */
#include <math.h>
#include <string.h>

#include "vision_kernels.h"

void zv_place_samples(zv_samples *samples, float start, float extent, size_t bins, size_t grid, size_t length) {
  float bin = extent / (float)bins;
  for (size_t i = 0; i < bins * grid; i++) {
    float place = start + (float)(i / grid) * bin + ((float)(i % grid) + 0.5f) * bin / (float)grid;
    samples->low[i] = samples->high[i] = 0;
    samples->low_weight[i] = samples->high_weight[i] = 0;
    /* Written so that it holds for a place that is not a number. */
    if (!(place >= -1.0f && place <= (float)length) || length == 0) continue;
    if (place < 0) place = 0;
    int32_t low = (int32_t)place, last = (int32_t)length - 1;
    if (low >= last) {
      samples->low[i] = samples->high[i] = last;
      samples->low_weight[i] = 1;
      continue;
    }
    samples->low[i] = low;
    samples->high[i] = low + 1;
    samples->high_weight[i] = place - (float)low;
    samples->low_weight[i] = 1 - samples->high_weight[i];
  }
}

/* The sums over each bin of the samples along one row of pixels. */
static void sum_row(const float *row, const zv_samples *x, size_t bins, size_t grid, float *sums) {
  for (size_t bin = 0, i = 0; bin < bins; bin++) {
    float sum = 0;
    for (size_t sample = 0; sample < grid; sample++, i++) {
      sum += x->low_weight[i] * row[x->low[i]] + x->high_weight[i] * row[x->high[i]];
    }
    sums[bin] = sum;
  }
}

/* Weights are products of those along both axes, so that rows are summed first, each once. */
void zv_roi_average(
  const float *channel, size_t width, const zv_samples *x, const zv_samples *y, size_t bins_x, size_t bins_y,
  size_t grid_x, size_t grid_y, float *output, float *rows, const zv_kernels *kernels) {
  int32_t held[2] = {-1, -1};
  size_t samples = grid_x * grid_y;
  float share = 1 / (float)(samples > 0 ? samples : 1);
  memset(output, 0, bins_x * bins_y * sizeof *output);
  for (size_t i = 0; i < bins_y * grid_y; i++) {
    const int32_t at[2] = {y->low[i], y->high[i]};
    const float weight[2] = {y->low_weight[i], y->high_weight[i]};
    for (int part = 0; part < 2; part++) {
      if (weight[part] == 0) continue;
      int slot = at[part] & 1;
      float *sums = rows + (size_t)slot * bins_x;
      if (held[slot] != at[part]) {
        sum_row(channel + (size_t)at[part] * width, x, bins_x, grid_x, sums);
        held[slot] = at[part];
      }
      kernels->accumulate(output + i / grid_y * bins_x, sums, weight[part] * share, bins_x);
    }
  }
}

void zv_roi_maximum(
  const float *channel, size_t width, const zv_samples *x, const zv_samples *y, size_t bins_x, size_t bins_y,
  size_t grid_x, size_t grid_y, float *output) {
  for (size_t row = 0; row < bins_y; row++) {
    for (size_t column = 0; column < bins_x; column++) {
      float greatest = grid_x == 0 || grid_y == 0 ? 0 : -INFINITY;
      for (size_t i = row * grid_y; i < (row + 1) * grid_y; i++) {
        const float *low = channel + (size_t)y->low[i] * width, *high = channel + (size_t)y->high[i] * width;
        for (size_t j = column * grid_x; j < (column + 1) * grid_x; j++) {
          float corners[4] = {
            y->low_weight[i] * x->low_weight[j] * low[x->low[j]],
            y->low_weight[i] * x->high_weight[j] * low[x->high[j]],
            y->high_weight[i] * x->low_weight[j] * high[x->low[j]],
            y->high_weight[i] * x->high_weight[j] * high[x->high[j]]};
          for (int corner = 0; corner < 4; corner++) greatest = fmaxf(greatest, corners[corner]);
        }
      }
      output[row * bins_x + column] = greatest;
    }
  }
}
