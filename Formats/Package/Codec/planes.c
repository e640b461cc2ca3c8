#include "package_codec.h"

#include <string.h>

// Vector extensions of clang and gcc, so that SSE2, NEON and others get the same source. Elements are little-endian.
typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint16_t words8 __attribute__((vector_size(16)));
typedef uint32_t words4 __attribute__((vector_size(16)));
typedef uint64_t words2 __attribute__((vector_size(16)));

static inline bytes16 load(const uint8_t *from) {
  bytes16 value;
  memcpy(&value, from, sizeof value);
  return value;
}

static inline void store(uint8_t *to, bytes16 value) { memcpy(to, &value, sizeof value); }

// The first and second half of the bytes of `a` and `b` taken in turn; the same for pairs and quadruples of bytes.
static inline bytes16 zip_low_1(bytes16 a, bytes16 b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
static inline bytes16 zip_high_1(bytes16 a, bytes16 b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
static inline bytes16 zip_low_2(bytes16 a, bytes16 b) {
  return (bytes16)__builtin_shufflevector((words8)a, (words8)b, 0, 8, 1, 9, 2, 10, 3, 11);
}
static inline bytes16 zip_high_2(bytes16 a, bytes16 b) {
  return (bytes16)__builtin_shufflevector((words8)a, (words8)b, 4, 12, 5, 13, 6, 14, 7, 15);
}
static inline bytes16 zip_low_4(bytes16 a, bytes16 b) {
  return (bytes16)__builtin_shufflevector((words4)a, (words4)b, 0, 4, 1, 5);
}
static inline bytes16 zip_high_4(bytes16 a, bytes16 b) {
  return (bytes16)__builtin_shufflevector((words4)a, (words4)b, 2, 6, 3, 7);
}

static inline bytes16 rotate_right_2(bytes16 v) { return (bytes16)(((words8)v >> 1) | ((words8)v << 15)); }
static inline bytes16 rotate_right_4(bytes16 v) { return (bytes16)(((words4)v >> 1) | ((words4)v << 31)); }
static inline bytes16 rotate_right_8(bytes16 v) { return (bytes16)(((words2)v >> 1) | ((words2)v << 63)); }

static size_t merge_2(const uint8_t *const *planes, size_t count, bool rotate, uint8_t *elements) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    bytes16 low = load(planes[0] + i), high = load(planes[1] + i);
    bytes16 a = zip_low_1(low, high), b = zip_high_1(low, high);
    store(elements + 2 * i, rotate ? rotate_right_2(a) : a);
    store(elements + 2 * i + 16, rotate ? rotate_right_2(b) : b);
  }
  return i;
}

static size_t merge_4(const uint8_t *const *planes, size_t count, bool rotate, uint8_t *elements) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    bytes16 p0 = load(planes[0] + i), p1 = load(planes[1] + i);
    bytes16 p2 = load(planes[2] + i), p3 = load(planes[3] + i);
    bytes16 low_a = zip_low_1(p0, p1), low_b = zip_high_1(p0, p1);
    bytes16 high_a = zip_low_1(p2, p3), high_b = zip_high_1(p2, p3);
    bytes16 out[4] = {
      zip_low_2(low_a, high_a), zip_high_2(low_a, high_a), zip_low_2(low_b, high_b), zip_high_2(low_b, high_b)
    };
    for (int k = 0; k < 4; k++) store(elements + 4 * i + 16 * k, rotate ? rotate_right_4(out[k]) : out[k]);
  }
  return i;
}

static size_t merge_8(const uint8_t *const *planes, size_t count, bool rotate, uint8_t *elements) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    bytes16 pair[4][2], quad[2][4];
    for (int k = 0; k < 4; k++) {
      bytes16 low = load(planes[2 * k] + i), high = load(planes[2 * k + 1] + i);
      pair[k][0] = zip_low_1(low, high);
      pair[k][1] = zip_high_1(low, high);
    }
    for (int k = 0; k < 2; k++) {
      for (int h = 0; h < 2; h++) {
        quad[k][2 * h] = zip_low_2(pair[2 * k][h], pair[2 * k + 1][h]);
        quad[k][2 * h + 1] = zip_high_2(pair[2 * k][h], pair[2 * k + 1][h]);
      }
    }
    for (int k = 0; k < 4; k++) {
      bytes16 a = zip_low_4(quad[0][k], quad[1][k]), b = zip_high_4(quad[0][k], quad[1][k]);
      store(elements + 8 * i + 32 * k, rotate ? rotate_right_8(a) : a);
      store(elements + 8 * i + 32 * k + 16, rotate ? rotate_right_8(b) : b);
    }
  }
  return i;
}

