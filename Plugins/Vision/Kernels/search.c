/* Selective search (Uijlings et al. 2013): groupings by several strategies, their boxes ranked. */
#include <string.h>

#include "search.h"

/* The strategies. OpenCV contrib has the same. (In quality mode, the paper has the hue in place of blue.) */
static const zv_color_space fast_spaces[] = {ZV_HSV, ZV_LAB};
static const zv_color_space quality_spaces[] = {ZV_HSV, ZV_LAB, ZV_GREY, ZV_BLUE, ZV_RGI};
static const int strategies[ZV_MOST_STRATEGIES] = {
  ZV_BY_COLOR | ZV_BY_TEXTURE | ZV_BY_SIZE | ZV_BY_FILL, ZV_BY_TEXTURE | ZV_BY_SIZE | ZV_BY_FILL, ZV_BY_FILL,
  ZV_BY_SIZE};

enum { SHRINK, PREPARE, SEGMENT, GROUP, PHASES };
enum { BANDS = 16 };

struct zv_search {
  const float *picture;
  size_t full_height, full_width, height, width;
  zv_search_options options;
  const zv_kernels *kernels;
  size_t space_count, segmentation_count, strategy_count;
  uint8_t *rgb;
  zv_space spaces[ZV_MOST_SPACES];
  zv_segmentation segmentations[ZV_MOST_SPACES][ZV_MOST_SEGMENTATIONS];
  zv_hierarchy hierarchies[ZV_MOST_SPACES][ZV_MOST_SEGMENTATIONS][ZV_MOST_STRATEGIES];
};

zv_search *zv_search_new(
  const float *picture, size_t height, size_t width, const zv_search_options *options, const zv_kernels *kernels) {
  zv_search *search = calloc(1, sizeof *search);
  if (search == NULL) return NULL;
  search->picture = picture;
  search->full_height = height;
  search->full_width = width;
  search->height = options->height;
  search->width = options->width;
  search->options = *options;
  search->kernels = kernels;
  search->space_count = options->quality ? 5 : 2;
  search->segmentation_count = options->quality ? 5 : 3;
  search->strategy_count = options->quality ? 4 : 2;
  size_t pixels = search->height * search->width;
  int complete = (search->rgb = malloc(3 * pixels)) != NULL;
  for (size_t i = 0; i < search->space_count; i++) {
    zv_space *space = search->spaces + i;
    space->kind = options->quality ? quality_spaces[i] : fast_spaces[i];
    space->channels = zv_space_channels(space->kind);
    for (size_t channel = 0; channel < space->channels; channel++) {
      complete &= (space->planes[channel] = malloc(pixels)) != NULL;
      complete &= (space->textures[channel] = malloc(ZV_DIRECTIONS * pixels)) != NULL;
    }
  }
  if (complete) return search;
  zv_search_free(search);
  return NULL;
}

void zv_search_free(zv_search *search) {
  for (size_t i = 0; i < ZV_MOST_SPACES; i++) {
    for (size_t channel = 0; channel < ZV_MOST_CHANNELS; channel++) {
      free(search->spaces[i].planes[channel]);
      free(search->spaces[i].textures[channel]);
    }
    free(search->spaces[i].edges);
    for (size_t j = 0; j < ZV_MOST_SEGMENTATIONS; j++) {
      zv_segmentation *segmentation = &search->segmentations[i][j];
      free(segmentation->labels);
      free(segmentation->sizes);
      free(segmentation->boxes);
      free(segmentation->colors);
      free(segmentation->textures);
      free(segmentation->pairs);
      for (size_t k = 0; k < ZV_MOST_STRATEGIES; k++) {
        free(search->hierarchies[i][j][k].boxes);
        free(search->hierarchies[i][j][k].levels);
      }
    }
  }
  free(search->rgb);
  free(search);
}

size_t zv_search_phase_count(void) { return PHASES; }

size_t zv_search_task_count(const zv_search *search, size_t phase) {
  switch (phase) {
  case SHRINK: return BANDS;
  case PREPARE: return search->space_count * (1 + ZV_MOST_CHANNELS);
  case SEGMENT: return search->space_count * search->segmentation_count;
  case GROUP: return search->space_count * search->segmentation_count * search->strategy_count;
  default: return 0;
  }
}

int zv_search_run(zv_search *search, size_t phase, size_t task) {
  size_t height = search->height, width = search->width;
  switch (phase) {
  case SHRINK: {
    size_t first = height * task / BANDS, end = height * (task + 1) / BANDS;
    zv_shrink(
      search->picture, search->full_height, search->full_width, search->rgb, height, width, first, end);
    for (size_t i = 0; i < search->space_count; i++) {
      zv_space *space = search->spaces + i;
      zv_convert(search->rgb, height * width, space->kind, space->planes, first * width, end * width);
    }
    return 0;
  }
  case PREPARE: {
    /* The edges of all spaces first: they take longest. */
    zv_space *space = search->spaces + task % search->space_count;
    size_t part = task / search->space_count;
    if (part == 0) return zv_make_edges(space, height, width, search->options.sigma);
    if (part > space->channels) return 0;
    return zv_texture(space->planes[part - 1], height, width, space->textures[part - 1]);
  }
  case SEGMENT: {
    size_t i = task % search->space_count, j = task / search->space_count;
    zv_segmentation *segmentation = &search->segmentations[i][j];
    float k = search->options.k + (float)j * search->options.k_step;
    int32_t smallest = search->options.smallest_region;
    if (zv_segment(search->spaces + i, height, width, k, smallest, segmentation) != 0) return -1;
    return zv_describe(search->spaces + i, height, width, segmentation);
  }
  case GROUP: {
    size_t i = task % search->space_count, j = task / search->space_count % search->segmentation_count;
    size_t strategy = task / search->space_count / search->segmentation_count;
    return zv_group(
      &search->segmentations[i][j], height * width, strategies[strategy], search->kernels,
      &search->hierarchies[i][j][strategy]);
  }
  default: return 0;
  }
}

