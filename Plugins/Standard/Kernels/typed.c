/* Loops for every element type, instantiated by macro. */
#include <math.h>
#include <string.h>

#include "standard_kernels.h"

/* X(DataType number, C type) */
#define SIGNED_TYPES(X) X(3, int8_t) X(5, int16_t) X(6, int32_t) X(7, int64_t)
#define UNSIGNED_TYPES(X) X(2, uint8_t) X(4, uint16_t) X(12, uint32_t) X(13, uint64_t)
#define FLOAT_TYPES(X) X(1, float) X(11, double)
#define INTEGER_TYPES(X) SIGNED_TYPES(X) UNSIGNED_TYPES(X)

/* Towards zero. C leaves undefined what does not fit; here it is what ONNX Runtime gives on x86: the least int32 or
 * int64, cut to narrower types. */
#define FROM_DOUBLE_SIGNED(number, T)                                                                                  \
  static T from_double_##number(double x) {                                                                            \
    const double limit = sizeof(T) < 8 ? 2147483648.0 : 9223372036854775808.0;                                         \
    const int64_t least = sizeof(T) < 8 ? INT32_MIN : INT64_MIN;                                                       \
    return (T)(x > -limit - (sizeof(T) < 8) && x < limit ? (int64_t)x : least);                                        \
  }
SIGNED_TYPES(FROM_DOUBLE_SIGNED)
#define FROM_DOUBLE_UNSIGNED(number, T)                                                                                \
  static T from_double_##number(double x) {                                                                            \
    if (x >= 0) return x < 18446744073709551616.0 ? (T)(uint64_t)x : (T)0;                                             \
    return x > -9223372036854775808.0 ? (T)(int64_t)x : (T)0;                                                          \
  }
UNSIGNED_TYPES(FROM_DOUBLE_UNSIGNED)

static double unary_of_double(int32_t op, double x, double a, double b) {
  switch (op) {
  case ZS_RELU: return x < 0 ? 0 : x;
  case ZS_LEAKY_RELU: return x < 0 ? a * x : x;
  case ZS_CLIP: return x < a ? (b < a ? b : a) : x > b ? b : x;
  case ZS_SIGMOID: return 1 / (1 + exp(-x));
  case ZS_TANH: return tanh(x);
  case ZS_ELU: return x < 0 ? a * expm1(x) : x;
  case ZS_SELU: return b * (x < 0 ? a * expm1(x) : x);
  case ZS_SOFTPLUS: return fmax(x, 0) + log1p(exp(-fabs(x)));
  case ZS_SOFTSIGN: return x / (1 + fabs(x));
  case ZS_HARD_SIGMOID: return fmin(fmax(a * x + b, 0), 1);
  case ZS_HARD_SWISH: return x * fmin(fmax(x / 6 + 0.5, 0), 1);
  case ZS_MISH: return x * tanh(fmax(x, 0) + log1p(exp(-fabs(x))));
  case ZS_GELU: return 0.5 * x * (1 + erf(x * 0.70710678118654752440));
  case ZS_GELU_TANH: return 0.5 * x * (1 + tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x)));
  case ZS_SWISH: return x / (1 + exp(-a * x));
  case ZS_ERF: return erf(x);
  case ZS_EXP: return exp(x);
  case ZS_LOG: return log(x);
  case ZS_SQRT: return sqrt(x);
  case ZS_ABS: return fabs(x);
  case ZS_NEG: return -x;
  case ZS_RECIPROCAL: return 1 / x;
  case ZS_FLOOR: return floor(x);
  case ZS_CEIL: return ceil(x);
  case ZS_ROUND: return rint(x);
  case ZS_SIGN: return x > 0 ? 1 : x < 0 ? -1 : x;
  case ZS_THRESHOLDED_RELU: return x > a ? x : 0;
  case ZS_CELU: return fmax(x, 0) + fmin(a * expm1(x / a), 0);
  case ZS_SHRINK: return x < -a ? x + b : x > a ? x - b : 0;
  case ZS_SIN: return sin(x);
  case ZS_COS: return cos(x);
  case ZS_TAN: return tan(x);
  case ZS_ASIN: return asin(x);
  case ZS_ACOS: return acos(x);
  case ZS_ATAN: return atan(x);
  case ZS_SINH: return sinh(x);
  case ZS_COSH: return cosh(x);
  case ZS_ASINH: return asinh(x);
  case ZS_ACOSH: return acosh(x);
  case ZS_ATANH: return atanh(x);
  default: return x;
  }
}

