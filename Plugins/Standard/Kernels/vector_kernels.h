/*
 * The float32 kernels over vectors of LANES floats. Included once for each instruction set, with
 *   LANES         floats in a vector
 *   TILE_ROWS     rows of the matrix product's register tile (its columns are two vectors)
 *   KERNEL_TABLE  the name of the table to define
 *   TARGET        the attribute of the functions, if they need one
 */
#include <math.h>
#include <string.h>

#include "standard_kernels.h"

#ifdef TARGET
#pragma clang attribute push(TARGET, apply_to = function)
#endif

#define INLINE static inline __attribute__((always_inline))
#define PANEL (2 * LANES)
/* The depth of a matrix product that is done before the next panel: its part of a panel stays in the L1 cache. */
#define DEPTH_BLOCK 256

typedef float vf __attribute__((ext_vector_type(LANES)));
typedef int32_t vi __attribute__((ext_vector_type(LANES)));
typedef vf vf_unaligned __attribute__((aligned(4), may_alias));

INLINE vf load(const float *p) { return *(const vf_unaligned *)p; }
INLINE void store(float *p, vf x) { *(vf_unaligned *)p = x; }
INLINE vf splat(float x) { return (vf)x; }
INLINE vf as_float(vi x) { return __builtin_bit_cast(vf, x); }
INLINE vi as_int(vf x) { return __builtin_bit_cast(vi, x); }
INLINE vf v_abs(vf x) { return as_float(as_int(x) & 0x7fffffff); }
INLINE vf copy_sign(vf x, vf sign) { return as_float((as_int(x) & 0x7fffffff) | (as_int(sign) & (int32_t)0x80000000)); }
/* Written so that NaN in x stays NaN. */
INLINE vf at_least(vf x, vf low) { return x < low ? low : x; }
INLINE vf at_most(vf x, vf high) { return x > high ? high : x; }

INLINE vf v_sqrt(vf x) {
#pragma clang loop unroll(full) vectorize(enable)
  for (int i = 0; i < LANES; i++) x[i] = __builtin_sqrtf(x[i]);
  return x;
}

/* e^x: 2^n times a polynomial over |r| <= ln 2 / 2 (Cephes' coefficients), 2^n in two factors for subnormals. */
INLINE vf v_exp(vf x) {
  const vf magic = splat(12582912.0f);
  x = at_most(at_least(x, splat(-150.0f)), splat(130.0f));
  vf n = (x * 1.44269504088896341f + magic) - magic;
  vf r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  vf p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  /* NaN has no integer; its lanes carry NaN through p. */
  vi whole = __builtin_convertvector(n == n ? n : splat(0.0f), vi);
  vi half = whole >> 1;
  return p * as_float((half + 127) << 23) * as_float((whole - half + 127) << 23);
}

/* ln x, after Cephes: x = m 2^e with m in [√½, √2). */
INLINE vf v_log(vf x) {
  vf tiny = x < 1.17549435e-38f ? splat(33554432.0f) : splat(1.0f);
  vf scaled = x * tiny;
  vi bits = as_int(scaled);
  vi exponent = ((bits >> 23) & 0xff) - 126;
  vf m = as_float((bits & 0x007fffff) | 0x3f000000);
  vf e = __builtin_convertvector(exponent, vf) - (tiny > 1.0f ? splat(25.0f) : splat(0.0f));
  e = m < 0.707106781186547524f ? e - 1.0f : e;
  m = m < 0.707106781186547524f ? m + m - 1.0f : m - 1.0f;
  vf z = m * m;
  vf p = splat(7.0376836292e-2f);
  p = p * m + -1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m + -1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m + -1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m + -2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  p = p * m * z + e * -2.12194440e-4f - 0.5f * z;
  vf result = m + p + e * 0.693359375f;
  result = x == INFINITY ? x : result;
  result = x == 0.0f ? splat(-INFINITY) : result;
  return x >= 0.0f ? result : splat(NAN);
}

