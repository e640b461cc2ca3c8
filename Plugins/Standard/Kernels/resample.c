/* Weighted sums along one axis, which is what interpolation does axis by axis. */
#include "standard_kernels.h"

/* Places [first, end) of a row; two taps each are what interpolation has. */
#define RESAMPLE(number, T)                                                                                            \
  static void resample_row_##number(const T *x, T *y, const int64_t *starts, const int64_t *places,                    \
                                    const double *weights, size_t first, size_t end) {                                 \
    for (size_t place = first; place < end; place++) {                                                                 \
      const int64_t begin = starts[place], stop = starts[place + 1];                                                   \
      T sum = 0;                                                                                                       \
      if (stop - begin == 2) sum = (T)weights[begin] * x[places[begin]] + (T)weights[begin + 1] * x[places[begin + 1]];\
      else for (int64_t t = begin; t < stop; t++) sum += (T)weights[t] * x[places[t]];                                 \
      y[place] = sum;                                                                                                  \
    }                                                                                                                  \
  }                                                                                                                    \
  static void resample_slice_##number(const T *x, T *y, size_t inner, const int64_t *starts, const int64_t *places,    \
                                      const double *weights, size_t place) {                                           \
    const int64_t begin = starts[place], stop = starts[place + 1];                                                     \
    for (int64_t t = begin; t < stop; t += 2) {                                                                        \
      const int is_pair = t + 1 < stop;                                                                                \
      const T *a = x + (size_t)places[t] * inner, *b = is_pair ? x + (size_t)places[t + 1] * inner : a;                \
      const T u = (T)weights[t], v = is_pair ? (T)weights[t + 1] : 0;                                                  \
      if (t == begin && is_pair)                                                                                       \
        for (size_t i = 0; i < inner; i++) y[i] = u * a[i] + v * b[i];                                                 \
      else if (t == begin)                                                                                             \
        for (size_t i = 0; i < inner; i++) y[i] = u * a[i];                                                            \
      else if (is_pair)                                                                                                \
        for (size_t i = 0; i < inner; i++) y[i] += u * a[i] + v * b[i];                                                \
      else                                                                                                             \
        for (size_t i = 0; i < inner; i++) y[i] += u * a[i];                                                           \
    }                                                                                                                  \
    if (begin == stop)                                                                                                 \
      for (size_t i = 0; i < inner; i++) y[i] = 0;                                                                     \
  }                                                                                                                    \
  static void resample_##number(const T *x, T *y, size_t length, size_t inner, size_t resized, const int64_t *starts, \
                                const int64_t *places, const double *weights, size_t first, size_t end) {              \
    size_t outer = first / resized, place = first % resized;                                                           \
    for (size_t row = first; row < end;) {                                                                             \
      const size_t stop = resized - place < end - row ? resized : place + end - row;                                   \
      const T *from = x + outer * length * inner;                                                                      \
      T *to = y + outer * resized * inner;                                                                             \
      row += stop - place;                                                                                             \
      if (inner == 1) resample_row_##number(from, to, starts, places, weights, place, stop);                           \
      else for (; place < stop; place++)                                                                               \
        resample_slice_##number(from, to + place * inner, inner, starts, places, weights, place);                      \
      outer++;                                                                                                         \
      place = 0;                                                                                                       \
    }                                                                                                                  \
  }
RESAMPLE(1, float)
RESAMPLE(11, double)

int32_t zs_resample(int32_t type, const void *x, void *y, size_t length, size_t inner, size_t resized,
                    const int64_t *starts, const int64_t *places, const double *weights, size_t first, size_t end) {
  switch (type) {
  case 1: resample_1(x, y, length, inner, resized, starts, places, weights, first, end); return 1;
  case 11: resample_11(x, y, length, inner, resized, starts, places, weights, first, end); return 1;
  default: return 0;
  }
}

/* Points that have as many places as images with two axes give them, which is what most have. */
#define PICK(number, T)                                                                                                \
  static void pick_##number(const T *x, const int32_t *starts, const int32_t *places, const T *weights, size_t count,  \
                            T *y) {                                                                                    \
    for (size_t p = 0; p < count; p++) {                                                                               \
      const int32_t begin = starts[p], end = starts[p + 1];                                                            \
      const int32_t *at = places + begin;                                                                              \
      const T *w = weights + begin;                                                                                    \
      T sum = 0;                                                                                                       \
      if (end - begin == 4) sum = w[0] * x[at[0]] + w[1] * x[at[1]] + w[2] * x[at[2]] + w[3] * x[at[3]];               \
      else for (int32_t t = 0; t < end - begin; t++) sum += w[t] * x[at[t]];                                           \
      y[p] = sum;                                                                                                      \
    }                                                                                                                  \
  }
PICK(1, float)
PICK(11, double)

void zs_pick(int32_t type, const void *x, const int32_t *starts, const int32_t *places, const void *weights,
             size_t count, void *y) {
  if (type == 1) pick_1(x, starts, places, weights, count, y);
  else pick_11(x, starts, places, weights, count, y);
}
