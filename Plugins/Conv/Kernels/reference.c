/* Convolution and pooling of any plain tensor, for rare element types and shapes: simple, in double precision. */
#include <math.h>
#include <string.h>

#include "kernels.h"
#include "taps.h"

static double half_value(uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double sign = bits >> 15 ? -1 : 1;
  if (exponent == 31) return fraction ? (double)NAN : sign * (double)INFINITY;
  if (exponent == 0) return sign * ldexp(fraction, -24);
  return sign * ldexp(1024 + fraction, exponent - 25);
}

static uint16_t half_bits(double value) {
  const uint16_t sign = signbit(value) ? 0x8000 : 0;
  if (isnan(value)) return 0x7e00;
  const double size = fabs(value);
  if (size >= 65520) return sign | 0x7c00;
  if (size < 0x1p-14) return (uint16_t)(sign | (uint16_t)nearbyint(size * 0x1p24));
  int exponent;
  const double fraction = frexp(size, &exponent); /* in 0.5 ..< 1 */
  /* Rounding up to the next power of two carries into the exponent, as it should. */
  return (uint16_t)(sign | (((exponent + 13) << 10) + (int)nearbyint(fraction * 2048)));
}

static double element(int32_t type, const void *data, int64_t index) {
  switch (type) {
  case CONV_FLOAT64: return ((const double *)data)[index];
  case CONV_UINT8: return ((const uint8_t *)data)[index];
  case CONV_INT8: return ((const int8_t *)data)[index];
  case CONV_FLOAT16: return half_value(((const uint16_t *)data)[index]);
  case CONV_BFLOAT16: {
    const uint32_t bits = (uint32_t)((const uint16_t *)data)[index] << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
  }
  default: return ((const float *)data)[index];
  }
}

static void set_element(int32_t type, void *data, int64_t index, double value) {
  switch (type) {
  case CONV_FLOAT64: ((double *)data)[index] = value; break;
  case CONV_UINT8: ((uint8_t *)data)[index] = (uint8_t)value; break;
  case CONV_INT8: ((int8_t *)data)[index] = (int8_t)value; break;
  case CONV_FLOAT16: ((uint16_t *)data)[index] = half_bits(value); break;
  case CONV_BFLOAT16: {
    const float single = (float)value;
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    ((uint16_t *)data)[index] = (uint16_t)(isnan(value) ? 0x7fc0 : rounded);
    break;
  }
  default: ((float *)data)[index] = (float)value; break;
  }
}

void conv_reference(const conv_shape *shape, int32_t type, conv_epilogue epilogue, const void *input,
                    const void *weights, const void *bias, const void *residual, void *output, int64_t task) {
  const conv_window *w = &shape->window;
  const int64_t channels = shape->groups * shape->out_channels, channel = task % channels, image = task / channels;
  const int64_t group = channel / shape->out_channels;
  const int64_t in_plane = w->in[0] * w->in[1] * w->in[2], kernel = w->kernel[0] * w->kernel[1] * w->kernel[2];
  const zs_kernels *kernels = zs_kernels_for(0, 0, 0);
  int64_t at = task * w->out[0] * w->out[1] * w->out[2];
  for (int64_t z = 0; z < w->out[0]; z++) {
    const tap_range d = tap_range_of(w, 0, z);
    for (int64_t y = 0; y < w->out[1]; y++) {
      const tap_range h = tap_range_of(w, 1, y);
      for (int64_t x = 0; x < w->out[2]; x++, at++) {
        const tap_range c = tap_range_of(w, 2, x);
        double sum = bias ? element(type, bias, channel) : 0;
        for (int64_t i = 0; i < shape->in_channels; i++) {
          const int64_t plane = ((image * shape->groups + group) * shape->in_channels + i) * in_plane;
          for (int64_t kz = d.first; kz < d.last; kz++) {
            for (int64_t ky = h.first; ky < h.last; ky++) {
              const int64_t line = plane + ((d.start + kz * w->dilation[0]) * w->in[1] + h.start +
                                            ky * w->dilation[1]) * w->in[2];
              const int64_t row = ((channel * shape->in_channels + i) * kernel) +
                                  (kz * w->kernel[1] + ky) * w->kernel[2];
              for (int64_t kx = c.first; kx < c.last; kx++) {
                sum += element(type, input, line + c.start + kx * w->dilation[2]) * element(type, weights, row + kx);
              }
            }
          }
        }
        if (epilogue.residual == CONV_RESIDUAL_BEFORE_ACTIVATION) sum += element(type, residual, at);
        if (epilogue.activation != ZS_IDENTITY) {
          float value = (float)sum;
          kernels->unary(epilogue.activation, &value, &value, 1, epilogue.a, epilogue.b);
          sum = value;
        }
        if (epilogue.residual == CONV_RESIDUAL_AFTER_ACTIVATION) sum += element(type, residual, at);
        set_element(type, output, at, sum);
      }
    }
  }
}

void pool_plane(const pool_shape *shape, int32_t type, const void *input, void *output, int64_t *indices,
                int64_t plane) {
  const conv_window *w = &shape->window;
  const int64_t in_base = plane * w->in[0] * w->in[1] * w->in[2];
  const double lowest = type == CONV_UINT8 ? 0 : type == CONV_INT8 ? -128 : -(double)INFINITY;
  int64_t at = plane * w->out[0] * w->out[1] * w->out[2];
  for (int64_t z = 0; z < w->out[0]; z++) {
    const tap_range d = tap_range_of(w, 0, z);
    for (int64_t y = 0; y < w->out[1]; y++) {
      const tap_range h = tap_range_of(w, 1, y);
      for (int64_t x = 0; x < w->out[2]; x++, at++) {
        const tap_range c = tap_range_of(w, 2, x);
        double result = shape->kind == POOL_MAX ? lowest : 0;
        int64_t best = -1;
        for (int64_t i = d.first; i < d.last; i++) {
          for (int64_t j = h.first; j < h.last; j++) {
            for (int64_t k = c.first; k < c.last; k++) {
              const int64_t zz = d.start + i * w->dilation[0], yy = h.start + j * w->dilation[1],
                            xx = c.start + k * w->dilation[2];
              const double value = element(type, input, in_base + (zz * w->in[1] + yy) * w->in[2] + xx);
              if (shape->kind == POOL_MAX) {
                if (best >= 0 && !(value > result)) continue;
                result = value;
                best = in_base + (shape->column_major ? zz + w->in[0] * (yy + w->in[1] * xx)
                                                      : (zz * w->in[1] + yy) * w->in[2] + xx);
              } else if (shape->kind == POOL_AVERAGE) {
                result += value;
              } else {
                result += pow(fabs(value), shape->p);
              }
            }
          }
        }
        if (shape->kind == POOL_AVERAGE) {
          const int64_t count = pool_count(shape, d, h, c);
          if (count > 0) result /= (double)count;
        } else if (shape->kind == POOL_LP) {
          result = pow(result, 1 / shape->p);
        }
        set_element(type, output, at, result);
        if (indices) indices[at] = best < 0 ? in_base : best;
      }
    }
  }
}
