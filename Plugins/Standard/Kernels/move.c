/* Moving elements, whatever they are: only their size matters. */
#include <string.h>

#include "standard_kernels.h"

typedef struct {
  uint64_t low, high;
} sixteen_bytes;

#define COPY_RUN(T)                                                                                                    \
  static void copy_##T(const char *x, T *y, int64_t count, int64_t stride) {                                           \
    for (int64_t i = 0; i < count; i++) y[i] = *(const T *)(x + i * stride);                                           \
  }
COPY_RUN(uint8_t)
COPY_RUN(uint16_t)
COPY_RUN(uint32_t)
COPY_RUN(uint64_t)
COPY_RUN(sixteen_bytes)

static void copy_run(const char *x, char *y, int64_t count, int64_t stride, size_t element_bytes) {
  if (stride == (int64_t)element_bytes) {
    memcpy(y, x, (size_t)count * element_bytes);
    return;
  }
  switch (element_bytes) {
  case 1: copy_uint8_t(x, (uint8_t *)y, count, stride); break;
  case 2: copy_uint16_t(x, (uint16_t *)y, count, stride); break;
  case 4: copy_uint32_t(x, (uint32_t *)y, count, stride); break;
  case 8: copy_uint64_t(x, (uint64_t *)y, count, stride); break;
  case 16: copy_sixteen_bytes(x, (sixteen_bytes *)y, count, stride); break;
  default:
    for (int64_t i = 0; i < count; i++) memcpy(y + (size_t)i * element_bytes, x + i * stride, element_bytes);
  }
}

typedef uint32_t four_words __attribute__((ext_vector_type(4)));
typedef four_words four_words_unaligned __attribute__((aligned(4), may_alias));

/* y[i * columns + j] = x[i] of the vector that begins j strides further, in tiles of 4 by 4. */
static void transpose_words(const char *x, uint32_t *y, int64_t rows, int64_t columns, int64_t stride) {
  int64_t i = 0;
  for (; i + 4 <= rows; i += 4, x += 16, y += 4 * columns) {
    int64_t j = 0;
    for (; j + 4 <= columns; j += 4) {
      four_words v[4];
      for (int k = 0; k < 4; k++) v[k] = *(const four_words_unaligned *)(x + (j + k) * stride);
      const four_words even0 = __builtin_shufflevector(v[0], v[1], 0, 4, 2, 6);
      const four_words odd0 = __builtin_shufflevector(v[0], v[1], 1, 5, 3, 7);
      const four_words even1 = __builtin_shufflevector(v[2], v[3], 0, 4, 2, 6);
      const four_words odd1 = __builtin_shufflevector(v[2], v[3], 1, 5, 3, 7);
      *(four_words_unaligned *)(y + j) = __builtin_shufflevector(even0, even1, 0, 1, 4, 5);
      *(four_words_unaligned *)(y + columns + j) = __builtin_shufflevector(odd0, odd1, 0, 1, 4, 5);
      *(four_words_unaligned *)(y + 2 * columns + j) = __builtin_shufflevector(even0, even1, 2, 3, 6, 7);
      *(four_words_unaligned *)(y + 3 * columns + j) = __builtin_shufflevector(odd0, odd1, 2, 3, 6, 7);
    }
    for (; j < columns; j++)
      for (int k = 0; k < 4; k++) y[k * columns + j] = ((const uint32_t *)(x + j * stride))[k];
  }
  for (; i < rows; i++, x += 4, y += columns) copy_uint32_t(x, y, columns, stride);
}

void zs_copy_strided(const void *x, void *y, int32_t rank, const int64_t *shape, const int64_t *strides,
                     size_t element_bytes, int64_t first, int64_t end) {
  if (rank == 0) {
    memcpy(y, x, element_bytes);
    return;
  }
  if (rank == 1) {
    copy_run((const char *)x + first * strides[0], (char *)y + (size_t)first * element_bytes, end - first, strides[0],
             element_bytes);
    return;
  }
  if (rank == 2 && element_bytes == 4 && strides[0] == 4 && strides[1] != 4) {
    transpose_words((const char *)x + first * 4, (uint32_t *)y + first * shape[1], end - first, shape[1], strides[1]);
    return;
  }
  size_t step = element_bytes;
  for (int32_t d = 1; d < rank; d++) step *= (size_t)shape[d];
  for (int64_t i = first; i < end; i++)
    zs_copy_strided((const char *)x + i * strides[0], (char *)y + (size_t)i * step, rank - 1, shape + 1, strides + 1,
                    element_bytes, 0, shape[1]);
}

