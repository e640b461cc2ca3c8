/* Conversions between numeric types, by way of double and int64 in small pieces. */
#include <math.h>
#include <string.h>

#include "standard_kernels.h"

/* An 8-bit float: sign, `exponent` bits, `fraction` bits. `fnuz`: no infinities, no -0, NaN is 0x80 alone. */
typedef struct small_float {
  int exponent, fraction, bias, fnuz, has_infinity;
} small_float;

static int small_format(int32_t type, small_float *f) {
  switch (type) {
  case 17: *f = (small_float){4, 3, 7, 0, 0}; return 1;
  case 18: *f = (small_float){4, 3, 8, 1, 0}; return 1;
  case 19: *f = (small_float){5, 2, 15, 0, 1}; return 1;
  case 20: *f = (small_float){5, 2, 16, 1, 0}; return 1;
  default: return 0;
  }
}

static float small_to_float(uint8_t bits, const small_float *f) {
  int exponent = bits >> f->fraction & ((1 << f->exponent) - 1), fraction = bits & ((1 << f->fraction) - 1);
  float sign = bits & 0x80 ? -1.0f : 1.0f;
  if (f->fnuz && bits == 0x80) return NAN;
  if (!f->fnuz && !f->has_infinity && (bits & 0x7f) == 0x7f) return NAN;
  if (f->has_infinity && exponent == (1 << f->exponent) - 1) return fraction ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * ldexpf((float)fraction, 1 - f->bias - f->fraction);
  return sign * ldexpf((float)(fraction | 1 << f->fraction), exponent - f->bias - f->fraction);
}

static uint8_t float_to_small(float value, const small_float *f, int saturate) {
  uint8_t sign = signbit(value) ? 0x80 : 0;
  uint8_t nan = f->fnuz ? 0x80 : sign | 0x7f;
  /* The quiet NaN. */
  if (f->has_infinity) nan = sign | 0x7e;
  if (isnan(value)) return nan;
  /* The largest finite magnitude's bits. */
  int largest = f->has_infinity ? 0x7b : f->fnuz ? 0x7f : 0x7e;
  int beyond = saturate ? sign | largest : f->has_infinity ? sign | 0x7c : nan;
  if (isinf(value)) return (uint8_t)beyond;
  int e;
  float magnitude = fabsf(value);
  if (magnitude == 0.0f) return f->fnuz ? 0 : sign;
  frexpf(magnitude, &e);
  e -= 1;
  if (e < 1 - f->bias) e = 1 - f->bias;
  /* In units of the last place; rint rounds ties to even. A carry moves into the exponent by itself. */
  int units = (int)rintf(ldexpf(magnitude, f->fraction - e));
  int bits = ((e + f->bias - 1) << f->fraction) + units;
  if (bits > largest) return (uint8_t)beyond;
  if (bits == 0 && f->fnuz) return 0;
  return sign | (uint8_t)bits;
}

/* The bits of a power of two, 2^(bits - 127), by the rounding in `how`. Signs are left aside: ONNX leaves them open. */
static uint8_t float_to_power(double value, int32_t how) {
  int saturates = how & ZS_SATURATE, e;
  if (isnan(value)) return 255;
  if (isinf(value)) return saturates ? 254 : 255;
  if (value == 0) return saturates ? 0 : 255;
  double fraction = frexp(fabs(value), &e);
  int rounds_up = how & ZS_ROUND_DOWN ? 0 : how & ZS_ROUND_NEAREST ? fraction >= 0.75 : fraction > 0.5;
  int bits = e - 1 + rounds_up + 127;
  if (bits > 254) return saturates ? 254 : 255;
  if (bits < 0) return saturates ? 0 : 255;
  return (uint8_t)bits;
}

static int is_integer(int32_t type) {
  return (type >= 2 && type <= 7) || type == 9 || type == 12 || type == 13 || type == 21 || type == 22 || type == 25 ||
         type == 26;
}

static int read_ints(int32_t type, const void *x, size_t first, int64_t *y, size_t count) {
  switch (type) {
#define CASE(number, T) case number: for (size_t i = 0; i < count; i++) y[i] = (int64_t)((const T *)x)[first + i]; return 1;
    CASE(2, uint8_t) CASE(3, int8_t) CASE(4, uint16_t) CASE(5, int16_t) CASE(6, int32_t) CASE(7, int64_t)
    CASE(12, uint32_t) CASE(13, uint64_t)
#undef CASE
  case 9: for (size_t i = 0; i < count; i++) y[i] = ((const uint8_t *)x)[first + i] != 0; return 1;
  case 21: case 22: case 25: case 26: {
    int bits = type < 25 ? 4 : 2, mask = (1 << bits) - 1, is_signed = type == 22 || type == 26;
    for (size_t i = 0; i < count; i++) {
      size_t bit = (first + i) * (size_t)bits;
      int value = ((const uint8_t *)x)[bit / 8] >> bit % 8 & mask;
      y[i] = is_signed && value > mask / 2 ? value - mask - 1 : value;
    }
    return 1;
  }
  default: return 0;
  }
}

