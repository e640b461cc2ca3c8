/* What the steps of selective search share. */
#ifndef ZV_SEARCH_H
#define ZV_SEARCH_H

#include <stdint.h>
#include <stdlib.h>

#include "vision_kernels.h"

enum { ZV_MOST_SPACES = 5, ZV_MOST_CHANNELS = 3, ZV_MOST_SEGMENTATIONS = 5, ZV_MOST_STRATEGIES = 4 };
enum { ZV_COLOR_BINS = 25, ZV_TEXTURE_BINS = 10, ZV_DIRECTIONS = 8 };

typedef enum { ZV_HSV, ZV_LAB, ZV_GREY, ZV_BLUE, ZV_RGI } zv_color_space;
enum { ZV_BY_COLOR = 1, ZV_BY_TEXTURE = 2, ZV_BY_SIZE = 4, ZV_BY_FILL = 8 };

/* A picture in one colour space. */
typedef struct zv_space {
  zv_color_space kind;
  size_t channels;
  uint8_t *planes[ZV_MOST_CHANNELS];
  uint8_t *textures[ZV_MOST_CHANNELS]; /* ZV_DIRECTIONS planes of bin numbers */
  uint64_t *edges;                     /* ascending: weight's bits << 32 | pixel * 2 + direction */
  size_t edge_count;
} zv_space;

typedef struct zv_box {
  int32_t left, top, right, bottom; /* pixel edges */
} zv_box;

/* One segmentation: regions, what they look like, and which of them touch. */
typedef struct zv_segmentation {
  int32_t *labels; /* by pixel */
  size_t count;
  int32_t *sizes;
  zv_box *boxes;
  float *colors, *textures; /* by region: histograms, each with the sum 1, padded with zeros */
  size_t color_stride, texture_stride;
  uint64_t *pairs; /* a << 32 | b with a < b, ascending */
  size_t pair_count;
} zv_segmentation;

/* What one grouping found. */
typedef struct zv_hierarchy {
  zv_box *boxes;
  int32_t *levels; /* 1 for the regions of the segmentation, one more than the higher of what was joined */
  size_t count;
} zv_hierarchy;

/* Sorts by the bits low..<high of the keys, equal ones keep their order. The result is in keys. */
void zv_sort(uint64_t *keys, uint64_t *scratch, size_t count, unsigned low, unsigned high);
/* The index inside 0..<count that mirrors `index` at the border (the border is not repeated). */
size_t zv_mirrored(ptrdiff_t index, size_t count);

/* Rows first..<end of the picture, as bytes, made smaller by averaging; planes of red, green, blue. */
void zv_shrink(
  const float *picture, size_t height, size_t width, uint8_t *planes, size_t new_height, size_t new_width,
  size_t first, size_t end);
size_t zv_space_channels(zv_color_space space);
/* Pixels first..<end of the planes of a colour space. */
void zv_convert(const uint8_t *rgb, size_t pixels, zv_color_space space, uint8_t **planes, size_t first, size_t end);
/* The 8 planes of bin numbers of one channel. 0, or -1 without memory; so do the others. */
int zv_texture(const uint8_t *plane, size_t height, size_t width, uint8_t *bins);
int zv_make_edges(zv_space *space, size_t height, size_t width, float sigma);
int zv_segment(const zv_space *space, size_t height, size_t width, float k, int32_t smallest, zv_segmentation *result);
int zv_describe(const zv_space *space, size_t height, size_t width, zv_segmentation *segmentation);
int zv_group(
  const zv_segmentation *segmentation, size_t pixels, int measures, const zv_kernels *kernels, zv_hierarchy *result);

#endif
