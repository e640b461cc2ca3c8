/*
 * Loops that plugins share, compiled once for each instruction set: elementwise functions, reductions, products of
 * matrices, all of float32, and products in bfloat16 and in bytes; and conversions to and from 16-bit floats.
 */
#ifndef VECTOR_KERNELS_H
#define VECTOR_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum zs_unary {
  ZS_IDENTITY, ZS_RELU, ZS_LEAKY_RELU, ZS_CLIP, ZS_SIGMOID, ZS_TANH, ZS_ELU, ZS_SELU, ZS_SOFTPLUS, ZS_SOFTSIGN,
  ZS_HARD_SIGMOID, ZS_HARD_SWISH, ZS_MISH, ZS_GELU, ZS_GELU_TANH, ZS_SWISH, ZS_ERF, ZS_EXP, ZS_LOG, ZS_SQRT, ZS_ABS,
  ZS_NEG, ZS_RECIPROCAL, ZS_FLOOR, ZS_CEIL, ZS_ROUND, ZS_SIGN, ZS_THRESHOLDED_RELU, ZS_CELU, ZS_SHRINK, ZS_SIN, ZS_COS,
  ZS_TAN, ZS_ASIN, ZS_ACOS, ZS_ATAN, ZS_SINH, ZS_COSH, ZS_ASINH, ZS_ACOSH, ZS_ATANH,
  /* Not of floats. */
  ZS_BITWISE_NOT
};

enum zs_binary {
  ZS_ADD, ZS_SUB, ZS_MUL, ZS_DIV, ZS_MIN, ZS_MAX, ZS_PRELU, ZS_POW,
  /* Here and below one by one, whatever the type. */
  ZS_MOD, ZS_FMOD, ZS_AND, ZS_OR, ZS_XOR, ZS_SHIFT_LEFT, ZS_SHIFT_RIGHT
};

enum zs_reduction { ZS_SUM, ZS_REDUCE_MAX, ZS_REDUCE_MIN, ZS_PROD, ZS_SUM_ABS, ZS_SUM_SQUARE, ZS_LOG_SUM_EXP };

/* Something that a matrix product adds to its result: scale * values[i * row + j * column]. */
typedef struct zs_addend {
  const float *values;
  size_t row, column;
  float scale;
} zs_addend;

/* What a product multiplies: numbers; pairs of bfloat16; quads of bytes; numbers by numbers that b holds as float16 or
   bfloat16; rows rounded to 8 bits, or numbers, by weights in blocks (weight_blocks.h). Pairs and quads are two and four
   depths in the 32 bits of a number. */
enum zs_form { ZS_NUMBERS, ZS_PAIRS, ZS_QUADS, ZS_HALVES, ZS_BFLOATS, ZS_WEIGHTS, ZS_EXACT_WEIGHTS };

/* What take_surplus took off the quads of a right-hand matrix: of each panel how many, or -1 where none were and some
   should have been; their places and they themselves, `capacity` for each panel. Without counts all panels are such. */
typedef struct zs_step {
  int32_t tap, step;
} zs_step;
typedef struct zs_surplus {
  const int32_t *counts;
  const zs_step *places;
  const float *quads;
  size_t capacity;
} zs_surplus;

/* A row of quantized numbers q stands for scale * (q - zero). */
typedef struct zs_row {
  float scale;
  int32_t zero;
} zs_row;

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
  /* A zs_form: what a and b hold in place of numbers, and what depth and b's panels count. a_stride counts 32 bits. With
     numbers of 16 bits depth counts numbers, and a panel has an even number of them. */
  int32_t form;
  /* Of ZS_QUADS: what bytes of each row and each column stand for, and the sum of each column's. */
  const zs_row *row_scales;
  const float *column_scales;
  const int32_t *column_sums;
  zs_surplus surplus;
  /* Of weights in blocks: ggml's number of their type. b is what zs_pack_weight_blocks makes, a what round_weight_rows does,
     depth counts numbers. */
  int32_t weight_type;
} zs_gemm;