/* ln (1 + x) for x >= 0, corrected for what 1 + x loses. */
INLINE vf v_log1p(vf x) {
  vf u = x + 1.0f;
  return u == INFINITY ? u : v_log(u) - ((u - 1.0f) - x) / u;
}

INLINE vf v_tanh(vf x) {
  vf z = x * x;
  vf p = splat(-5.70498872745e-3f);
  p = p * z + 2.06390887954e-2f;
  p = p * z + -5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z + -3.33332819422e-1f;
  vf small = p * z * x + x;
  vf large = 1.0f - 2.0f / (v_exp(v_abs(x) * 2.0f) + 1.0f);
  return v_abs(x) < 0.625f ? small : copy_sign(large, x);
}

INLINE vf v_expm1(vf x) {
  vf t = v_tanh(0.5f * x);
  return v_abs(x) < 1.0f ? 2.0f * t / (1.0f - t) : v_exp(x) - 1.0f;
}

/* A polynomial up to 1; beyond, 1 - e^p with p fitted to ln erfc on [0.95, 4.1] (absolute error 4e-8). */
INLINE vf v_erf(vf x) {
  vf z = x * x;
  vf p = splat(7.853861353153693e-5f);
  p = p * z + -8.010193625184903e-4f;
  p = p * z + 5.188327685732524e-3f;
  p = p * z + -2.685381193529856e-2f;
  p = p * z + 1.128358514861418e-1f;
  p = p * z + -3.761262582423300e-1f;
  vf small = x * (p * z + 1.128379167095513f);
  vf t = at_most(v_abs(x), splat(4.1f));
  vf q = splat(1.885288511402905e-4f);
  q = q * t + -2.96921469271183e-3f;
  q = q * t + 2.1926725283265114e-2f;
  q = q * t + -1.0329819470643997e-1f;
  q = q * t + -6.379159688949585e-1f;
  q = q * t + -1.1272327899932861f;
  q = q * t + -3.0459160916507244e-4f;
  return v_abs(x) <= 1.0f ? small : copy_sign(1.0f - v_exp(q), x);
}

INLINE vf v_sigmoid(vf x) { return 1.0f / (1.0f + v_exp(-x)); }
INLINE vf v_softplus(vf x) { return at_least(x, splat(0.0f)) + v_log1p(v_exp(-v_abs(x))); }

/* Above 2^23 every float is whole. */
INLINE vf v_round(vf x) {
  const vf magic = splat(8388608.0f);
  vf r = (v_abs(x) + magic) - magic;
  return v_abs(x) < magic ? copy_sign(r, x) : x;
}
INLINE vf v_floor(vf x) {
  vf r = v_round(x);
  return copy_sign(r > x ? r - 1.0f : r, x);
}
INLINE vf v_ceil(vf x) {
  vf r = v_round(x);
  return copy_sign(r < x ? r + 1.0f : r, x);
}

INLINE vf apply_unary(int32_t op, vf x, float a, float b) {
  const vf zero = splat(0.0f);
  switch (op) {
  case ZS_RELU: return at_least(x, zero);
  case ZS_LEAKY_RELU: return x < zero ? x * a : x;
  case ZS_CLIP: return at_most(at_least(x, splat(a)), splat(b));
  case ZS_SIGMOID: return v_sigmoid(x);
  case ZS_TANH: return v_tanh(x);
  case ZS_ELU: return x < zero ? a * v_expm1(x) : x;
  case ZS_SELU: return b * (x < zero ? a * v_expm1(x) : x);
  case ZS_SOFTPLUS: return v_softplus(x);
  case ZS_SOFTSIGN: return x / (1.0f + v_abs(x));
  case ZS_HARD_SIGMOID: return at_most(at_least(a * x + b, zero), splat(1.0f));
  case ZS_HARD_SWISH: return x * at_most(at_least(x * (1.0f / 6.0f) + 0.5f, zero), splat(1.0f));
  case ZS_MISH: return x * v_tanh(v_softplus(x));
  case ZS_GELU: return 0.5f * x * (1.0f + v_erf(x * 0.70710678118654752f));
  case ZS_GELU_TANH: return 0.5f * x * (1.0f + v_tanh(0.79788456080286536f * (x + 0.044715f * (x * x * x))));
  case ZS_SWISH: return x * v_sigmoid(a * x);
  case ZS_ERF: return v_erf(x);
  case ZS_EXP: return v_exp(x);
  case ZS_LOG: return v_log(x);
  case ZS_SQRT: return v_sqrt(x);
  case ZS_ABS: return v_abs(x);
  case ZS_NEG: return -x;
  case ZS_RECIPROCAL: return 1.0f / x;
  case ZS_FLOOR: return v_floor(x);
  case ZS_CEIL: return v_ceil(x);
  case ZS_ROUND: return v_round(x);
  case ZS_SIGN: return x > zero ? splat(1.0f) : x < zero ? splat(-1.0f) : x;
  case ZS_THRESHOLDED_RELU: return x > a ? x : zero;
  case ZS_CELU: return at_least(x, zero) + at_most(a * v_expm1(x / a), zero);
  case ZS_SHRINK: return x < -a ? x + b : x > a ? x - b : zero;
  default: return x;
  }
}

