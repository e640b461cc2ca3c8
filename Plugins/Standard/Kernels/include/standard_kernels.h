/*
 * The loops of the standard operators. `zs_kernels` holds the float32 ones, compiled once for each instruction set;
 * the `zs_typed_` functions serve every other element type. Types are ONNX's TensorProto.DataType numbers.
 */
#ifndef STANDARD_KERNELS_H
#define STANDARD_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum zs_unary {
  ZS_IDENTITY, ZS_RELU, ZS_LEAKY_RELU, ZS_CLIP, ZS_SIGMOID, ZS_TANH, ZS_ELU, ZS_SELU, ZS_SOFTPLUS, ZS_SOFTSIGN,
  ZS_HARD_SIGMOID, ZS_HARD_SWISH, ZS_MISH, ZS_GELU, ZS_GELU_TANH, ZS_SWISH, ZS_ERF, ZS_EXP, ZS_LOG, ZS_SQRT, ZS_ABS,
  ZS_NEG, ZS_RECIPROCAL, ZS_FLOOR, ZS_CEIL, ZS_ROUND, ZS_SIGN, ZS_THRESHOLDED_RELU, ZS_CELU, ZS_SHRINK,
  /* From here on through the C library, whatever the type. */
  ZS_SIN, ZS_COS, ZS_TAN, ZS_ASIN, ZS_ACOS, ZS_ATAN, ZS_SINH, ZS_COSH, ZS_ASINH, ZS_ACOSH, ZS_ATANH, ZS_BITWISE_NOT
};

enum zs_binary {
  ZS_ADD, ZS_SUB, ZS_MUL, ZS_DIV, ZS_MIN, ZS_MAX, ZS_PRELU,
  ZS_POW, ZS_MOD, ZS_FMOD, ZS_AND, ZS_OR, ZS_XOR, ZS_SHIFT_LEFT, ZS_SHIFT_RIGHT
};

enum zs_compare { ZS_EQUAL, ZS_LESS, ZS_LESS_OR_EQUAL, ZS_GREATER, ZS_GREATER_OR_EQUAL };

enum zs_reduction { ZS_SUM, ZS_REDUCE_MAX, ZS_REDUCE_MIN, ZS_PROD, ZS_SUM_ABS, ZS_SUM_SQUARE, ZS_LOG_SUM_EXP };

/* Something that a matrix product adds to its result: scale * values[i * row + j * column]. */
typedef struct zs_addend {
  const float *values;
  size_t row, column;
  float scale;
} zs_addend;

/* c = activation(a · b + addends), with b packed into panels. */
typedef struct zs_gemm {
  const float *a;
  size_t a_stride;
  const float *b;
  float *c;
  size_t c_stride;
  size_t rows, columns, depth;
  zs_addend addends[2];
  int32_t addend_count;
  int32_t activation;
  float activation_a, activation_b;
} zs_gemm;

typedef struct zs_kernels {
  /* Columns of one panel of a packed matrix; the last panel is filled up with zeros. */
  size_t panel_columns;
  /* y = op(x) with the operator's parameters a and b; x may be y. */
  void (*unary)(int32_t op, const float *x, float *y, size_t count, float a, float b);
  /* y[i] = op(a[i * a_step], b[i * b_step]) with steps of 0 or 1; ops up to ZS_PRELU; y may be a or b. */
  void (*binary)(int32_t op, const float *a, size_t a_step, const float *b, size_t b_step, float *y, size_t count);
  /* As binary, with 16 values of b that repeat over `count` groups of 16; `reversed` swaps the operands. */
  void (*binary_lanes)(int32_t op, const float *a, const float *b, int32_t reversed, float *y, size_t count);
  /* y = x * scale + shift. */
  void (*affine)(const float *x, float *y, size_t count, float scale, float shift);
  /* The same with 16 scales and shifts that repeat over `count` groups of 16. */
  void (*affine_lanes)(const float *x, float *y, size_t count, const float *scale, const float *shift);
  /* y = (x - mean) * factor * scale + shift with vectors scale and shift (either NULL). */
  void (*normalize)(const float *x, float *y, size_t count, float mean, float factor, const float *scale,
                    const float *shift);
  /* The reduction of `count` values; ZS_LOG_SUM_EXP included. */
  float (*reduce)(int32_t op, const float *x, size_t count);
  /* y[j] = reduction over i of x[i * stride + j]; not ZS_LOG_SUM_EXP. */
  void (*reduce_rows)(int32_t op, const float *x, size_t rows, size_t stride, float *y, size_t columns);
  /* The sum of (x - mean)². */
  float (*sum_squared_deviation)(const float *x, size_t count, float mean);
  void (*softmax)(const float *x, float *y, size_t count, int32_t logarithm);
  /* Softmax down `rows` rows, `stride` apart, of `columns` columns. */
  void (*softmax_columns)(const float *x, float *y, size_t rows, size_t stride, size_t columns, int32_t logarithm);
  /* Local response normalisation of `channels` rows of `positions` values, both `stride` apart from the next. */
  void (*lrn)(const float *x, float *y, size_t channels, size_t stride, size_t positions, size_t size, float alpha,
              float beta, float bias);
  /* The same where channels lie in blocks of 16, a block being block_stride values from the next. `scratch` holds
     16 * blocks + size values. */
  void (*lrn_blocked)(const float *x, float *y, size_t channels, size_t block_stride, size_t positions, size_t size,
                      float alpha, float beta, float bias, float *scratch);
  /* Packs panels [first, end) of a matrix b[k * row + j * column] times alpha. */
  void (*pack)(const float *b, size_t row, size_t column, size_t depth, size_t columns, float alpha, size_t first,
               size_t end, float *packed);
  /* Rows [row0, row1) and panels [panel0, panel1) of a product. */
  void (*gemm)(const zs_gemm *g, size_t row0, size_t row1, size_t panel0, size_t panel1);
  /* (channels, positions) plain to blocks of 16 and back, for one block whose first `lanes` channels exist. */
  void (*block)(const float *x, size_t channel_stride, float *y, size_t positions, size_t lanes);
  void (*unblock)(const float *x, float *y, size_t channel_stride, size_t positions, size_t lanes);
} zs_kernels;