static int write_ints(int32_t type, const int64_t *x, void *y, size_t first, size_t count) {
  switch (type) {
#define CASE(number, T) case number: for (size_t i = 0; i < count; i++) ((T *)y)[first + i] = (T)x[i]; return 1;
    CASE(2, uint8_t) CASE(3, int8_t) CASE(4, uint16_t) CASE(5, int16_t) CASE(6, int32_t) CASE(7, int64_t)
    CASE(12, uint32_t) CASE(13, uint64_t)
#undef CASE
  case 9: for (size_t i = 0; i < count; i++) ((uint8_t *)y)[first + i] = x[i] != 0; return 1;
  case 21: case 22: case 25: case 26: {
    int bits = type < 25 ? 4 : 2, mask = (1 << bits) - 1;
    for (size_t i = 0; i < count; i++) {
      size_t bit = (first + i) * (size_t)bits;
      uint8_t *byte = (uint8_t *)y + bit / 8;
      if (bit % 8 == 0) *byte = 0;
      *byte |= (uint8_t)((x[i] & mask) << bit % 8);
    }
    return 1;
  }
  default: return 0;
  }
}

static const float float4_values[8] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};

static int read_floats(int32_t type, const void *x, size_t first, double *y, size_t count) {
  small_float format;
  if (small_format(type, &format)) {
    for (size_t i = 0; i < count; i++) y[i] = (double)small_to_float(((const uint8_t *)x)[first + i], &format);
    return 1;
  }
  switch (type) {
  case 1: for (size_t i = 0; i < count; i++) y[i] = (double)((const float *)x)[first + i]; return 1;
  case 11: for (size_t i = 0; i < count; i++) y[i] = ((const double *)x)[first + i]; return 1;
  case 10: for (size_t i = 0; i < count; i++) y[i] = (double)zs_half_to_float(((const uint16_t *)x)[first + i]); return 1;
  case 16:
    for (size_t i = 0; i < count; i++) {
      float value;
      zs_bfloats_to_floats((const uint16_t *)x + first + i, &value, 1);
      y[i] = (double)value;
    }
    return 1;
  case 23:
    for (size_t i = 0; i < count; i++) {
      int bits = ((const uint8_t *)x)[(first + i) / 2] >> (first + i) % 2 * 4 & 15;
      y[i] = (double)(bits & 8 ? -float4_values[bits & 7] : float4_values[bits & 7]);
    }
    return 1;
  case 24:
    for (size_t i = 0; i < count; i++) {
      int bits = ((const uint8_t *)x)[first + i];
      y[i] = bits == 255 ? (double)NAN : ldexp(1.0, bits - 127);
    }
    return 1;
  default: return 0;
  }
}

static int write_floats(int32_t type, const double *x, void *y, size_t first, size_t count, int32_t how) {
  small_float format;
  if (small_format(type, &format)) {
    int saturates = how & ZS_SATURATE;
    for (size_t i = 0; i < count; i++) ((uint8_t *)y)[first + i] = float_to_small((float)x[i], &format, saturates);
    return 1;
  }
  switch (type) {
  case 1: for (size_t i = 0; i < count; i++) ((float *)y)[first + i] = (float)x[i]; return 1;
  case 11: for (size_t i = 0; i < count; i++) ((double *)y)[first + i] = x[i]; return 1;
  case 10: for (size_t i = 0; i < count; i++) ((uint16_t *)y)[first + i] = zs_float_to_half((float)x[i]); return 1;
  case 16:
    for (size_t i = 0; i < count; i++) {
      float value = (float)x[i];
      zs_floats_to_bfloats(&value, (uint16_t *)y + first + i, 1);
    }
    return 1;
  case 23:
    for (size_t i = 0; i < count; i++) {
      double magnitude = fabs(x[i]);
      int best = 0;
      /* Ties go to the even code, what lies beyond 6 to the largest. */
      for (int code = 1; code < 8; code++) {
        double middle = ((double)float4_values[code - 1] + (double)float4_values[code]) / 2;
        if (!(magnitude < middle) && !(magnitude == middle && code % 2 == 1)) best = code;
      }
      /* There is no NaN; -0 stands for it, as in ONNX's reference. */
      int bits = isnan(x[i]) ? 8 : best | (signbit(x[i]) ? 8 : 0);
      uint8_t *byte = (uint8_t *)y + (first + i) / 2;
      *byte = (first + i) % 2 ? (uint8_t)((*byte & 15) | bits << 4) : (uint8_t)bits;
    }
    return 1;
  case 24: for (size_t i = 0; i < count; i++) ((uint8_t *)y)[first + i] = float_to_power(x[i], how); return 1;
  default: return 0;
  }
}

/* To integers towards zero. What does not fit is undefined in ONNX; here it saturates at int64 first. */
static int64_t whole(double x) {
  if (x >= 9223372036854775808.0) return INT64_MAX;
  if (!(x >= -9223372036854775808.0)) return INT64_MIN;
  return (int64_t)x;
}