/* A loop of its own for each usual size, which makes a move of the copy. */
#define FOR_SIZE(DO, bytes)                                                                                            \
  switch (bytes) {                                                                                                     \
  case 1: DO(1); break;                                                                                                \
  case 2: DO(2); break;                                                                                                \
  case 4: DO(4); break;                                                                                                \
  case 8: DO(8); break;                                                                                                \
  case 16: DO(16); break;                                                                                              \
  default: DO(bytes);                                                                                                  \
  }

#define GATHER(bytes)                                                                                                  \
  for (ptrdiff_t i = 0; i < count; i++) memcpy((char *)y + i * (bytes), (const char *)x + places[i] * (bytes), bytes)

void zs_gather(const void *x, void *y, ptrdiff_t bytes, const ptrdiff_t *places, ptrdiff_t count) {
  FOR_SIZE(GATHER, bytes)
}

#define SCATTER(bytes)                                                                                                 \
  for (ptrdiff_t i = 0; i < count; i++)                                                                                \
    if (places[i] >= first && places[i] < end)                                                                         \
    memcpy((char *)y + places[i] * (bytes), (const char *)x + i * (bytes), bytes)

void zs_scatter(const void *x, void *y, ptrdiff_t bytes, const ptrdiff_t *places, ptrdiff_t count, ptrdiff_t first,
                ptrdiff_t end) {
  FOR_SIZE(SCATTER, bytes)
}

/* One row, in loops that become vectors where the condition runs along it. */
#define SELECT(T)                                                                                                      \
  static void select_##T(const uint8_t *condition, const T *a, const T *b, const ptrdiff_t *steps, T *y,               \
                         ptrdiff_t count) {                                                                            \
    const T left = *a, right = *b;                                                                                     \
    const ptrdiff_t c = steps[0], a_step = steps[1], b_step = steps[2];                                                \
    if (c && a_step && b_step)                                                                                         \
      for (ptrdiff_t i = 0; i < count; i++) y[i] = condition[i] ? a[i] : b[i];                                         \
    else if (c && a_step)                                                                                              \
      for (ptrdiff_t i = 0; i < count; i++) y[i] = condition[i] ? a[i] : right;                                        \
    else if (c && b_step)                                                                                              \
      for (ptrdiff_t i = 0; i < count; i++) y[i] = condition[i] ? left : b[i];                                         \
    else                                                                                                               \
      for (ptrdiff_t i = 0; i < count; i++) y[i] = condition[i * c] ? a[i * a_step] : b[i * b_step];                   \
  }
SELECT(uint8_t) SELECT(uint16_t) SELECT(uint32_t) SELECT(uint64_t) SELECT(sixteen_bytes)

#define SELECT_ROWS(T)                                                                                                 \
  for (ptrdiff_t r = 0; r < rows; r++)                                                                                 \
    select_##T(condition + r * row_steps[0], (const T *)a + r * row_steps[1], (const T *)b + r * row_steps[2], steps,  \
               (T *)y + r * count, count);                                                                             \
  break

void zs_select(const uint8_t *condition, const void *a, const void *b, const ptrdiff_t *row_steps,
               const ptrdiff_t *steps, void *y, size_t element_bytes, ptrdiff_t rows, ptrdiff_t count) {
  switch (element_bytes) {
  case 1: SELECT_ROWS(uint8_t);
  case 2: SELECT_ROWS(uint16_t);
  case 4: SELECT_ROWS(uint32_t);
  case 8: SELECT_ROWS(uint64_t);
  case 16: SELECT_ROWS(sixteen_bytes);
  }
}