int32_t zs_typed_unary(int32_t type, int32_t op, const void *x, void *y, size_t count, double a, double b) {
  switch (type) {
#define FLOAT_CASE(number, T)                                                                                          \
  case number:                                                                                                         \
    for (size_t i = 0; i < count; i++) ((T *)y)[i] = (T)unary_of_double(op, (double)((const T *)x)[i], a, b);          \
    return op != ZS_BITWISE_NOT;
    FLOAT_TYPES(FLOAT_CASE)
#undef FLOAT_CASE
#define INTEGER_CASE(number, T)                                                                                        \
  case number: {                                                                                                       \
    const T *in = x;                                                                                                   \
    T *out = y;                                                                                                        \
    switch (op) {                                                                                                      \
    case ZS_ABS: for (size_t i = 0; i < count; i++) out[i] = in[i] < (T)1 ? (T)(0 - (uint64_t)in[i]) : in[i]; return 1;\
    case ZS_NEG: for (size_t i = 0; i < count; i++) out[i] = (T)(0 - (uint64_t)in[i]); return 1;                       \
    case ZS_SIGN: for (size_t i = 0; i < count; i++) out[i] = (T)(in[i] > 0 ? 1 : in[i] == 0 ? 0 : -1); return 1;      \
    case ZS_RELU: for (size_t i = 0; i < count; i++) out[i] = in[i] < (T)1 ? 0 : in[i]; return 1;                      \
    case ZS_BITWISE_NOT: for (size_t i = 0; i < count; i++) out[i] = (T)~in[i]; return 1;                              \
    case ZS_SHRINK:                                                                                                    \
      /* A whole bias leaves integers exact. */                                                                        \
      if (b == floor(b) && fabs(b) < 9223372036854775808.0)                                                            \
        for (size_t i = 0; i < count; i++)                                                                             \
          out[i] = (double)in[i] < -a  ? (T)((uint64_t)in[i] + (uint64_t)(int64_t)b)                                   \
                   : (double)in[i] > a ? (T)((uint64_t)in[i] - (uint64_t)(int64_t)b)                                   \
                                       : (T)0;                                                                         \
      else                                                                                                             \
        for (size_t i = 0; i < count; i++)                                                                             \
          out[i] = from_double_##number(unary_of_double(op, (double)in[i], a, b));                                     \
      return 1;                                                                                                        \
    default: return 0;                                                                                                 \
    }                                                                                                                  \
  }
    INTEGER_TYPES(INTEGER_CASE)
#undef INTEGER_CASE
  case 9:
    if (op != ZS_BITWISE_NOT) return 0;
    for (size_t i = 0; i < count; i++) ((uint8_t *)y)[i] = !((const uint8_t *)x)[i];
    return 1;
  default: return 0;
  }
}

#define EACH(expression)                                                                                               \
  for (size_t i = 0; i < count; i++) {                                                                                 \
    T left = ((const T *)a)[i * a_step], right = ((const T *)b)[i * b_step];                                           \
    ((T *)y)[i] = (T)(expression);                                                                                     \
  }                                                                                                                    \
  return 1

static uint64_t integer_power(uint64_t base, uint64_t exponent) {
  uint64_t result = 1;
  for (; exponent; exponent >>= 1, base *= base)
    if (exponent & 1) result *= base;
  return result;
}

