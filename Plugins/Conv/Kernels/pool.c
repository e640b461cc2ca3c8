/* Pooling by the kernels of an instruction set, and of bytes. */
#include <string.h>

#include "kernels.h"
#include "taps.h"

void pool_rows(const pool_shape *shape, int32_t isa, int32_t blocked, const float *input, float *output, int64_t plane,
               int64_t first, int64_t last) {
  const conv_window *w = &shape->window;
  const int64_t unit = blocked ? BLOCK : 1;
  const float *const from = input + plane * w->in[0] * w->in[1] * w->in[2] * unit;
  float *const to = output + plane * w->out[0] * w->out[1] * w->out[2] * unit;
  const kernel_table *const table = conv_table(isa);
  if (blocked) table->pool_blocked(shape, from, to, first, last);
  else table->pool_plain(shape, from, to, first, last);
}

/* The greatest bytes of a row of the output, tap by tap, for elements of `unit` bytes. `flip` makes the order of signed ones
   that of unsigned. */
static inline void pool_byte_row(const conv_window *w, const int64_t unit, uint8_t flip, const uint8_t *input,
                                 uint8_t *output, int64_t row) {
  const tap_range d = tap_range_of(w, 0, row / w->out[1]), h = tap_range_of(w, 1, row % w->out[1]);
  const span met = taps_met(w, 2);
  const int64_t step = w->stride[2] * unit;
  memset(output, 0, (size_t)(w->out[2] * unit));
  for (int64_t i = d.first; i < d.last; i++) {
    for (int64_t j = h.first; j < h.last; j++) {
      const uint8_t *const line = input + row_of_taps(w, d, i, h, j) * w->in[2] * unit;
      for (int64_t k = met.first; k < met.end; k++) {
        const int64_t across = (k * w->dilation[2] - w->pad[2]) * unit;
        const span inside = span_of(w, 2, k);
        for (int64_t x = inside.first; x < inside.end; x++) {
          for (int64_t lane = 0; lane < unit; lane++) {
            const uint8_t value = line[x * step + across + lane] ^ flip, before = output[x * unit + lane];
            output[x * unit + lane] = value > before ? value : before;
          }
        }
      }
    }
  }
  for (int64_t x = 0; x < w->out[2] * unit; x++) output[x] ^= flip;
}

void pool_byte_rows(const pool_shape *shape, int32_t type, int32_t blocked, const uint8_t *input, uint8_t *output,
                    int64_t plane, int64_t first, int64_t last) {
  const conv_window *w = &shape->window;
  const int64_t unit = blocked ? BLOCK : 1;
  const uint8_t flip = type == CONV_INT8 ? 128 : 0;
  input += plane * w->in[0] * w->in[1] * w->in[2] * unit;
  output += plane * w->out[0] * w->out[1] * w->out[2] * unit;
  for (int64_t row = first; row < last; row++) {
    uint8_t *const to = output + row * w->out[2] * unit;
    if (blocked) pool_byte_row(w, BLOCK, flip, input, to, row);
    else pool_byte_row(w, 1, flip, input, to, row);
  }
}
