/* Where a convolution of integers finds its input. */
#include "kernels.h"

void conv_places(const conv_window *w, int64_t first, int64_t count, int64_t pixel, int32_t *places, int64_t stride) {
  const int64_t outside = w->in[0] * w->in[1] * w->in[2];
  for (int64_t kz = 0; kz < w->kernel[0]; kz++) {
    for (int64_t ky = 0; ky < w->kernel[1]; ky++) {
      for (int64_t kx = 0; kx < w->kernel[2]; kx++, places += stride) {
        int64_t x = first % w->out[2], y = first / w->out[2] % w->out[1], z = first / w->out[2] / w->out[1];
        for (int64_t i = 0; i < count; i++) {
          const int64_t deep = z * w->stride[0] + kz * w->dilation[0] - w->pad[0];
          const int64_t down = y * w->stride[1] + ky * w->dilation[1] - w->pad[1];
          const int64_t across = x * w->stride[2] + kx * w->dilation[2] - w->pad[2];
          const int inside = deep >= 0 && deep < w->in[0] && down >= 0 && down < w->in[1] && across >= 0 && across < w->in[2];
          places[i] = (int32_t)((inside ? (deep * w->in[1] + down) * w->in[2] + across : outside) * pixel);
          if (++x < w->out[2]) continue;
          x = 0;
          if (++y < w->out[1]) continue;
          y = 0;
          z++;
        }
      }
    }
  }
}