/* In uint64, where nothing overflows, and cut to the type afterwards. */
#define INTEGER_BINARY(number, U)                                                                                      \
  static int32_t binary_##number(int32_t op, const void *a, size_t a_step, const void *b, size_t b_step, void *y,      \
                                 size_t count) {                                                                       \
    typedef U T;                                                                                                       \
    const T minus_one = (T)-1;                                                                                         \
    const int is_signed = minus_one < (T)1;                                                                            \
    switch (op) {                                                                                                      \
    case ZS_ADD: EACH((uint64_t)left + (uint64_t)right);                                                               \
    case ZS_SUB: EACH((uint64_t)left - (uint64_t)right);                                                               \
    case ZS_MUL: EACH((uint64_t)left * (uint64_t)right);                                                               \
    case ZS_DIV:                                                                                                       \
      EACH(right == 0 ? (T)0 : is_signed && right == minus_one ? (T)(0 - (uint64_t)left) : (T)(left / right));         \
    case ZS_MIN: EACH(left < right ? left : right);                                                                    \
    case ZS_MAX: EACH(left > right ? left : right);                                                                    \
    case ZS_PRELU: EACH(left < (T)1 ? (uint64_t)left * (uint64_t)right : (uint64_t)left);                              \
    case ZS_POW:                                                                                                       \
      EACH(is_signed && right < (T)1 && right != 0 ? from_double_##number(pow((double)left, (double)right))            \
                                                   : (T)integer_power((uint64_t)left, (uint64_t)right));               \
    case ZS_MOD: /* the sign of the divisor */                                                                         \
      EACH(right == 0 || (is_signed && right == minus_one) ? (T)0                                                      \
           : is_signed && left % right != 0 && (left < (T)1) != (right < (T)1) ? (T)(left % right + right)             \
                                                                               : (T)(left % right));                   \
    case ZS_FMOD: EACH(right == 0 || (is_signed && right == minus_one) ? (T)0 : (T)(left % right));                    \
    case ZS_AND: EACH(left & right);                                                                                   \
    case ZS_OR: EACH(left | right);                                                                                    \
    case ZS_XOR: EACH(left ^ right);                                                                                   \
    case ZS_SHIFT_LEFT: EACH((uint64_t)right >= 8 * sizeof(T) ? 0 : (uint64_t)left << (uint64_t)right);                \
    /* Beyond the width only the sign is left. */                                                                      \
    case ZS_SHIFT_RIGHT:                                                                                               \
      EACH((uint64_t)right >= 8 * sizeof(T) ? (left < (T)0 ? (T)-1 : (T)0) : (T)(left >> (uint64_t)right));            \
    default: return 0;                                                                                                 \
    }                                                                                                                  \
  }
INTEGER_TYPES(INTEGER_BINARY)

static double floor_mod(double a, double b) {
  double r = fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

#define FLOAT_BINARY(number, U)                                                                                        \
  static int32_t binary_##number(int32_t op, const void *a, size_t a_step, const void *b, size_t b_step, void *y,      \
                                 size_t count) {                                                                       \
    typedef U T;                                                                                                       \
    switch (op) {                                                                                                      \
    case ZS_ADD: EACH(left + right);                                                                                   \
    case ZS_SUB: EACH(left - right);                                                                                   \
    case ZS_MUL: EACH(left * right);                                                                                   \
    case ZS_DIV: EACH(left / right);                                                                                   \
    case ZS_MIN: EACH(left < right || left != left ? left : right);                                                    \
    case ZS_MAX: EACH(left > right || left != left ? left : right);                                                    \
    case ZS_PRELU: EACH(left < 0 ? left * right : left);                                                               \
    case ZS_POW: EACH(pow((double)left, (double)right));                                                               \
    case ZS_MOD: EACH(floor_mod((double)left, (double)right));                                                         \
    case ZS_FMOD: EACH(fmod((double)left, (double)right));                                                             \
    default: return 0;                                                                                                 \
    }                                                                                                                  \
  }
FLOAT_TYPES(FLOAT_BINARY)