INLINE void unary_loop(int32_t op, const float *x, float *y, size_t count, float a, float b) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) store(y + i, apply_unary(op, load(x + i), a, b));
  if (i < count) {
    float rest[LANES] = {0};
    memcpy(rest, x + i, (count - i) * sizeof(float));
    store(rest, apply_unary(op, load(rest), a, b));
    memcpy(y + i, rest, (count - i) * sizeof(float));
  }
}

static void unary(int32_t op, const float *x, float *y, size_t count, float a, float b) {
  switch (op) {
#define CASE(name) case name: unary_loop(name, x, y, count, a, b); break;
    CASE(ZS_RELU) CASE(ZS_LEAKY_RELU) CASE(ZS_CLIP) CASE(ZS_SIGMOID) CASE(ZS_TANH) CASE(ZS_ELU) CASE(ZS_SELU)
    CASE(ZS_SOFTPLUS) CASE(ZS_SOFTSIGN) CASE(ZS_HARD_SIGMOID) CASE(ZS_HARD_SWISH) CASE(ZS_MISH) CASE(ZS_GELU)
    CASE(ZS_GELU_TANH) CASE(ZS_SWISH) CASE(ZS_ERF) CASE(ZS_EXP) CASE(ZS_LOG) CASE(ZS_SQRT) CASE(ZS_ABS) CASE(ZS_NEG)
    CASE(ZS_RECIPROCAL) CASE(ZS_FLOOR) CASE(ZS_CEIL) CASE(ZS_ROUND) CASE(ZS_SIGN) CASE(ZS_THRESHOLDED_RELU)
    CASE(ZS_CELU) CASE(ZS_SHRINK)
#undef CASE
  default:
    if (x != y) memmove(y, x, count * sizeof(float));
  }
}

INLINE vf apply_binary(int32_t op, vf a, vf b) {
  switch (op) {
  case ZS_ADD: return a + b;
  case ZS_SUB: return a - b;
  case ZS_MUL: return a * b;
  case ZS_DIV: return a / b;
  /* NaN in either operand wins, as in NumPy. */
  case ZS_MIN: return a < b ? a : b == b ? (a == a ? b : a) : b;
  case ZS_MAX: return a > b ? a : b == b ? (a == a ? b : a) : b;
  default: return a < 0.0f ? a * b : a;
  }
}

