/* float16 and bfloat16 to and from float32, rounding to nearest even. */
#include <string.h>

#include "vector_kernels.h"

float zs_half_to_float(uint16_t bits) {
  uint32_t sign = (uint32_t)(bits & 0x8000) << 16, exponent = bits >> 10 & 31, fraction = bits & 1023;
  uint32_t word;
  if (exponent == 31) word = sign | 0x7f800000 | fraction << 13;
  else if (exponent != 0) word = sign | (exponent + 112) << 23 | fraction << 13;
  else {
    float value = (float)fraction * 5.9604644775390625e-8f;
    memcpy(&word, &value, 4);
    word |= sign;
  }
  float value;
  memcpy(&value, &word, 4);
  return value;
}

uint16_t zs_float_to_half(float value) {
  uint32_t word;
  memcpy(&word, &value, 4);
  uint16_t sign = word >> 16 & 0x8000;
  word &= 0x7fffffff;
  if (word > 0x7f800000) return sign | 0x7e00;
  if (word >= 0x477ff000) return sign | 0x7c00;
  if (word < 0x38800000) {
    /* Subnormal: the addition rounds at the last place that a float16 has. */
    float magnitude;
    memcpy(&magnitude, &word, 4);
    magnitude += 0.5f;
    memcpy(&word, &magnitude, 4);
    return sign | (uint16_t)(word - 0x3f000000);
  }
  word += 0xc8000fff + (word >> 13 & 1);
  return sign | (uint16_t)(word >> 13);
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
