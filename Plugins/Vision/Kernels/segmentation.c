/* Segmentation of pictures as graphs (Felzenszwalb and Huttenlocher 2004). */
#include <math.h>
#include <string.h>

#include "search.h"

void zv_sort(uint64_t *keys, uint64_t *scratch, size_t count, unsigned low, unsigned high) {
  enum { BITS = 11 };
  uint64_t *from = keys, *to = scratch;
  for (unsigned shift = low; shift < high; shift += BITS) {
    unsigned bits = high - shift < BITS ? high - shift : BITS;
    uint64_t mask = ((uint64_t)1 << bits) - 1;
    size_t places[1 << BITS] = {0};
    for (size_t i = 0; i < count; i++) places[from[i] >> shift & mask]++;
    size_t sum = 0;
    for (size_t i = 0; i <= mask; i++) {
      size_t here = places[i];
      places[i] = sum;
      sum += here;
    }
    for (size_t i = 0; i < count; i++) to[places[from[i] >> shift & mask]++] = from[i];
    uint64_t *other = from;
    from = to;
    to = other;
  }
  if (from != keys) memcpy(keys, from, count * sizeof *keys);
}

/* Blurs one channel: a Gaussian of 4 sigma to each side, rows and then columns. */
static int blur(const uint8_t *plane, size_t height, size_t width, float sigma, float *output) {
  size_t radius = sigma > 0 ? (size_t)(sigma * 4 + 0.5f) : 0;
  float *taps = malloc((2 * radius + 1) * sizeof *taps), *line = malloc((width + 2 * radius) * sizeof *line);
  float *rows = malloc(height * width * sizeof *rows);
  int status = -1;
  if (taps == NULL || line == NULL || rows == NULL) goto end;
  float sum = 0;
  for (size_t i = 0; i <= 2 * radius; i++) {
    float distance = (float)i - (float)radius;
    sum += taps[i] = radius > 0 ? expf(-distance * distance / (2 * sigma * sigma)) : 1;
  }
  for (size_t i = 0; i <= 2 * radius; i++) taps[i] /= sum;
  for (size_t row = 0; row < height; row++) {
    const uint8_t *from = plane + row * width;
    for (size_t x = 0; x < width + 2 * radius; x++) line[x] = from[zv_mirrored((ptrdiff_t)(x - radius), width)];
    float *to = rows + row * width;
    memset(to, 0, width * sizeof *to);
    for (size_t tap = 0; tap <= 2 * radius; tap++) {
      for (size_t x = 0; x < width; x++) to[x] += taps[tap] * line[x + tap];
    }
  }
  for (size_t row = 0; row < height; row++) {
    float *to = output + row * width;
    memset(to, 0, width * sizeof *to);
    for (size_t tap = 0; tap <= 2 * radius; tap++) {
      const float *from = rows + zv_mirrored((ptrdiff_t)(row + tap - radius), height) * width;
      for (size_t x = 0; x < width; x++) to[x] += taps[tap] * from[x];
    }
  }
  status = 0;
end:
  free(taps);
  free(line);
  free(rows);
  return status;
}

/* A pixel's neighbours to the right and below; the others see it from their side. (The paper has the diagonal ones too;
   OpenCV contrib has these.) */
enum { NEIGHBORS = 2 };
static const int step_x[NEIGHBORS] = {1, 0}, step_y[NEIGHBORS] = {0, 1};