static int32_t binary_bool(int32_t op, const uint8_t *a, size_t a_step, const uint8_t *b, size_t b_step, uint8_t *y,
                           size_t count) {
  typedef uint8_t T;
  switch (op) {
  case ZS_AND: EACH(left && right);
  case ZS_OR: EACH(left || right);
  case ZS_XOR: EACH(!left != !right);
  default: return 0;
  }
}

int32_t zs_typed_binary(int32_t type, int32_t op, const void *a, size_t a_step, const void *b, size_t b_step, void *y,
                        size_t count) {
  switch (type) {
#define CASE(number, T) case number: return binary_##number(op, a, a_step, b, b_step, y, count);
    INTEGER_TYPES(CASE) FLOAT_TYPES(CASE)
#undef CASE
  case 9: return binary_bool(op, a, a_step, b, b_step, y, count);
  default: return 0;
  }
}

#define COMPARE(number, T)                                                                                             \
  static void compare_##number(int32_t op, const T *a, size_t a_step, const T *b, size_t b_step, uint8_t *y,           \
                               size_t count) {                                                                         \
    switch (op) {                                                                                                      \
    case ZS_EQUAL: for (size_t i = 0; i < count; i++) y[i] = a[i * a_step] == b[i * b_step]; break;                    \
    case ZS_LESS: for (size_t i = 0; i < count; i++) y[i] = a[i * a_step] < b[i * b_step]; break;                      \
    default: for (size_t i = 0; i < count; i++) y[i] = a[i * a_step] <= b[i * b_step]; break;                          \
    }                                                                                                                  \
  }
/* The types of which models have many: in loops that become vectors. */
#define COMPARE_EACH(operation)                                                                                        \
  if (a_step && b_step)                                                                                                \
    for (size_t i = 0; i < count; i++) y[i] = a[i] operation b[i];                                                     \
  else if (a_step)                                                                                                     \
    for (size_t i = 0; i < count; i++) y[i] = a[i] operation right;                                                    \
  else                                                                                                                 \
    for (size_t i = 0; i < count; i++) y[i] = left operation b[i * b_step];                                            \
  break
#define COMPARE_MANY(number, T)                                                                                        \
  static void compare_##number(int32_t op, const T *a, size_t a_step, const T *b, size_t b_step, uint8_t *y,           \
                               size_t count) {                                                                         \
    if (count == 0) return;                                                                                            \
    const T left = *a, right = *b;                                                                                     \
    switch (op) {                                                                                                      \
    case ZS_EQUAL: COMPARE_EACH(==);                                                                                   \
    case ZS_LESS: COMPARE_EACH(<);                                                                                     \
    default: COMPARE_EACH(<=);                                                                                         \
    }                                                                                                                  \
  }
COMPARE_MANY(1, float) COMPARE_MANY(2, uint8_t) COMPARE_MANY(6, int32_t) COMPARE_MANY(7, int64_t)
COMPARE(3, int8_t) COMPARE(4, uint16_t) COMPARE(5, int16_t) COMPARE(11, double) COMPARE(12, uint32_t)
COMPARE(13, uint64_t)

int32_t zs_typed_compare(int32_t type, int32_t op, const void *a, const void *b, const ptrdiff_t *row_steps,
                         const ptrdiff_t *steps, uint8_t *y, ptrdiff_t rows, ptrdiff_t count) {
  if (type == 9) type = 2;
  const int is_greater = op == ZS_GREATER || op == ZS_GREATER_OR_EQUAL;
  const int left = is_greater, right = !left;
  if (is_greater) {
    const void *first = a;
    a = b;
    b = first;
    op = op == ZS_GREATER ? ZS_LESS : ZS_LESS_OR_EQUAL;
  }
  switch (type) {
#define CASE(number, T)                                                                                                \
  case number:                                                                                                         \
    for (ptrdiff_t r = 0; r < rows; r++)                                                                               \
      compare_##number(op, (const T *)a + r * row_steps[left], (size_t)steps[left],                                    \
                       (const T *)b + r * row_steps[right], (size_t)steps[right], y + r * count, (size_t)count);       \
    return 1;
    INTEGER_TYPES(CASE) FLOAT_TYPES(CASE)
#undef CASE
  default: return 0;
  }
}

