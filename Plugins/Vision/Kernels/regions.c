/* What the regions of a segmentation look like, and which of them touch. */
#include <string.h>

#include "search.h"

static size_t padded(size_t count) { return (count + 15) / 16 * 16; }

/* Pairs of regions that have pixels next to each other. */
static int find_pairs(size_t height, size_t width, zv_segmentation *segmentation) {
  const int32_t *labels = segmentation->labels;
  uint64_t *pairs = NULL, *scratch = NULL;
  size_t count = 0;
  /* Once to count and once to write; a pair that the one before repeats is left out. */
  for (int pass = 0; pass < 2; pass++) {
    uint64_t last = 0;
    count = 0;
    for (size_t y = 0; y < height; y++) {
      for (size_t x = 0; x < width; x++) {
        const int32_t *here = labels + y * width + x;
        for (int direction = 0; direction < 2; direction++) {
          if (direction == 0 ? x + 1 == width : y + 1 == height) continue;
          int32_t a = *here, b = here[direction == 0 ? 1 : width];
          if (a == b) continue;
          uint64_t pair = a < b ? (uint64_t)a << 32 | (uint64_t)b : (uint64_t)b << 32 | (uint64_t)a;
          if (pair == last) continue;
          last = pair;
          if (pass == 1) pairs[count] = pair;
          count++;
        }
      }
    }
    if (pass == 1) break;
    pairs = malloc((count + 1) * sizeof *pairs);
    scratch = malloc((count + 1) * sizeof *scratch);
    if (pairs == NULL || scratch == NULL) {
      free(pairs);
      free(scratch);
      return -1;
    }
  }
  unsigned bits = 1;
  while (segmentation->count >> bits > 0) bits++;
  zv_sort(pairs, scratch, count, 0, bits);
  zv_sort(pairs, scratch, count, 32, 32 + bits);
  free(scratch);
  size_t unique = 0;
  for (size_t i = 0; i < count; i++) {
    if (unique == 0 || pairs[unique - 1] != pairs[i]) pairs[unique++] = pairs[i];
  }
  segmentation->pairs = pairs;
  segmentation->pair_count = unique;
  return 0;
}

int zv_describe(const zv_space *space, size_t height, size_t width, zv_segmentation *segmentation) {
  size_t pixels = height * width, count = segmentation->count;
  const int32_t *labels = segmentation->labels;
  size_t color_stride = padded(space->channels * ZV_COLOR_BINS);
  size_t texture_stride = padded(space->channels * ZV_DIRECTIONS * ZV_TEXTURE_BINS);
  segmentation->color_stride = color_stride;
  segmentation->texture_stride = texture_stride;
  segmentation->sizes = calloc(count, sizeof *segmentation->sizes);
  segmentation->boxes = malloc(count * sizeof *segmentation->boxes);
  float *colors = segmentation->colors = calloc(count * color_stride, sizeof *colors);
  float *textures = segmentation->textures = calloc(count * texture_stride, sizeof *textures);
  if (segmentation->sizes == NULL || segmentation->boxes == NULL || colors == NULL || textures == NULL) return -1;
  for (size_t i = 0; i < count; i++) segmentation->boxes[i] = (zv_box){(int32_t)width, (int32_t)height, 0, 0};
  for (size_t y = 0; y < height; y++) {
    for (size_t x = 0; x < width; x++) {
      zv_box *box = segmentation->boxes + labels[y * width + x];
      segmentation->sizes[labels[y * width + x]]++;
      if (box->left > (int32_t)x) box->left = (int32_t)x;
      if (box->top > (int32_t)y) box->top = (int32_t)y;
      if (box->right <= (int32_t)x) box->right = (int32_t)x + 1;
      box->bottom = (int32_t)y + 1;
    }
  }
  for (size_t channel = 0; channel < space->channels; channel++) {
    const uint8_t *plane = space->planes[channel];
    float *into = colors + channel * ZV_COLOR_BINS;
    for (size_t i = 0; i < pixels; i++) {
      into[(size_t)labels[i] * color_stride + (size_t)(plane[i] * ZV_COLOR_BINS >> 8)] += 1;
    }
    for (size_t direction = 0; direction < ZV_DIRECTIONS; direction++) {
      const uint8_t *bins = space->textures[channel] + direction * pixels;
      into = textures + (channel * ZV_DIRECTIONS + direction) * ZV_TEXTURE_BINS;
      for (size_t i = 0; i < pixels; i++) into[(size_t)labels[i] * texture_stride + bins[i]] += 1;
    }
  }
  for (size_t i = 0; i < count; i++) {
    float share = 1 / ((float)segmentation->sizes[i] * (float)space->channels);
    for (size_t bin = 0; bin < color_stride; bin++) colors[i * color_stride + bin] *= share;
    for (size_t bin = 0; bin < texture_stride; bin++) textures[i * texture_stride + bin] *= share / ZV_DIRECTIONS;
  }
  return find_pairs(height, width, segmentation);
}