/* Exact sums, c[i][j] = Σ (a[i][k] - zero of row i) (b[k][j] - zero of column j), of 32 bits that wrap around. */
typedef struct zs_integers {
  /* What row_integers makes. Row i has `taps` runs of `steps` quads; that of tap t begins at quad
     places[t * place_stride + i]. Without places there is one tap, and rows follow each other. */
  const void *a;
  const int32_t *places;
  size_t place_stride, taps, steps;
  /* What row_integers returned for the rows: one for all with a step of 0. */
  const int32_t *row_zeros;
  size_t row_zero_step;
  /* From pack_bytes or pack_depthwise, and the sums of the columns. */
  const float *b;
  const int32_t *column_sums;
  zs_surplus surplus;
  /* The zero points of b as pack_bytes leaves it, for all columns of the panels; NULL where all are 0. */
  const int32_t *column_zeros;
  int32_t *c;
  size_t c_stride, columns;
} zs_integers;

/* One row of a product, a · b + addend, of which `rounded` holds what factors of 8 bits gave. That is off by at most
   left_error * norms[j] + left_norm * errors[j]. The three vectors have whole vectors of the registers' length. */
typedef struct zs_largest {
  const float *rounded, *norms, *errors;
  float left_error, left_norm;
  const float *a, *b, *addend;
  /* b[k * b_row + j * b_column]. */
  size_t b_row, b_column, depth, columns;
} zs_largest;

typedef struct zs_choice {
  float value;
  size_t column;
} zs_choice;

/* Integers of eight bits from low to high, of which q stands for scale * (q - zero). They are signed if low is. */
typedef struct zs_steps {
  float scale, zero, low, high;
} zs_steps;

/* Rows [row0, row1) and panels [panel0, panel1) of a product. */
typedef void (*zs_product)(const zs_gemm *g, size_t row0, size_t row1, size_t panel0, size_t panel1);

typedef struct zs_byte_products {
  /* Rows of the register tile. */
  size_t tile_rows;
  /* The quads of a panel that have surplus, and what makes a panel of `taps` runs of `steps` quads one that multiplies
     faster, by taking that off. The columns' sums are those before. */
  size_t (*count_surplus)(const float *panel, size_t steps);
  void (*take_surplus)(float *panel, size_t taps, size_t steps, float *quads, zs_step *places);
  /* Of ZS_QUADS. */
  zs_product multiply;
  /* Rows [row0, row1) and panels [panel0, panel1) of a product of integers. */
  void (*integers)(const zs_integers *g, size_t row0, size_t row1, size_t panel0, size_t panel1);
} zs_byte_products;

