/* Pooling by the kernels of an instruction set. */
#include "kernels.h"

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