INLINE void binary_loop(int32_t op, const float *a, size_t a_step, const float *b, size_t b_step, float *y,
                        size_t count) {
  size_t i = 0;
  if (a_step && b_step) {
    for (; i + LANES <= count; i += LANES) store(y + i, apply_binary(op, load(a + i), load(b + i)));
  } else if (a_step) {
    vf scalar = splat(*b);
    for (; i + LANES <= count; i += LANES) store(y + i, apply_binary(op, load(a + i), scalar));
  } else {
    vf scalar = splat(*a);
    for (; i + LANES <= count; i += LANES) store(y + i, apply_binary(op, scalar, b_step ? load(b + i) : splat(*b)));
  }
  if (i < count) {
    float left[LANES] = {0}, right[LANES] = {0};
    for (size_t j = i; j < count; j++) left[j - i] = a[j * a_step], right[j - i] = b[j * b_step];
    store(left, apply_binary(op, load(left), load(right)));
    memcpy(y + i, left, (count - i) * sizeof(float));
  }
}

static void binary(int32_t op, const float *a, size_t a_step, const float *b, size_t b_step, float *y, size_t count) {
  switch (op) {
#define CASE(name) case name: binary_loop(name, a, a_step, b, b_step, y, count); break;
    CASE(ZS_ADD) CASE(ZS_SUB) CASE(ZS_MUL) CASE(ZS_DIV) CASE(ZS_MIN) CASE(ZS_MAX) CASE(ZS_PRELU)
#undef CASE
  }
}

INLINE void lanes_loop(int32_t op, const float *a, const float *b, int32_t reversed, float *y, size_t count) {
  for (size_t i = 0; i < count; i++, a += 16, y += 16) {
#pragma clang loop unroll(full)
    for (int j = 0; j < 16; j += LANES)
      store(y + j, reversed ? apply_binary(op, load(b + j), load(a + j)) : apply_binary(op, load(a + j), load(b + j)));
  }
}

static void binary_lanes(int32_t op, const float *a, const float *b, int32_t reversed, float *y, size_t count) {
  switch (op) {
#define CASE(name) case name: lanes_loop(name, a, b, reversed, y, count); break;
    CASE(ZS_ADD) CASE(ZS_SUB) CASE(ZS_MUL) CASE(ZS_DIV) CASE(ZS_MIN) CASE(ZS_MAX) CASE(ZS_PRELU)
#undef CASE
  }
}

static void affine(const float *x, float *y, size_t count, float scale, float shift) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) store(y + i, load(x + i) * scale + shift);
  for (; i < count; i++) y[i] = x[i] * scale + shift;
}

static void affine_lanes(const float *x, float *y, size_t count, const float *scale, const float *shift) {
  for (size_t i = 0; i < count; i++, x += 16, y += 16) {
#pragma clang loop unroll(full)
    for (int j = 0; j < 16; j += LANES) store(y + j, load(x + j) * load(scale + j) + load(shift + j));
  }
}

static void normalize(const float *x, float *y, size_t count, float mean, float factor, const float *scale,
                      const float *shift) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    vf r = (load(x + i) - mean) * factor;
    if (scale) r = r * load(scale + i);
    if (shift) r = r + load(shift + i);
    store(y + i, r);
  }
  for (; i < count; i++) {
    float r = (x[i] - mean) * factor;
    if (scale) r *= scale[i];
    if (shift) r += shift[i];
    y[i] = r;
  }
}

INLINE float horizontal_sum(vf x) {
  float sum = 0;
  for (int i = 0; i < LANES; i++) sum += x[i];
  return sum;
}

INLINE vf start_of(int32_t op) {
  switch (op) {
  case ZS_REDUCE_MAX: return splat(-INFINITY);
  case ZS_REDUCE_MIN: return splat(INFINITY);
  case ZS_PROD: return splat(1.0f);
  default: return splat(0.0f);
  }
}

INLINE vf accumulate(int32_t op, vf total, vf x) {
  switch (op) {
  case ZS_REDUCE_MAX: return apply_binary(ZS_MAX, total, x);
  case ZS_REDUCE_MIN: return apply_binary(ZS_MIN, total, x);
  case ZS_PROD: return total * x;
  case ZS_SUM_ABS: return total + v_abs(x);
  case ZS_SUM_SQUARE: return total + x * x;
  default: return total + x;
  }
}

/* How partial results of a reduction join. */
INLINE int32_t joining(int32_t op) { return op == ZS_SUM_ABS || op == ZS_SUM_SQUARE ? ZS_SUM : op; }

