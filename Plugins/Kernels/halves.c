/* float16 and bfloat16 to and from float32, rounding to nearest even. */
#include <string.h>

#include "vector_kernels.h"

/* Without branches, so that loops of them become vectors. */
static inline uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}
static inline float number_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

float zs_half_to_float(uint16_t bits) {
  const uint32_t magnitude = bits & 0x7fff;
  /* Exponents of float32 begin 112 lower; what is subnormal here is the rest of a normal number there. */
  const uint32_t small = bits_of(number_of(0x38800000 + (magnitude << 13)) - 0x1p-14f);
  const uint32_t finite = magnitude < 0x400 ? small : (magnitude << 13) + 0x38000000;
  return number_of((uint32_t)(bits & 0x8000) << 16 | (magnitude >= 0x7c00 ? 0x7f800000 | magnitude << 13 : finite));
}

uint16_t zs_float_to_half(float value) {
  const uint32_t word = bits_of(value), magnitude = word & 0x7fffffff;
  /* Subnormal: the addition rounds at the last place that a float16 has. */
  const uint32_t small = bits_of(number_of(magnitude) + 0.5f) - 0x3f000000;
  uint32_t half = (magnitude + 0xc8000fff + (magnitude >> 13 & 1)) >> 13;
  half = magnitude < 0x38800000 ? small : half;
  half = magnitude >= 0x477ff000 ? 0x7c00 : half;
  half = magnitude > 0x7f800000 ? 0x7e00 : half;
  return (uint16_t)(half | (word >> 16 & 0x8000));
}

void zs_halves_to_floats(const uint16_t *x, float *y, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] = zs_half_to_float(x[i]);
}

void zs_floats_to_halves(const float *x, uint16_t *y, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] = zs_float_to_half(x[i]);
}

void zs_bfloats_to_floats(const uint16_t *x, float *y, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t word = (uint32_t)x[i] << 16;
    memcpy(y + i, &word, 4);
  }
}

void zs_floats_to_bfloats(const float *x, uint16_t *y, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t word;
    memcpy(&word, x + i, 4);
    if ((word & 0x7fffffff) > 0x7f800000) y[i] = (uint16_t)(word >> 16 | 0x40);
    else y[i] = (uint16_t)((word + 0x7fff + (word >> 16 & 1)) >> 16);
  }
}