/* Numbers of one type as another, each in one step that vectors have. */
#define EACH(From, To, value)                                                                                          \
  for (size_t i = 0; i < count; i++) {                                                                                 \
    const From number = ((const From *)x)[i];                                                                          \
    ((To *)y)[i] = (To)(value);                                                                                        \
  }                                                                                                                    \
  return 1

static int floats_of(int32_t from, const void *x, void *y, size_t count) {
  switch (from) {
  case 2: EACH(uint8_t, float, number);
  case 3: EACH(int8_t, float, number);
  case 4: EACH(uint16_t, float, number);
  case 5: EACH(int16_t, float, number);
  case 6: EACH(int32_t, float, number);
  case 7: EACH(int64_t, float, number);
  case 9: EACH(uint8_t, float, number != 0);
  case 11: EACH(double, float, number);
  case 10: zs_halves_to_floats(x, y, count); return 1;
  case 16: zs_bfloats_to_floats(x, y, count); return 1;
  default: return 0;
  }
}

static int from_floats(int32_t to, const void *x, void *y, size_t count) {
  switch (to) {
  case 9: EACH(float, uint8_t, number != 0);
  case 11: EACH(float, double, number);
  case 10: zs_floats_to_halves(x, y, count); return 1;
  case 16: zs_floats_to_bfloats(x, y, count); return 1;
  default: return 0;
  }
}

/* Numbers that int32 holds, which is where all integers begin; else nothing is done. */
static int integers_of_floats(int32_t to, const float *numbers, int32_t *near, void *y, size_t count) {
  int fits = 1;
  for (size_t i = 0; i < count; i++) fits &= (numbers[i] > -2147483648.0f) & (numbers[i] < 2147483648.0f);
  if (!fits) return 0;
  for (size_t i = 0; i < count; i++) near[i] = (int32_t)numbers[i];
  const void *x = near;
  switch (to) {
  case 2: case 3: EACH(int32_t, uint8_t, number);
  case 4: case 5: EACH(int32_t, uint16_t, number);
  case 6: EACH(int32_t, int32_t, number);
  case 7: EACH(int32_t, int64_t, number);
  default: return 0;
  }
}

static int between_integers(int32_t from, int32_t to, const void *x, void *y, size_t count) {
  if (from == 9 && to == 7) { EACH(uint8_t, int64_t, number != 0); }
  if (from == 9 && to == 6) { EACH(uint8_t, int32_t, number != 0); }
  if (from == 6 && to == 7) { EACH(int32_t, int64_t, number); }
  if (from == 7 && to == 6) { EACH(int64_t, int32_t, number); }
  if (from == 6 && to == 9) { EACH(int32_t, uint8_t, number != 0); }
  if (from == 7 && to == 9) { EACH(int64_t, uint8_t, number != 0); }
  return 0;
}
#undef EACH

int32_t zs_cast(int32_t from, int32_t to, const void *x, void *y, size_t count, int32_t how) {
  enum { PIECE = 256 };
  int64_t whole_numbers[PIECE];
  double numbers[PIECE];
  int32_t near[PIECE];
  int from_integer = is_integer(from), to_integer = is_integer(to);
  if (to == 1 && floats_of(from, x, y, count)) return 1;
  if (from == 1 && from_floats(to, x, y, count)) return 1;
  if (between_integers(from, to, x, y, count)) return 1;
  for (size_t first = 0; first < count; first += PIECE) {
    size_t n = count - first < PIECE ? count - first : PIECE;
    if (from == 1 && to_integer) {
      const size_t bytes = to == 7 ? 8 : to == 6 ? 4 : to == 4 || to == 5 ? 2 : 1;
      if (integers_of_floats(to, (const float *)x + first, near, (char *)y + first * bytes, n)) continue;
    }
    if (from_integer) {
      if (!read_ints(from, x, first, whole_numbers, n)) return 0;
      /* To float32 and less in one step: by way of double, halves of a last place would be rounded twice. */
      if (!to_integer)
        for (size_t i = 0; i < n; i++) {
          int is_unsigned = from == 13;
          if (to == 11) numbers[i] = is_unsigned ? (double)(uint64_t)whole_numbers[i] : (double)whole_numbers[i];
          else numbers[i] = (double)(is_unsigned ? (float)(uint64_t)whole_numbers[i] : (float)whole_numbers[i]);
        }
    } else {
      if (!read_floats(from, x, first, numbers, n)) return 0;
      if (to == 9)
        for (size_t i = 0; i < n; i++) whole_numbers[i] = numbers[i] != 0;
      else if (to == 13)
        for (size_t i = 0; i < n; i++)
          whole_numbers[i] = numbers[i] >= 9223372036854775808.0 && numbers[i] < 18446744073709551616.0
                                 ? (int64_t)(uint64_t)numbers[i]
                                 : whole(numbers[i]);
      else if (to_integer)
        for (size_t i = 0; i < n; i++) whole_numbers[i] = whole(numbers[i]);
    }
    if (!(to_integer ? write_ints(to, whole_numbers, y, first, n) : write_floats(to, numbers, y, first, n, how)))
      return 0;
  }
  return 1;
}