INLINE float reduce_loop(int32_t op, const float *x, size_t count) {
  vf t0 = start_of(op), t1 = t0, t2 = t0, t3 = t0;
  size_t i = 0;
  for (; i + 4 * LANES <= count; i += 4 * LANES) {
    t0 = accumulate(op, t0, load(x + i));
    t1 = accumulate(op, t1, load(x + i + LANES));
    t2 = accumulate(op, t2, load(x + i + 2 * LANES));
    t3 = accumulate(op, t3, load(x + i + 3 * LANES));
  }
  for (; i + LANES <= count; i += LANES) t0 = accumulate(op, t0, load(x + i));
  t0 = accumulate(joining(op), accumulate(joining(op), t0, t1), accumulate(joining(op), t2, t3));
  vf total = start_of(op);
  for (int j = 0; j < LANES; j++) total = accumulate(joining(op), total, splat(t0[j]));
  for (; i < count; i++) total = accumulate(op, total, splat(x[i]));
  return total[0];
}

static float reduce(int32_t op, const float *x, size_t count) {
  switch (op) {
  case ZS_SUM: return reduce_loop(ZS_SUM, x, count);
  case ZS_REDUCE_MAX: return reduce_loop(ZS_REDUCE_MAX, x, count);
  case ZS_REDUCE_MIN: return reduce_loop(ZS_REDUCE_MIN, x, count);
  case ZS_PROD: return reduce_loop(ZS_PROD, x, count);
  case ZS_SUM_ABS: return reduce_loop(ZS_SUM_ABS, x, count);
  case ZS_SUM_SQUARE: return reduce_loop(ZS_SUM_SQUARE, x, count);
  default: break;
  }
  float top = reduce_loop(ZS_REDUCE_MAX, x, count);
  if (!isfinite(top)) return top;
  vf total = splat(0.0f);
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) total += v_exp(load(x + i) - top);
  float sum = horizontal_sum(total);
  for (; i < count; i++) sum += v_exp(splat(x[i] - top))[0];
  return top + logf(sum);
}

INLINE void reduce_rows_loop(int32_t op, const float *x, size_t rows, size_t stride, float *y, size_t columns) {
  size_t j = 0;
  for (; j + LANES <= columns; j += LANES) {
    vf total = start_of(op);
    for (size_t i = 0; i < rows; i++) total = accumulate(op, total, load(x + i * stride + j));
    store(y + j, total);
  }
  for (; j < columns; j++) {
    vf total = start_of(op);
    for (size_t i = 0; i < rows; i++) total = accumulate(op, total, splat(x[i * stride + j]));
    y[j] = total[0];
  }
}

static void reduce_rows(int32_t op, const float *x, size_t rows, size_t stride, float *y, size_t columns) {
  switch (op) {
#define CASE(name) case name: reduce_rows_loop(name, x, rows, stride, y, columns); break;
    CASE(ZS_SUM) CASE(ZS_REDUCE_MAX) CASE(ZS_REDUCE_MIN) CASE(ZS_PROD) CASE(ZS_SUM_ABS) CASE(ZS_SUM_SQUARE)
#undef CASE
  }
}

static float sum_squared_deviation(const float *x, size_t count, float mean) {
  vf t0 = splat(0.0f), t1 = t0;
  size_t i = 0;
  for (; i + 2 * LANES <= count; i += 2 * LANES) {
    vf d0 = load(x + i) - mean, d1 = load(x + i + LANES) - mean;
    t0 += d0 * d0;
    t1 += d1 * d1;
  }
  float sum = horizontal_sum(t0 + t1);
  for (; i < count; i++) sum += (x[i] - mean) * (x[i] - mean);
  return sum;
}

