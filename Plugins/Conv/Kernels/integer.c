/* Convolution of integers from which their zero points are subtracted, with exact sums. */
#include <string.h>

#include "kernels.h"

void conv_integer(const conv_shape *shape, const int32_t *input, const int32_t *weights, int32_t *sums, int64_t task) {
  const conv_window *w = &shape->window;
  const int64_t channels = shape->groups * shape->out_channels, channel = task % channels, image = task / channels;
  const int64_t group = channel / shape->out_channels;
  const int64_t in_plane = w->in[0] * w->in[1] * w->in[2], taps = w->kernel[0] * w->kernel[1] * w->kernel[2];
  memset(sums, 0, (size_t)(w->out[0] * w->out[1] * w->out[2]) * sizeof *sums);
  for (int64_t i = 0; i < shape->in_channels; i++) {
    const int32_t *plane = input + ((image * shape->groups + group) * shape->in_channels + i) * in_plane;
    const int32_t *kernel = weights + (channel * shape->in_channels + i) * taps;
    for (int64_t kz = 0; kz < w->kernel[0]; kz++) {
      for (int64_t ky = 0; ky < w->kernel[1]; ky++) {
        for (int64_t kx = 0; kx < w->kernel[2]; kx++) {
          const int32_t weight = *kernel++;
          if (weight == 0) continue;
          const int64_t step = w->stride[2], across = kx * w->dilation[2] - w->pad[2];
          const int64_t first = across >= 0 ? 0 : (-across + step - 1) / step;
          int64_t end = across >= w->in[2] ? 0 : (w->in[2] - 1 - across) / step + 1;
          if (end > w->out[2]) end = w->out[2];
          for (int64_t z = 0; z < w->out[0]; z++) {
            const int64_t deep = z * w->stride[0] + kz * w->dilation[0] - w->pad[0];
            if (deep < 0 || deep >= w->in[0]) continue;
            for (int64_t y = 0; y < w->out[1]; y++) {
              const int64_t down = y * w->stride[1] + ky * w->dilation[1] - w->pad[1];
              if (down < 0 || down >= w->in[1]) continue;
              const int32_t *from = plane + (deep * w->in[1] + down) * w->in[2] + across;
              int32_t *to = sums + (z * w->out[1] + y) * w->out[2];
              if (step == 1) {
                for (int64_t x = first; x < end; x++) to[x] += weight * from[x];
              } else {
                for (int64_t x = first; x < end; x++) to[x] += weight * from[x * step];
              }
            }
          }
        }
      }
    }
  }
}
