/* Hierarchical grouping (Uijlings et al. 2013, algorithm 1): the two neighbours that are most alike become one region
   until there is only one. */
#include <string.h>

#include "search.h"

typedef struct candidate {
  float similarity;
  int32_t a, b;
} candidate;

/* A binary heap, the most alike on top; of equals, the pair with the lower numbers. */
typedef struct heap {
  candidate *items;
  size_t count, capacity;
} heap;

typedef struct list {
  int32_t *items;
  int32_t count, capacity;
} list;

/* Regions by number: first those of the segmentation, then those that were made of two. */
typedef struct grouping {
  const zv_segmentation *segmentation;
  const zv_kernels *kernels;
  int measures;
  float pixels;
  float *colors, *textures;
  uint8_t *alive;
  int32_t *sizes, *slots, *seen;
  list *neighbors;
  zv_box *boxes;
  int32_t *levels;
} grouping;

static inline int before(candidate a, candidate b) {
  if (a.similarity != b.similarity) return a.similarity > b.similarity;
  return a.a != b.a ? a.a < b.a : a.b < b.b;
}

static void sink(heap *heap, size_t place) {
  candidate item = heap->items[place];
  for (;;) {
    size_t child = 2 * place + 1;
    if (child >= heap->count) break;
    if (child + 1 < heap->count && before(heap->items[child + 1], heap->items[child])) child++;
    if (!before(heap->items[child], item)) break;
    heap->items[place] = heap->items[child];
    place = child;
  }
  heap->items[place] = item;
}

static int push(heap *heap, candidate item, const uint8_t *alive) {
  if (heap->count == heap->capacity) {
    /* What has gone is thrown out first, so that memory follows the pairs that there are. */
    size_t kept = 0;
    for (size_t i = 0; i < heap->count; i++) {
      if (alive[heap->items[i].a] && alive[heap->items[i].b]) heap->items[kept++] = heap->items[i];
    }
    heap->count = kept;
    for (size_t i = kept / 2; i-- > 0;) sink(heap, i);
    if (kept > heap->capacity / 2) {
      candidate *more = realloc(heap->items, 2 * heap->capacity * sizeof *more);
      if (more == NULL) return -1;
      heap->items = more;
      heap->capacity *= 2;
    }
  }
  size_t place = heap->count++;
  while (place > 0 && before(item, heap->items[(place - 1) / 2])) {
    heap->items[place] = heap->items[(place - 1) / 2];
    place = (place - 1) / 2;
  }
  heap->items[place] = item;
  return 0;
}

static candidate pop(heap *heap) {
  candidate top = heap->items[0];
  heap->items[0] = heap->items[--heap->count];
  if (heap->count > 0) sink(heap, 0);
  return top;
}

static int append(list *list, int32_t item, const uint8_t *alive) {
  if (list->count == list->capacity) {
    int32_t kept = 0;
    for (int32_t i = 0; i < list->count; i++) {
      if (alive[list->items[i]]) list->items[kept++] = list->items[i];
    }
    list->count = kept;
    if (kept >= list->capacity / 2) {
      int32_t capacity = list->capacity < 4 ? 8 : 2 * list->capacity;
      int32_t *more = realloc(list->items, (size_t)capacity * sizeof *more);
      if (more == NULL) return -1;
      list->items = more;
      list->capacity = capacity;
    }
  }
  list->items[list->count++] = item;
  return 0;
}

static zv_box joined(zv_box a, zv_box b) {
  return (zv_box){a.left < b.left ? a.left : b.left, a.top < b.top ? a.top : b.top,
                  a.right > b.right ? a.right : b.right, a.bottom > b.bottom ? a.bottom : b.bottom};
}

static float clamped(float value) { return value < 0 ? 0 : value > 1 ? 1 : value; }

/* Section 3.2: the sum of the measures that the strategy takes. */
static float similarity(const grouping *g, int32_t a, int32_t b) {
  float sum = 0, common = (float)g->sizes[a] + (float)g->sizes[b];
  size_t colors = g->segmentation->color_stride, textures = g->segmentation->texture_stride;
  size_t left = (size_t)g->slots[a], right = (size_t)g->slots[b];
  if (g->measures & ZV_BY_COLOR) {
    sum += g->kernels->intersection(g->colors + left * colors, g->colors + right * colors, colors);
  }
  if (g->measures & ZV_BY_TEXTURE) {
    sum += g->kernels->intersection(g->textures + left * textures, g->textures + right * textures, textures);
  }
  if (g->measures & ZV_BY_SIZE) sum += clamped(1 - common / g->pixels);
  if (g->measures & ZV_BY_FILL) {
    zv_box box = joined(g->boxes[a], g->boxes[b]);
    float area = (float)(box.right - box.left) * (float)(box.bottom - box.top);
    sum += clamped(1 - (area - common) / g->pixels);
  }
  return sum;
}