static void softmax(const float *x, float *y, size_t count, int32_t logarithm) {
  float top = reduce_loop(ZS_REDUCE_MAX, x, count);
  vf total = splat(0.0f);
  float sum = 0;
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    vf e = v_exp(load(x + i) - top);
    if (!logarithm) store(y + i, e);
    total += e;
  }
  for (; i < count; i++) {
    float e = v_exp(splat(x[i] - top))[0];
    if (!logarithm) y[i] = e;
    sum += e;
  }
  sum += horizontal_sum(total);
  if (logarithm)
    /* Two steps: top + ln sum would round away what x - top keeps. */
    for (float log_sum = logf(sum), *end = y + count; y < end; x++, y++) *y = (*x - top) - log_sum;
  else
    affine(y, y, count, 1.0f / sum, 0.0f);
}

static void softmax_columns(const float *x, float *y, size_t rows, size_t stride, size_t columns, int32_t logarithm) {
  for (size_t j = 0; j < columns; j += LANES) {
    size_t width = columns - j < LANES ? columns - j : LANES;
    float edge[LANES] = {0};
    /* The last columns go through `edge`, so that nothing past the row is touched. */
#define ROW(i) (width == LANES ? load(x + (i)*stride + j) : (memcpy(edge, x + (i)*stride + j, width * 4), load(edge)))
#define PUT(i, value)                                                                                                  \
  do {                                                                                                                 \
    vf result = (value);                                                                                               \
    memcpy(y + (i)*stride + j, &result, width * 4);                                                                    \
  } while (0)
    vf top = splat(-INFINITY), sum = splat(0.0f);
    for (size_t i = 0; i < rows; i++) top = accumulate(ZS_REDUCE_MAX, top, ROW(i));
    for (size_t i = 0; i < rows; i++) sum += v_exp(ROW(i) - top);
    vf log_sum = v_log(sum), factor = 1.0f / sum;
    for (size_t i = 0; i < rows; i++) {
      vf d = ROW(i) - top;
      if (logarithm) PUT(i, d - log_sum);
      else PUT(i, v_exp(d) * factor);
    }
#undef ROW
#undef PUT
  }
}

/* base^-beta; AlexNet's 0.75 takes two square roots. */
INLINE vf inverse_power(vf base, float beta) {
  if (beta == 0.75f) {
    vf root = v_sqrt(base);
    return 1.0f / (root * v_sqrt(root));
  }
  return v_exp(v_log(base) * -beta);
}

static void lrn(const float *x, float *y, size_t channels, size_t stride, size_t positions, size_t size, float alpha,
                float beta, float bias) {
  const float factor = alpha / (float)size;
  const size_t before = (size - 1) / 2, after = size - 1 - before;
  for (size_t p = 0; p < positions; p += LANES) {
    size_t width = positions - p < LANES ? positions - p : LANES;
    for (size_t c = 0; c < channels; c++) {
      size_t first = c > before ? c - before : 0, last = c + after < channels ? c + after : channels - 1;
      vf sum = splat(0.0f), own = sum;
      for (size_t i = first; i <= last; i++) {
        vf value = splat(0.0f);
        if (width == LANES) value = load(x + i * stride + p);
        else memcpy(&value, x + i * stride + p, width * sizeof(float));
        if (i == c) own = value;
        sum += value * value;
      }
      vf result = own * inverse_power(sum * factor + bias, beta);
      memcpy(y + c * stride + p, &result, width * sizeof(float));
    }
  }
}

static void lrn_blocked(const float *x, float *y, size_t channels, size_t block_stride, size_t positions, size_t size,
                        float alpha, float beta, float bias, float *scratch) {
  const float factor = alpha / (float)size;
  const size_t before = (size - 1) / 2, blocks = (channels + 15) / 16;
  memset(scratch, 0, (16 * blocks + size) * sizeof(float));
  for (size_t p = 0; p < positions; p++, x += 16, y += 16) {
    for (size_t b = 0; b < blocks; b++)
      for (size_t j = 0; j < 16; j += LANES) {
        vf value = load(x + b * block_stride + j);
        store(scratch + before + b * 16 + j, value * value);
      }
    for (size_t b = 0; b < blocks; b++)
      for (size_t j = 0; j < 16; j += LANES) {
        vf sum = splat(0.0f);
        for (size_t i = 0; i < size; i++) sum += load(scratch + b * 16 + j + i);
        /* Lanes past the last channel hold zeros and stay zero. */
        store(y + b * block_stride + j, load(x + b * block_stride + j) * inverse_power(sum * factor + bias, beta));
      }
  }
}

