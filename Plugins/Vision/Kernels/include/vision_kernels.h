/* Loops of the Vision plugin: selective search, RoiAlign and overlapping boxes. */
#ifndef VISION_KERNELS_H
#define VISION_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* What exists once for each instruction set. */
typedef struct zv_kernels {
  /* The sum over i of min(a[i], b[i]); count is a multiple of 16. */
  float (*intersection)(const float *a, const float *b, size_t count);
  /* a[i] = share * a[i] + (1 - share) * b[i]; count is a multiple of 16. */
  void (*blend)(float *a, const float *b, float share, size_t count);
  /* y[i] += a * x[i] */
  void (*accumulate)(float *y, const float *x, float a, size_t count);
  /* Whether a box has with one of `count` boxes an intersection over union above `limit`. Of the boxes there are all left
     edges, then all top, right and bottom ones, `stride` apart, with zeros up to a multiple of 16. */
  int (*overlaps)(
    const float *boxes, size_t stride, size_t count, float left, float top, float right, float bottom, float limit);
} zv_kernels;

/* isa is a ZOO_ISA_ level. */
const zv_kernels *zv_kernels_for(int32_t isa);

/* Selective search (Uijlings et al. 2013). */
typedef struct zv_search_options {
  int32_t quality;         /* 0: the strategies of fast mode, 1: those of quality mode */
  float k, k_step;         /* of the segmentations: k, k + k_step, … */
  float sigma;             /* of the blur before the segmentation, in pixels of the picture that is searched */
  int32_t smallest_region; /* of a segmentation, in its pixels */
  size_t height, width;    /* of the picture that is searched; not larger than the given one */
  float smallest_side;     /* of a box: the shorter side is at least this, in pixels of the given picture */
  float largest_side;      /* of a box: the longer side is at most this */
} zv_search_options;

typedef struct zv_search zv_search;

/* A search of the picture of 3 × height × width values from 0 to 255: red, green, blue. NULL when there is no memory.
   The picture and the kernels have to stay where they are. */
zv_search *zv_search_new(
  const float *picture, size_t height, size_t width, const zv_search_options *options, const zv_kernels *kernels);
/* A search runs in phases, each of which has tasks that may run at once. */
size_t zv_search_phase_count(void);
size_t zv_search_task_count(const zv_search *search, size_t phase);
/* 0, or -1 when there is no memory. */
int zv_search_run(zv_search *search, size_t phase, size_t task);
/* After all phases: writes up to `count` boxes, four floats each (left, top, right, bottom, in pixel edges of the given
   picture), no two the same, and returns how many; -1 when there is no memory. */
ptrdiff_t zv_search_boxes(zv_search *search, float *boxes, size_t count);
void zv_search_free(zv_search *search);

/* The samples that RoiAlign takes along one axis: sample i is low_weight[i] * v[low[i]] + high_weight[i] * v[high[i]];
   outside of the axis both weights are zero. */
typedef struct zv_samples {
  int32_t *low, *high;
  float *low_weight, *high_weight;
} zv_samples;

/* Fills in `bins * grid` samples of the interval of `extent` that begins at `start`, on an axis of `length`. */
void zv_place_samples(zv_samples *samples, float start, float extent, size_t bins, size_t grid, size_t length);

/* RoiAlign of one channel (height × width): the mean of a bin's samples. rows is scratch memory for 2 * bins_x floats. */
void zv_roi_average(
  const float *channel, size_t width, const zv_samples *x, const zv_samples *y, size_t bins_x, size_t bins_y,
  size_t grid_x, size_t grid_y, float *output, float *rows, const zv_kernels *kernels);
/* The greatest of a bin's weighted corners, as ONNX defines mode max. */
void zv_roi_maximum(
  const float *channel, size_t width, const zv_samples *x, const zv_samples *y, size_t bins_x, size_t bins_y,
  size_t grid_x, size_t grid_y, float *output);

#endif