void zoo_planes_merge(const uint8_t *const *planes, size_t count, unsigned width, bool rotate, uint8_t *elements) {
  size_t done = 0;
  switch (width) {
    case 1: memcpy(elements, planes[0], count); return;
    case 2: done = rotate ? merge_2(planes, count, true, elements) : merge_2(planes, count, false, elements); break;
    case 4: done = rotate ? merge_4(planes, count, true, elements) : merge_4(planes, count, false, elements); break;
    case 8: done = rotate ? merge_8(planes, count, true, elements) : merge_8(planes, count, false, elements); break;
  }
  unsigned top = 8 * width - 1;
  for (size_t i = done; i < count; i++) {
    uint64_t value = 0;
    for (unsigned k = 0; k < width; k++) value |= (uint64_t)planes[k][i] << (8 * k);
    if (rotate) value = value >> 1 | (value & 1) << top;
    for (unsigned k = 0; k < width; k++) elements[i * width + k] = (uint8_t)(value >> (8 * k));
  }
}

// Taking the first and the second half of 16 * width bytes in turn moves the byte at `i` to the place that `i`'s bits
// name when they are rotated by one. Four times, and the lowest bits of an address, which say which byte of its element
// it is, have become the highest: each vector holds one plane.
#define SPLIT(WIDTH, ROTATE_LEFT) \
  static size_t split_##WIDTH(const uint8_t *elements, size_t count, bool rotate, uint8_t *const *planes) { \
    size_t i = 0; \
    for (; i + 16 <= count; i += 16) { \
      bytes16 from[WIDTH], to[WIDTH]; \
      for (int k = 0; k < WIDTH; k++) { \
        from[k] = load(elements + WIDTH * i + 16 * k); \
        if (rotate) from[k] = ROTATE_LEFT(from[k]); \
      } \
      for (int round = 0; round < 4; round++) { \
        for (int k = 0; k < WIDTH / 2; k++) { \
          to[2 * k] = zip_low_1(from[k], from[k + WIDTH / 2]); \
          to[2 * k + 1] = zip_high_1(from[k], from[k + WIDTH / 2]); \
        } \
        memcpy(from, to, sizeof from); \
      } \
      for (int k = 0; k < WIDTH; k++) store(planes[k] + i, from[k]); \
    } \
    return i; \
  }

static inline bytes16 rotate_left_2(bytes16 v) { return (bytes16)(((words8)v << 1) | ((words8)v >> 15)); }
static inline bytes16 rotate_left_4(bytes16 v) { return (bytes16)(((words4)v << 1) | ((words4)v >> 31)); }
static inline bytes16 rotate_left_8(bytes16 v) { return (bytes16)(((words2)v << 1) | ((words2)v >> 63)); }

SPLIT(2, rotate_left_2)
SPLIT(4, rotate_left_4)
SPLIT(8, rotate_left_8)

void zoo_planes_split(const uint8_t *elements, size_t count, unsigned width, bool rotate, uint8_t *const *planes) {
  size_t done = 0;
  switch (width) {
    case 1: memcpy(planes[0], elements, count); return;
    case 2: done = split_2(elements, count, rotate, planes); break;
    case 4: done = split_4(elements, count, rotate, planes); break;
    case 8: done = split_8(elements, count, rotate, planes); break;
  }
  unsigned top = 8 * width - 1;
  for (size_t i = done; i < count; i++) {
    uint64_t value = 0;
    for (unsigned k = 0; k < width; k++) value |= (uint64_t)elements[i * width + k] << (8 * k);
    if (rotate) value = value << 1 | value >> top;
    for (unsigned k = 0; k < width; k++) planes[k][i] = (uint8_t)(value >> (8 * k));
  }
}