typedef struct ranked_box {
  float rank;
  uint32_t number;
  zv_box box;
} ranked_box;

static int compare_boxes(const void *left, const void *right) {
  const ranked_box *a = left, *b = right;
  const int32_t *x = &a->box.left, *y = &b->box.left;
  for (int i = 0; i < 4; i++) {
    if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
  }
  return a->rank < b->rank ? -1 : a->rank > b->rank;
}

static int compare_ranks(const void *left, const void *right) {
  const ranked_box *a = left, *b = right;
  if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
  return a->number < b->number ? -1 : a->number > b->number;
}

/* A number from 0 to 1 that looks like a random one (Steele et al. 2014, SplitMix). */
static float scattered(uint64_t number) {
  number = (number + 1) * 0x9e3779b97f4a7c15u;
  number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9u;
  number = (number ^ number >> 27) * 0x94d049bb133111ebu;
  return (float)((number ^ number >> 31) >> 40) * 0x1p-24f;
}

/* Section 3.3: boxes are ranked by how many joins they are away from the ends of their hierarchies, times a random
   number, so that neither small nor large ones all come first. As OpenCV contrib does, from the small end. Writes the
   boxes in that order to `boxes`, each once, and returns their number. */
static size_t rank_boxes(const zv_search *search, float scale_x, float scale_y, ranked_box *boxes) {
  size_t count = 0;
  uint64_t number = 0;
  for (size_t i = 0; i < search->space_count; i++) {
    for (size_t j = 0; j < search->segmentation_count; j++) {
      for (size_t k = 0; k < search->strategy_count; k++) {
        const zv_hierarchy *hierarchy = &search->hierarchies[i][j][k];
        for (size_t l = 0; l < hierarchy->count; l++) {
          zv_box box = hierarchy->boxes[l];
          float wide = (float)(box.right - box.left) * scale_x, tall = (float)(box.bottom - box.top) * scale_y;
          float rank = scattered(number++) * (float)hierarchy->levels[l];
          if ((wide < tall ? wide : tall) < search->options.smallest_side) continue;
          if ((wide > tall ? wide : tall) > search->options.largest_side) continue;
          boxes[count++] = (ranked_box){rank, 0, box};
        }
      }
    }
  }
  qsort(boxes, count, sizeof *boxes, compare_boxes);
  size_t unique = 0;
  for (size_t i = 0; i < count; i++) {
    if (unique > 0 && memcmp(&boxes[unique - 1].box, &boxes[i].box, sizeof boxes[i].box) == 0) continue;
    boxes[unique] = boxes[i];
    boxes[unique].number = (uint32_t)unique;
    unique++;
  }
  qsort(boxes, unique, sizeof *boxes, compare_ranks);
  return unique;
}

static int nearly_equal(zv_box a, zv_box b) {
  int32_t left = a.left > b.left ? a.left : b.left, right = a.right < b.right ? a.right : b.right;
  int32_t top = a.top > b.top ? a.top : b.top, bottom = a.bottom < b.bottom ? a.bottom : b.bottom;
  if (left >= right || top >= bottom) return 0;
  float both = (float)(right - left) * (float)(bottom - top);
  float either = (float)(a.right - a.left) * (float)(a.bottom - a.top) - both
                 + (float)(b.right - b.left) * (float)(b.bottom - b.top);
  return both > 0.8f * either;
}

/* Strategies find most objects several times. Boxes that are nearly equal to one before them come after all others,
   so that the first few show as many things as possible. `late` has room for all boxes. */
static void put_repeats_last(ranked_box *boxes, size_t count, size_t most, ranked_box *late) {
  size_t kept = 0, repeats = 0;
  for (size_t i = 0; i < count && kept < most; i++) {
    size_t j = 0;
    while (j < kept && !nearly_equal(boxes[j].box, boxes[i].box)) j++;
    if (j == kept) {
      boxes[kept++] = boxes[i];
    } else {
      late[repeats++] = boxes[i];
    }
  }
  if (kept < most) memcpy(boxes + kept, late, repeats * sizeof *late);
}

ptrdiff_t zv_search_boxes(zv_search *search, float *output, size_t most) {
  size_t total = 0;
  for (size_t i = 0; i < search->space_count; i++) {
    for (size_t j = 0; j < search->segmentation_count; j++) {
      for (size_t k = 0; k < search->strategy_count; k++) total += search->hierarchies[i][j][k].count;
    }
  }
  ranked_box *boxes = malloc(2 * (total + 1) * sizeof *boxes);
  if (boxes == NULL) return -1;
  float scale_x = (float)search->full_width / (float)search->width;
  float scale_y = (float)search->full_height / (float)search->height;
  size_t count = rank_boxes(search, scale_x, scale_y, boxes);
  put_repeats_last(boxes, count, most, boxes + total + 1);
  if (count > most) count = most;
  for (size_t i = 0; i < count; i++) {
    zv_box box = boxes[i].box;
    float *to = output + 4 * i;
    to[0] = (float)box.left * scale_x;
    to[1] = (float)box.top * scale_y;
    to[2] = (float)box.right * scale_x;
    to[3] = (float)box.bottom * scale_y;
  }
  free(boxes);
  return (ptrdiff_t)count;
}
