/* The way back of a convolution's window: what one tap gives to the positions that it sees. */
#include "kernels.h"

/* The first and the end of the positions i of an axis for which 0 <= i * stride + offset < extent. */
static void reached(int64_t positions, int64_t stride, int64_t offset, int64_t extent, int64_t *first, int64_t *end) {
  *first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  *end = offset >= extent ? 0 : (extent - 1 - offset) / stride + 1;
  if (*end > positions) *end = positions;
}

#define SCATTER(name, T)                                                                                               \
  void name(const conv_window *w, int64_t tap, T scale, const T *x, T *y) {                                            \
    const int64_t kx = tap % w->kernel[2], ky = tap / w->kernel[2] % w->kernel[1],                                     \
                  kz = tap / (w->kernel[2] * w->kernel[1]);                                                            \
    const int64_t across = kx * w->dilation[2] - w->pad[2], down = ky * w->dilation[1] - w->pad[1],                    \
                  deep = kz * w->dilation[0] - w->pad[0], step = w->stride[2];                                         \
    int64_t x0, x1, y0, y1, z0, z1;                                                                                    \
    reached(w->in[2], w->stride[2], across, w->out[2], &x0, &x1);                                                      \
    reached(w->in[1], w->stride[1], down, w->out[1], &y0, &y1);                                                        \
    reached(w->in[0], w->stride[0], deep, w->out[0], &z0, &z1);                                                        \
    for (int64_t z = z0; z < z1; z++) {                                                                                \
      for (int64_t row = y0; row < y1; row++) {                                                                        \
        const T *from = x + (z * w->in[1] + row) * w->in[2];                                                           \
        T *to = y + ((z * w->stride[0] + deep) * w->out[1] + row * w->stride[1] + down) * w->out[2];                   \
        if (step == 1) {                                                                                               \
          for (int64_t i = x0; i < x1; i++) to[i + across] += scale * from[i];                                         \
        } else {                                                                                                       \
          for (int64_t i = x0; i < x1; i++) to[i * step + across] += scale * from[i];                                  \
        }                                                                                                              \
      }                                                                                                                \
    }                                                                                                                  \
  }
SCATTER(conv_scatter, float)
SCATTER(conv_scatter_double, double)
