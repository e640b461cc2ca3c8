/* Weighted sums along one axis, which is what interpolation does axis by axis. */
#include "standard_kernels.h"

#define RESAMPLE(number, T)                                                                                            \
  static void resample_##number(const T *x, T *y, size_t length, size_t inner, size_t resized, const int64_t *starts, \
                                const int64_t *places, const double *weights, size_t first, size_t end) {              \
    for (size_t row = first; row < end; row++) {                                                                       \
      const size_t outer = row / resized, place = row % resized;                                                       \
      const T *from = x + outer * length * inner;                                                                      \
      T *to = y + row * inner;                                                                                         \
      const int64_t begin = starts[place], stop = starts[place + 1];                                                   \
      if (inner == 1) {                                                                                                \
        T sum = 0;                                                                                                     \
        for (int64_t t = begin; t < stop; t++) sum += (T)weights[t] * from[places[t]];                                 \
        *to = sum;                                                                                                     \
        continue;                                                                                                      \
      }                                                                                                                \
      for (size_t i = 0; i < inner; i++) to[i] = 0;                                                                    \
      int64_t t = begin;                                                                                               \
      for (; t + 2 <= stop; t += 2) {                                                                                  \
        const T *a = from + (size_t)places[t] * inner, *b = from + (size_t)places[t + 1] * inner;                      \
        const T u = (T)weights[t], v = (T)weights[t + 1];                                                              \
        for (size_t i = 0; i < inner; i++) to[i] += u * a[i] + v * b[i];                                               \
      }                                                                                                                \
      for (; t < stop; t++) {                                                                                          \
        const T *a = from + (size_t)places[t] * inner;                                                                 \
        const T u = (T)weights[t];                                                                                     \
        for (size_t i = 0; i < inner; i++) to[i] += u * a[i];                                                          \
      }                                                                                                                \
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