typedef struct zs_kernels {
  /* Columns of one panel of a packed matrix; the last panel is filled up with zeros. */
  size_t panel_columns;
  /* Rows of the register tile of a product. */
  size_t tile_rows;
  /* By form, without those of bytes and of weights in blocks. */
  zs_product multiply[ZS_BFLOATS + 1];
  zs_byte_products bytes;
  /* y = op(x) with the operator's parameters a and b; x may be y. */
  void (*unary)(int32_t op, const float *x, float *y, size_t count, float a, float b);
  /* y[i] = op(a[i * a_step], b[i * b_step]) with steps of 0 or 1; ops up to ZS_POW; y may be a or b. */
  void (*binary)(int32_t op, const float *a, size_t a_step, const float *b, size_t b_step, float *y, size_t count);
  /* The same for rows of `count` results, one after the other, whose operands begin a_row and b_row after those before. */
  void (*binary_rows)(int32_t op, const float *a, size_t a_row, size_t a_step, const float *b, size_t b_row,
                      size_t b_step, float *y, size_t rows, size_t count);
  /* As binary, with 16 values of b that repeat over `count` groups of 16; `reversed` swaps the operands. */
  void (*binary_lanes)(int32_t op, const float *a, const float *b, int32_t reversed, float *y, size_t count);
  /* y = x * scale + shift. */
  void (*affine)(const float *x, float *y, size_t count, float scale, float shift);
  /* The same with 16 scales and shifts that repeat over `count` groups of 16. */
  void (*affine_lanes)(const float *x, float *y, size_t count, const float *scale, const float *shift);
  /* y = (x - mean) * factor * scale + shift with vectors scale and shift (either NULL). */
  void (*normalize)(const float *x, float *y, size_t count, float mean, float factor, const float *scale,
                    const float *shift);
  /* Numbers to bytes, and bytes to numbers. */
  void (*quantize_bytes)(const float *x, void *y, size_t count, zs_steps steps);
  void (*dequantize_bytes)(const void *x, float *y, size_t count, zs_steps steps);
  /* Signed bytes with a scale for each `block` of them, of which there are whole ones. */
  void (*scale_bytes)(const int8_t *x, const float *scales, size_t block, float *y, size_t count);
  /* Both at once; y may be x. */
  void (*round_to_steps)(const float *x, float *y, size_t count, zs_steps steps);
  /* The reduction of `count` values; ZS_LOG_SUM_EXP included. */
  float (*reduce)(int32_t op, const float *x, size_t count);
  /* The same of `rows` rows, one after the other. */
  void (*reduce_each)(int32_t op, const float *x, size_t rows, size_t length, float *y);
  /* y[j] = reduction over i of x[i * stride + j]; not ZS_LOG_SUM_EXP. */
  void (*reduce_rows)(int32_t op, const float *x, size_t rows, size_t stride, float *y, size_t columns);
  /* The sum of (x - mean)². */
  float (*sum_squared_deviation)(const float *x, size_t count, float mean);
  void (*softmax)(const float *x, float *y, size_t count, int32_t logarithm);
  /* One piece of a softmax over a row that comes in pieces (Milakov and Gimelshein 2018): x becomes e^(x - top), with
     `top` raised to the largest value so far, and `sum` grows by it. What earlier pieces gave is to be multiplied by the
     result. `top` begins as -infinity, `sum` as 0. */
  float (*softmax_piece)(float *x, size_t count, float *top, float *sum);
  /* y[i] = scale · Σ a[k] b[i * stride + k], k below depth, for `rows` rows of b. */
  void (*dots)(const float *a, const float *b, size_t stride, size_t rows, size_t depth, float scale, float *y);
  /* y[j] = Σ a[i] b[i * stride + j], i below rows, for j below `columns`. */
  void (*weighted_sum)(const float *a, const float *b, size_t stride, size_t rows, size_t columns, float *y);
  /* b[i * stride + j] = f[i] b[i * stride + j] + a[i] x[j], i below rows, for j below `columns`; without f, 1 is meant. */
  void (*add_outer)(const float *f, const float *a, const float *x, float *b, size_t stride, size_t rows,
                    size_t columns);
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
  /* As pack, in pairs of bfloat16; a lone last depth is paired with zero. */
  void (*pack_pairs)(const float *b, size_t row, size_t column, size_t depth, size_t columns, float alpha, size_t first,
                     size_t end, float *packed);
  /* Numbers of 16 bits, which stay as they are. Panels are panel_depth numbers deep. */
  void (*pack_narrow)(const uint16_t *b, size_t row, size_t column, size_t depth, size_t columns, size_t first,
                      size_t end, uint16_t *packed, size_t panel_depth);
  /* Numbers of ZS_HALVES or ZS_BFLOATS as float32, in whole vectors: up to 15 more than `count`. */
  void (*widen)(int32_t form, const uint16_t *x, float *y, size_t count);
  /* A row of `count` numbers in (count + 1) / 2 pairs of bfloat16. */
  void (*row_pairs)(const float *x, float *y, size_t count);
  /* Raises magnitudes[j] to the greatest |b[k * row + j * column]|; NaN is the greatest of all. */
  void (*column_magnitudes)(const float *b, size_t row, size_t column, size_t depth, size_t columns,
                            float *magnitudes);
  /* Magnitudes become the scales of columns of bytes, magnitude / 127; NaN where the magnitude is not finite. */
  void (*column_scales)(float *magnitudes, size_t count);
  /* As pack, in quads of bytes round(b / scale). The last panel has scales for all of its columns. */
  void (*pack_quads)(const float *b, size_t row, size_t column, size_t depth, size_t columns, const float *scales,
                     size_t first, size_t end, float *packed);
  /* The sums of the columns of panels [first, end), of `steps` quads a column. */
  void (*column_sums)(const float *packed, size_t steps, size_t first, size_t end, int32_t *sums);
  /* A row of `count` numbers quantized to bytes of 0...255, with room for the next multiple of 16 above count. The range is [low, high] extended to zero, or where low > high that of the numbers; what is outside is
     clamped. The scale is NaN where a number is, and where the range is infinite. */
  zs_row (*row_quads)(const float *x, size_t count, float low, float high, void *y);
  /* Panels [first, end) of a matrix of bytes b[k * row + j * column], in (depth + 3) / 4 quads; panels are panel_steps
     quads apart. 128 is taken off unsigned bytes. */
  void (*pack_bytes)(const void *b, size_t row, size_t column, size_t depth, size_t columns, int32_t is_signed,
                     size_t first, size_t end, float *packed, size_t panel_steps);
  /* `count` bytes as unsigned ones, filled up to a whole quad with the zero point, which it returns as it is for them. */
  int32_t (*row_integers)(const void *x, size_t count, int32_t is_signed, int32_t zero, void *y);
  /* y[j * y_stride + i] = x[i * x_stride + j], of bytes and of 32 bits. */
  void (*transpose_bytes)(const void *x, size_t x_stride, size_t rows, size_t columns, void *y, size_t y_stride);
  void (*transpose_numbers)(const void *x, size_t x_stride, size_t rows, size_t columns, void *y, size_t y_stride);
  /* Weights w[channel * taps + tap] less their zero points, for depthwise_integers: panels of (taps + 1) / 2 steps. */
  void (*pack_depthwise)(const void *w, size_t taps, size_t channels, int32_t is_signed, const int32_t *zeros,
                         size_t zero_step, float *packed, int32_t *sums);
  /* As bytes.integers, but column j takes byte j of each tap alone. It reads up to panel_columns bytes of a tap at once. */
  void (*depthwise_integers)(const zs_integers *g, size_t row0, size_t row1, size_t panel0, size_t panel1);
  /* Bytes round((sums + bias) * factors) + zero, half to even, between low and high; bias and factors by column, bias
     may be NULL. */
  void (*requantize)(const int32_t *sums, size_t stride, size_t rows, size_t columns, const int32_t *bias,
                     const float *factors, zs_steps steps, void *y, size_t y_stride);
  /* y = sums * (row scale * column scale). */
  void (*scale_integers)(const int32_t *sums, size_t stride, size_t rows, size_t columns, const float *row_scales,
                         const float *column_scales, float *y, size_t y_stride);
  /* For each column, the norms of what pack_quads makes of it and of what is missing from that. */
  void (*rounding_errors)(const float *b, size_t row, size_t column, size_t depth, size_t columns, const float *scales,
                          float *norms, float *errors);
  /* The largest element in columns [first, end) is at least this. */
  float (*largest_bound)(const zs_largest *l, size_t first, size_t end);
  /* The largest element in these columns, of equals the first, if it is `least` or more. Ranges begin at multiples of
     16. */
  zs_choice (*largest)(const zs_largest *l, size_t first, size_t end, float least);
  /* (channels, positions) plain to blocks of 16 and back, for one block whose first `lanes` channels exist. */
  void (*block)(const float *x, size_t channel_stride, float *y, size_t positions, size_t lanes);
  void (*unblock)(const float *x, float *y, size_t channel_stride, size_t positions, size_t lanes);
} zs_kernels;

/* The kernels for a ZOO_ISA_ level, on a processor that multiplies pairs of bfloat16, and quads of bytes, or not. */
const zs_kernels *zs_kernels_for(int32_t isa, int32_t has_bfloat16, int32_t has_bytes);
/* Rows [row0, row1) and panels [panel0, panel1) of a product, but for weights in blocks. */
void zs_multiply(const zs_kernels *kernels, const zs_gemm *g, size_t row0, size_t row1, size_t panel0, size_t panel1);

float zs_half_to_float(uint16_t bits);
uint16_t zs_float_to_half(float value);
void zs_halves_to_floats(const uint16_t *x, float *y, size_t count);
void zs_floats_to_halves(const float *x, uint16_t *y, size_t count);
void zs_bfloats_to_floats(const uint16_t *x, float *y, size_t count);
void zs_floats_to_bfloats(const float *x, uint16_t *y, size_t count);

#endif