/* `A` is what sums are kept in. */
#define REDUCE(number, T, A, lowest, highest)                                                                          \
  static void reduce_##number(int32_t op, const T *x, size_t outer, size_t length, size_t inner, T *y) {               \
    for (size_t o = 0; o < outer; o++, x += length * inner, y += inner)                                                \
      for (size_t i = 0; i < inner; i++) {                                                                             \
        const T *p = x + i, *end = p + length * inner;                                                                 \
        A total = op == ZS_PROD ? 1 : 0;                                                                               \
        T best = length ? *p : op == ZS_REDUCE_MIN ? highest : lowest;                                                 \
        double sum = 0;                                                                                                \
        switch (op) {                                                                                                  \
        case ZS_SUM: for (; p < end; p += inner) total += (A)*p; break;                                                \
        case ZS_PROD: for (; p < end; p += inner) total *= (A)*p; break;                                               \
        case ZS_SUM_ABS: for (; p < end; p += inner) total += *p < (T)1 ? *p < (T)0 ? 0 - (A)*p : (A)*p : (A)*p; break;\
        case ZS_SUM_SQUARE: for (; p < end; p += inner) total += (A)*p * (A)*p; break;                                 \
        case ZS_REDUCE_MAX: for (; p < end; p += inner) best = *p > best || *p != *p ? *p : best; break;               \
        case ZS_REDUCE_MIN: for (; p < end; p += inner) best = *p < best || *p != *p ? *p : best; break;               \
        default:                                                                                                       \
          for (const T *q = p; q < end; q += inner) best = *q > best ? *q : best;                                      \
          for (; p < end; p += inner) sum += exp((double)*p - (double)best);                                           \
          sum = (double)best + log(sum);                                                                               \
          y[i] = length == 0 ? lowest : sum >= (double)highest ? highest : (T)sum;                                     \
          continue;                                                                                                    \
        }                                                                                                              \
        y[i] = op == ZS_REDUCE_MAX || op == ZS_REDUCE_MIN ? best : (T)total;                                           \
      }                                                                                                                \
  }
REDUCE(1, float, double, -INFINITY, INFINITY)
REDUCE(11, double, double, -(double)INFINITY, (double)INFINITY)
REDUCE(2, uint8_t, uint64_t, 0, UINT8_MAX)
REDUCE(3, int8_t, uint64_t, INT8_MIN, INT8_MAX)
REDUCE(4, uint16_t, uint64_t, 0, UINT16_MAX)
REDUCE(5, int16_t, uint64_t, INT16_MIN, INT16_MAX)
REDUCE(6, int32_t, uint64_t, INT32_MIN, INT32_MAX)
REDUCE(7, int64_t, uint64_t, INT64_MIN, INT64_MAX)
REDUCE(12, uint32_t, uint64_t, 0, UINT32_MAX)
REDUCE(13, uint64_t, uint64_t, 0, UINT64_MAX)

int32_t zs_typed_reduce(int32_t type, int32_t op, const void *x, size_t outer, size_t length, size_t inner, void *y) {
  switch (type) {
#define CASE(number, T) case number: reduce_##number(op, x, outer, length, inner, y); return 1;
    INTEGER_TYPES(CASE) FLOAT_TYPES(CASE)
#undef CASE
  case 9: {
    if (op != ZS_REDUCE_MAX && op != ZS_REDUCE_MIN) return 0;
    uint8_t *out = y;
    reduce_2(op, x, outer, length, inner, y);
    for (size_t i = 0; i < outer * inner; i++) out[i] = out[i] != 0;
    return 1;
  }
  default: return 0;
  }
}