int zv_make_edges(zv_space *space, size_t height, size_t width, float sigma) {
  size_t pixels = height * width, count = 0;
  float *smooth = malloc(space->channels * pixels * sizeof *smooth), *squares = malloc(width * sizeof *squares);
  uint64_t *edges = malloc(NEIGHBORS * pixels * sizeof *edges), *scratch = malloc(NEIGHBORS * pixels * sizeof *scratch);
  int status = -1;
  if (smooth == NULL || squares == NULL || edges == NULL || scratch == NULL) goto end;
  for (size_t channel = 0; channel < space->channels; channel++) {
    if (blur(space->planes[channel], height, width, sigma, smooth + channel * pixels) != 0) goto end;
  }
  for (size_t y = 0; y < height; y++) {
    for (size_t direction = 0; direction < NEIGHBORS; direction++) {
      if (step_y[direction] == 1 && y + 1 == height) continue;
      size_t end = step_x[direction] > 0 ? width - 1 : width;
      ptrdiff_t step = step_y[direction] * (ptrdiff_t)width + step_x[direction];
      for (size_t x = 0; x < end; x++) squares[x] = 0;
      for (size_t channel = 0; channel < space->channels; channel++) {
        const float *here = smooth + channel * pixels + y * width, *there = here + step;
        for (size_t x = 0; x < end; x++) squares[x] += (here[x] - there[x]) * (here[x] - there[x]);
      }
      for (size_t x = 0; x < end; x++) {
        float weight = sqrtf(squares[x]);
        uint32_t bits; /* of a float that is not negative: they order as it does */
        memcpy(&bits, &weight, 4);
        edges[count++] = (uint64_t)bits << 32 | ((y * width + x) * NEIGHBORS + direction);
      }
    }
  }
  zv_sort(edges, scratch, count, 32, 64);
  space->edges = edges;
  space->edge_count = count;
  edges = NULL;
  status = 0;
end:
  free(smooth);
  free(squares);
  free(edges);
  free(scratch);
  return status;
}

static inline uint32_t root(uint32_t *parents, uint32_t pixel) {
  while (parents[pixel] != pixel) {
    parents[pixel] = parents[parents[pixel]];
    pixel = parents[pixel];
  }
  return pixel;
}

int zv_segment(const zv_space *space, size_t height, size_t width, float k, int32_t smallest, zv_segmentation *result) {
  size_t pixels = height * width;
  uint32_t *parents = malloc(pixels * sizeof *parents), *sizes = malloc(pixels * sizeof *sizes);
  float *limits = malloc(pixels * sizeof *limits);
  int32_t *labels = malloc(pixels * sizeof *labels);
  int status = -1;
  if (parents == NULL || sizes == NULL || limits == NULL || labels == NULL) goto end;
  for (size_t i = 0; i < pixels; i++) {
    parents[i] = (uint32_t)i;
    sizes[i] = 1;
    limits[i] = k;
  }
  /* First what is alike, then what is too small to stay alone. */
  for (int pass = 0; pass < 2; pass++) {
    for (size_t i = 0; i < space->edge_count; i++) {
      uint32_t place = (uint32_t)space->edges[i], bits = (uint32_t)(space->edges[i] >> 32);
      uint32_t pixel = place / NEIGHBORS, direction = place % NEIGHBORS;
      uint32_t a = root(parents, pixel);
      uint32_t b = root(parents, pixel + (uint32_t)(step_y[direction] * (int)width + step_x[direction]));
      if (a == b) continue;
      float weight;
      memcpy(&weight, &bits, 4);
      if (pass == 0 ? weight > limits[a] || weight > limits[b]
                    : sizes[a] >= (uint32_t)smallest && sizes[b] >= (uint32_t)smallest) continue;
      if (sizes[a] < sizes[b]) {
        uint32_t other = a;
        a = b;
        b = other;
      }
      parents[b] = a;
      sizes[a] += sizes[b];
      limits[a] = weight + k / (float)sizes[a];
    }
  }
  /* Regions are numbered in the order in which their first pixels lie. */
  int32_t count = 0;
  for (size_t i = 0; i < pixels; i++) labels[i] = -1;
  for (size_t i = 0; i < pixels; i++) {
    uint32_t top = root(parents, (uint32_t)i);
    if (labels[top] < 0) labels[top] = count++;
    parents[i] = top;
  }
  /* From here on the sizes hold the numbers. */
  for (size_t i = 0; i < pixels; i++) sizes[i] = (uint32_t)labels[parents[i]];
  result->labels = (int32_t *)sizes;
  result->count = (size_t)count;
  sizes = NULL;
  status = 0;
end:
  free(parents);
  free(sizes);
  free(limits);
  free(labels);
  return status;
}