/* The kernels for a ZOO_ISA_ level. */
const zs_kernels *zs_kernels_for(int32_t isa);

/* These return 0 where the type or the operator for it is not supported. */
int32_t zs_typed_unary(int32_t type, int32_t op, const void *x, void *y, size_t count, double a, double b);
int32_t zs_typed_binary(int32_t type, int32_t op, const void *a, size_t a_step, const void *b, size_t b_step, void *y,
                        size_t count);
int32_t zs_typed_compare(int32_t type, int32_t op, const void *a, size_t a_step, const void *b, size_t b_step,
                         uint8_t *y, size_t count);
/* y[o, i] = reduction over r of x[o, r, i]. */
int32_t zs_typed_reduce(int32_t type, int32_t op, const void *x, size_t outer, size_t length, size_t inner, void *y);
/* y[o, i] = the index of the largest (or smallest) x[o, r, i], the first or the last of equals. */
int32_t zs_typed_arg(int32_t type, int32_t largest, int32_t last, const void *x, size_t outer, size_t length,
                     size_t inner, int64_t *y);
int32_t zs_typed_cumulate(int32_t type, int32_t product, int32_t exclusive, int32_t reverse, const void *x,
                          size_t outer, size_t length, size_t inner, void *y);
/* c = a · b of row-major matrices, for integers (modulo 2^n) and float64; steps in elements. */
int32_t zs_typed_matmul(int32_t type, const void *a, size_t a_row, size_t a_column, const void *b, size_t b_row,
                        size_t b_column, void *c, size_t rows, size_t columns, size_t depth);
/* Numeric conversion as ONNX's Cast has it; `saturate` is for the 8-bit floats. */
int32_t zs_cast(int32_t from, int32_t to, const void *x, void *y, size_t count, int32_t saturate);

float zs_half_to_float(uint16_t bits);
uint16_t zs_float_to_half(float value);
void zs_halves_to_floats(const uint16_t *x, float *y, size_t count);
void zs_floats_to_halves(const float *x, uint16_t *y, size_t count);
void zs_bfloats_to_floats(const uint16_t *x, float *y, size_t count);
void zs_floats_to_bfloats(const float *x, uint16_t *y, size_t count);

/* Copies a strided array (strides in bytes, any sign, 0 repeats) of elements of 1, 2, 4, 8 or 16 bytes to dense
   memory: the elements whose first index lies in [first, end). */
void zs_copy_strided(const void *x, void *y, int32_t rank, const int64_t *shape, const int64_t *strides,
                     size_t element_bytes, int64_t first, int64_t end);
/* y[i] = condition[i * c_step] ? a[i * a_step] : b[i * b_step]. */
void zs_select(const uint8_t *condition, size_t c_step, const void *a, size_t a_step, const void *b, size_t b_step,
               void *y, size_t element_bytes, size_t count);

/* An OpenBLAS that is loaded on first use, held to one thread: 0 where there is none. C = A · B, row major. */
int32_t zs_blas_dgemm(int32_t isa, int32_t transpose_a, int32_t transpose_b, int64_t m, int64_t n, int64_t k,
                      double alpha, const double *a, int64_t lda, const double *b, int64_t ldb, double beta, double *c,
                      int64_t ldc);
int32_t zs_blas_sgemm(int32_t isa, int32_t transpose_a, int32_t transpose_b, int64_t m, int64_t n, int64_t k,
                      float alpha, const float *a, int64_t lda, const float *b, int64_t ldb, float beta, float *c,
                      int64_t ldc);

#endif