#define ARG(number, T)                                                                                                 \
  static void arg_##number(int32_t largest, int32_t last, const T *x, size_t length, size_t inner, size_t count,       \
                           int64_t *y) {                                                                               \
    for (size_t i = 0; i < count; i++) {                                                                               \
      size_t best = 0;                                                                                                 \
      for (size_t r = 1; r < length; r++) {                                                                            \
        T value = x[r * inner + i], top = x[best * inner + i];                                                         \
        if ((largest ? value > top : value < top) || (last && value == top)) best = r;                                 \
      }                                                                                                                \
      y[i] = (int64_t)best;                                                                                            \
    }                                                                                                                  \
  }
INTEGER_TYPES(ARG) ARG(11, double)
/* float32 along more than int32 counts. */
ARG(0, float)

/* Numbers side by side, enough for vectors. */
enum { SIDE = 16 };

/* Where x is better it becomes the top, and `place` where that was. What is no number is never better. */
#define TAKE(condition)                                                                                                \
  for (size_t i = 0; i < count; i++) {                                                                                 \
    const int32_t is_better = condition;                                                                               \
    top[i] = is_better ? x[i] : top[i];                                                                                \
    best[i] = is_better ? place : best[i];                                                                             \
  }                                                                                                                    \
  break

static inline void take_better(int32_t largest, int32_t last, const float *x, int32_t place, float *top, int32_t *best,
                               size_t count) {
  switch (2 * (largest != 0) + (last != 0)) {
  case 0: TAKE(x[i] < top[i]);
  case 1: TAKE(x[i] <= top[i]);
  case 2: TAKE(x[i] > top[i]);
  default: TAKE(x[i] >= top[i]);
  }
}

static void best_of_columns(int32_t largest, int32_t last, const float *x, size_t length, size_t inner, size_t count,
                            int64_t *y) {
  for (size_t first = 0; first < count; first += SIDE, x += SIDE) {
    const size_t columns = count - first < SIDE ? count - first : SIDE;
    float top[SIDE];
    int32_t best[SIDE] = {0};
    memcpy(top, x, columns * sizeof *x);
    for (size_t r = 1; r < length; r++)
      if (columns == SIDE) take_better(largest, last, x + r * inner, (int32_t)r, top, best, SIDE);
      else take_better(largest, last, x + r * inner, (int32_t)r, top, best, columns);
    for (size_t i = 0; i < columns; i++) y[first + i] = best[i];
  }
}

static int has(const float *x, float value) {
  int found = 0;
  for (int i = 0; i < SIDE; i++) found |= x[i] == value;
  return found;
}

/* One row: its best number, and then where that is. */
static int64_t best_of_row(int32_t largest, int32_t last, const float *x, size_t length) {
  float top[SIDE];
  int32_t places[SIDE] = {0};
  for (int i = 0; i < SIDE; i++) top[i] = x[0];
  size_t r = 0;
  for (; r + SIDE <= length; r += SIDE) take_better(largest, 0, x + r, 0, top, places, SIDE);
  take_better(largest, 0, x + r, 0, top, places, length - r);
  for (int i = 1; i < SIDE; i++) take_better(largest, 0, top + i, 0, top, places, 1);
  if (x[0] != x[0]) return 0;
  if (last) {
    while (length >= SIDE && !has(x + length - SIDE, top[0])) length -= SIDE;
    while (x[length - 1] != top[0]) length--;
    return (int64_t)length - 1;
  }
  for (r = 0; r + SIDE <= length && !has(x + r, top[0]);) r += SIDE;
  while (x[r] != top[0]) r++;
  return (int64_t)r;
}

static void arg_1(int32_t largest, int32_t last, const float *x, size_t length, size_t inner, size_t count, int64_t *y) {
  if (inner == 1) *y = best_of_row(largest, last, x, length);
  else if (length <= INT32_MAX) best_of_columns(largest, last, x, length, inner, count, y);
  else arg_0(largest, last, x, length, inner, count, y);
}

int32_t zs_typed_arg(int32_t type, int32_t largest, int32_t last, const void *x, size_t length, size_t inner,
                     size_t count, int64_t *y) {
  switch (type) {
#define CASE(number, T)                                                                                                \
  case number:                                                                                                         \
    if (count > 0 && length > 0) arg_##number(largest, last, x, length, inner, count, y);                              \
    return 1;
    INTEGER_TYPES(CASE) FLOAT_TYPES(CASE)
#undef CASE
  default: return 0;
  }
}