static void pack(const float *b, size_t row, size_t column, size_t depth, size_t columns, float alpha, size_t first,
                 size_t end, float *packed) {
  for (size_t panel = first; panel < end; panel++) {
    float *out = packed + panel * depth * PANEL;
    size_t base = panel * PANEL, width = columns - base < PANEL ? columns - base : PANEL;
    if (column == 1 && width == PANEL) {
      for (size_t k = 0; k < depth; k++)
        for (size_t j = 0; j < PANEL; j += LANES)
          store(out + k * PANEL + j, load(b + k * row + base + j) * alpha);
      continue;
    }
    /* Sixteen depths at a time, so that both sides stay in the cache when b is transposed. */
    for (size_t k0 = 0; k0 < depth; k0 += 16)
      for (size_t j = 0; j < PANEL; j++)
        for (size_t k = k0; k < depth && k < k0 + 16; k++)
          out[k * PANEL + j] = j < width ? b[k * row + (base + j) * column] * alpha : 0.0f;
  }
}

INLINE void micro(const float *a, size_t a_stride, const float *b, float *c, size_t c_stride, size_t depth, int rows,
                  int add) {
  vf t[TILE_ROWS][2];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    t[r][0] = add ? load(c + r * c_stride) : splat(0.0f);
    t[r][1] = add ? load(c + r * c_stride + LANES) : splat(0.0f);
  }
  for (size_t k = 0; k < depth; k++, b += PANEL) {
    vf b0 = load(b), b1 = load(b + LANES);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      vf value = splat(a[r * a_stride + k]);
      t[r][0] = value * b0 + t[r][0];
      t[r][1] = value * b1 + t[r][1];
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    store(c + r * c_stride, t[r][0]);
    store(c + r * c_stride + LANES, t[r][1]);
  }
}

/* One row: memory-bound, so four depths at a time hide the latency of the sums. */
static void micro_1(const float *a, const float *b, float *c, size_t depth, int add) {
  vf t[4][2];
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) t[i][0] = t[i][1] = splat(0.0f);
  if (add) t[0][0] = load(c), t[0][1] = load(c + LANES);
  size_t k = 0;
  for (; k + 4 <= depth; k += 4, b += 4 * PANEL) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
      vf value = splat(a[k + i]);
      t[i][0] = value * load(b + i * PANEL) + t[i][0];
      t[i][1] = value * load(b + i * PANEL + LANES) + t[i][1];
    }
  }
  for (; k < depth; k++, b += PANEL) {
    t[0][0] = splat(a[k]) * load(b) + t[0][0];
    t[0][1] = splat(a[k]) * load(b + LANES) + t[0][1];
  }
  store(c, (t[0][0] + t[1][0]) + (t[2][0] + t[3][0]));
  store(c + LANES, (t[0][1] + t[1][1]) + (t[2][1] + t[3][1]));
}

static void micro_rows(const float *a, size_t a_stride, const float *b, float *c, size_t c_stride, size_t depth,
                       size_t rows, int add) {
  switch (rows) {
  case 1: micro_1(a, b, c, depth, add); break;
#define CASE(n) case n: if (n <= TILE_ROWS) micro(a, a_stride, b, c, c_stride, depth, n <= TILE_ROWS ? n : 1, add); break;
    CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
#undef CASE
  }
}

static void add_row(float *c, const zs_addend *addend, size_t row, size_t column, size_t count) {
  const float *values = addend->values + row * addend->row + column * addend->column;
  size_t j = 0;
  if (addend->column == 0) {
    float value = *values * addend->scale;
    for (; j + LANES <= count; j += LANES) store(c + j, load(c + j) + value);
    for (; j < count; j++) c[j] += value;
  } else {
    for (; j + LANES <= count; j += LANES) store(c + j, load(values + j) * addend->scale + load(c + j));
    for (; j < count; j++) c[j] += values[j] * addend->scale;
  }
}