/* Makes region c of a and b. */
static int join(grouping *g, heap *heap, int32_t a, int32_t b, int32_t c) {
  size_t colors = g->segmentation->color_stride, textures = g->segmentation->texture_stride;
  size_t kept = (size_t)g->slots[a], gone = (size_t)g->slots[b];
  g->alive[a] = g->alive[b] = 0;
  g->alive[c] = 1;
  g->slots[c] = g->slots[a];
  g->sizes[c] = g->sizes[a] + g->sizes[b];
  g->boxes[c] = joined(g->boxes[a], g->boxes[b]);
  g->levels[c] = (g->levels[a] > g->levels[b] ? g->levels[a] : g->levels[b]) + 1;
  float share = (float)g->sizes[a] / (float)g->sizes[c];
  if (g->measures & ZV_BY_COLOR) {
    g->kernels->blend(g->colors + kept * colors, g->colors + gone * colors, share, colors);
  }
  if (g->measures & ZV_BY_TEXTURE) {
    g->kernels->blend(g->textures + kept * textures, g->textures + gone * textures, share, textures);
  }
  const int32_t old[2] = {a, b};
  for (int i = 0; i < 2; i++) {
    list *neighbors = g->neighbors + old[i];
    for (int32_t j = 0; j < neighbors->count; j++) {
      int32_t other = neighbors->items[j];
      if (!g->alive[other] || g->seen[other] == c) continue;
      g->seen[other] = c;
      candidate pair = {similarity(g, other, c), other, c};
      if (append(g->neighbors + c, other, g->alive) != 0 || append(g->neighbors + other, c, g->alive) != 0
          || push(heap, pair, g->alive) != 0) return -1;
    }
    free(neighbors->items);
    *neighbors = (list){0};
  }
  return 0;
}

static void *copy_of(const void *source, size_t bytes) {
  void *copy = malloc(bytes);
  return copy == NULL ? NULL : memcpy(copy, source, bytes);
}

int zv_group(
  const zv_segmentation *segmentation, size_t pixels, int measures, const zv_kernels *kernels, zv_hierarchy *result) {
  size_t count = segmentation->count, most = 2 * count;
  grouping g = {.segmentation = segmentation, .kernels = kernels, .measures = measures, .pixels = (float)pixels};
  heap heap = {malloc((2 * segmentation->pair_count + 16) * sizeof(candidate)), 0, 2 * segmentation->pair_count + 16};
  int status = -1;
  if (measures & ZV_BY_COLOR) {
    g.colors = copy_of(segmentation->colors, count * segmentation->color_stride * sizeof *g.colors);
  }
  if (measures & ZV_BY_TEXTURE) {
    g.textures = copy_of(segmentation->textures, count * segmentation->texture_stride * sizeof *g.textures);
  }
  g.alive = calloc(most, 1);
  g.sizes = malloc(most * sizeof *g.sizes);
  g.slots = malloc(most * sizeof *g.slots);
  g.seen = calloc(most, sizeof *g.seen);
  g.neighbors = calloc(most, sizeof *g.neighbors);
  g.boxes = malloc(most * sizeof *g.boxes);
  g.levels = malloc(most * sizeof *g.levels);
  if (heap.items == NULL || (measures & ZV_BY_COLOR && g.colors == NULL)
      || (measures & ZV_BY_TEXTURE && g.textures == NULL) || g.alive == NULL || g.sizes == NULL || g.slots == NULL
      || g.seen == NULL || g.neighbors == NULL || g.boxes == NULL || g.levels == NULL) goto end;
  for (size_t i = 0; i < count; i++) {
    g.alive[i] = 1;
    g.sizes[i] = segmentation->sizes[i];
    g.slots[i] = (int32_t)i;
    g.boxes[i] = segmentation->boxes[i];
    g.levels[i] = 1;
  }
  for (size_t i = 0; i < segmentation->pair_count; i++) {
    int32_t a = (int32_t)(segmentation->pairs[i] >> 32), b = (int32_t)(uint32_t)segmentation->pairs[i];
    candidate pair = {similarity(&g, a, b), a, b};
    if (append(g.neighbors + a, b, g.alive) != 0 || append(g.neighbors + b, a, g.alive) != 0
        || push(&heap, pair, g.alive) != 0) goto end;
  }
  size_t next = count;
  while (heap.count > 0) {
    candidate best = pop(&heap);
    if (!g.alive[best.a] || !g.alive[best.b]) continue;
    if (join(&g, &heap, best.a, best.b, (int32_t)next) != 0) goto end;
    next++;
  }
  *result = (zv_hierarchy){g.boxes, g.levels, next};
  g.boxes = NULL;
  g.levels = NULL;
  status = 0;
end:
  free(heap.items);
  free(g.colors);
  free(g.textures);
  free(g.alive);
  free(g.sizes);
  free(g.slots);
  free(g.seen);
  for (size_t i = 0; g.neighbors != NULL && i < most; i++) free(g.neighbors[i].items);
  free(g.neighbors);
  free(g.boxes);
  free(g.levels);
  return status;
}