/* Some columns side by side. */
#define CUMULATE(number, T)                                                                                            \
  static void cumulate_##number(int32_t product, int32_t exclusive, int32_t reverse, const T *x, size_t length,        \
                                size_t inner, size_t count, T *y) {                                                    \
    T sum = product ? 1 : 0;                                                                                           \
    for (size_t r = 0; count == 1 && r < length; r++) {                                                                \
      const size_t at = (reverse ? length - 1 - r : r) * inner;                                                        \
      const T next = (T)(product ? sum * x[at] : sum + x[at]);                                                         \
      y[at] = exclusive ? sum : next;                                                                                  \
      sum = next;                                                                                                      \
    }                                                                                                                  \
    for (size_t first = 0; count > 1 && first < count; first += SIDE) {                                                \
      const size_t columns = count - first < SIDE ? count - first : SIDE;                                              \
      T total[SIDE];                                                                                                   \
      for (size_t i = 0; i < columns; i++) total[i] = product ? 1 : 0;                                                 \
      for (size_t r = 0; r < length; r++) {                                                                            \
        const size_t at = (reverse ? length - 1 - r : r) * inner + first;                                              \
        for (size_t i = 0; i < columns; i++) {                                                                         \
          const T next = (T)(product ? total[i] * x[at + i] : total[i] + x[at + i]);                                   \
          y[at + i] = exclusive ? total[i] : next;                                                                     \
          total[i] = next;                                                                                             \
        }                                                                                                              \
      }                                                                                                                \
    }                                                                                                                  \
  }
CUMULATE(1, float) CUMULATE(11, double) CUMULATE(12, uint32_t) CUMULATE(13, uint64_t)

int32_t zs_typed_cumulate(int32_t type, int32_t product, int32_t exclusive, int32_t reverse, const void *x,
                          size_t length, size_t inner, size_t count, void *y) {
  switch (type) {
  case 1: cumulate_1(product, exclusive, reverse, x, length, inner, count, y); return 1;
  case 11: cumulate_11(product, exclusive, reverse, x, length, inner, count, y); return 1;
  /* Signed sums wrap like unsigned ones. */
  case 6: case 12: cumulate_12(product, exclusive, reverse, x, length, inner, count, y); return 1;
  case 7: case 13: cumulate_13(product, exclusive, reverse, x, length, inner, count, y); return 1;
  default: return 0;
  }
}

#define MATMUL(number, T, A)                                                                                           \
  static void matmul_##number(const T *a, size_t a_row, size_t a_column, const T *b, size_t b_row, size_t b_column,    \
                              T *c, size_t rows, size_t columns, size_t depth) {                                       \
    for (size_t i = 0; i < rows; i++)                                                                                  \
      for (size_t j = 0; j < columns; j++) {                                                                           \
        A sum = 0;                                                                                                     \
        for (size_t k = 0; k < depth; k++) sum += (A)a[i * a_row + k * a_column] * (A)b[k * b_row + j * b_column];     \
        c[i * columns + j] = (T)sum;                                                                                   \
      }                                                                                                                \
  }
MATMUL(11, double, double)
MATMUL(12, uint32_t, uint64_t)
MATMUL(13, uint64_t, uint64_t)

int32_t zs_typed_matmul(int32_t type, const void *a, size_t a_row, size_t a_column, const void *b, size_t b_row,
                        size_t b_column, void *c, size_t rows, size_t columns, size_t depth) {
  switch (type) {
  case 11: matmul_11(a, a_row, a_column, b, b_row, b_column, c, rows, columns, depth); return 1;
  case 6: case 12: matmul_12(a, a_row, a_column, b, b_row, b_column, c, rows, columns, depth); return 1;
  case 7: case 13: matmul_13(a, a_row, a_column, b, b_row, b_column, c, rows, columns, depth); return 1;
  default: return 0;
  }
}