static void gemm(const zs_gemm *g, size_t row0, size_t row1, size_t panel0, size_t panel1) {
  size_t k0 = 0;
  do {
    size_t depth = g->depth - k0 < DEPTH_BLOCK ? g->depth - k0 : DEPTH_BLOCK;
    /* One row alone reads every panel once, so it goes through in one piece. */
    if (row1 - row0 == 1) depth = g->depth;
    for (size_t panel = panel0; panel < panel1; panel++) {
      const float *b = g->b + panel * g->depth * PANEL + k0 * PANEL;
      size_t column = panel * PANEL, width = g->columns - column < PANEL ? g->columns - column : PANEL;
      for (size_t i = row0; i < row1; i += TILE_ROWS) {
        size_t rows = row1 - i < TILE_ROWS ? row1 - i : TILE_ROWS;
        const float *a = g->a + i * g->a_stride + k0;
        float *c = g->c + i * g->c_stride + column;
        if (width == PANEL) {
          micro_rows(a, g->a_stride, b, c, g->c_stride, depth, rows, k0 > 0);
        } else {
          float edge[TILE_ROWS * PANEL] = {0};
          if (k0 > 0)
            for (size_t r = 0; r < rows; r++) memcpy(edge + r * PANEL, c + r * g->c_stride, width * sizeof(float));
          micro_rows(a, g->a_stride, b, edge, PANEL, depth, rows, k0 > 0);
          for (size_t r = 0; r < rows; r++) memcpy(c + r * g->c_stride, edge + r * PANEL, width * sizeof(float));
        }
      }
    }
    k0 += depth;
  } while (k0 < g->depth);

  size_t column = panel0 * PANEL, end = panel1 * PANEL < g->columns ? panel1 * PANEL : g->columns;
  for (size_t i = row0; i < row1; i++) {
    float *c = g->c + i * g->c_stride + column;
    for (int32_t j = 0; j < g->addend_count; j++) add_row(c, &g->addends[j], i, column, end - column);
    if (g->activation != ZS_IDENTITY)
      unary(g->activation, c, c, end - column, g->activation_a, g->activation_b);
  }
}

static void block(const float *x, size_t channel_stride, float *y, size_t positions, size_t lanes) {
  /* Few positions at a time, so that the written lines stay in the cache over all channels. */
  for (size_t p0 = 0; p0 < positions; p0 += 64) {
    size_t end = positions - p0 < 64 ? positions : p0 + 64;
    for (size_t c = 0; c < 16; c++)
      for (size_t p = p0; p < end; p++) y[p * 16 + c] = c < lanes ? x[c * channel_stride + p] : 0.0f;
  }
}

static void unblock(const float *x, float *y, size_t channel_stride, size_t positions, size_t lanes) {
  for (size_t p0 = 0; p0 < positions; p0 += 64) {
    size_t end = positions - p0 < 64 ? positions : p0 + 64;
    for (size_t c = 0; c < lanes; c++)
      for (size_t p = p0; p < end; p++) y[c * channel_stride + p] = x[p * 16 + c];
  }
}

const zs_kernels KERNEL_TABLE;
const zs_kernels KERNEL_TABLE = {
    .panel_columns = PANEL,
    .unary = unary,
    .binary = binary,
    .binary_lanes = binary_lanes,
    .affine = affine,
    .affine_lanes = affine_lanes,
    .normalize = normalize,
    .reduce = reduce,
    .reduce_rows = reduce_rows,
    .sum_squared_deviation = sum_squared_deviation,
    .softmax = softmax,
    .softmax_columns = softmax_columns,
    .lrn = lrn,
    .lrn_blocked = lrn_blocked,
    .pack = pack,
    .gemm = gemm,
    .block = block,
    .unblock = unblock,
};

#ifdef TARGET
#pragma clang attribute pop
#endif
