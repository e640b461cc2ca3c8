/*
 * The loops of the standard operators that are not float32: the `zs_typed_` functions serve every other element type.
 * Types are ONNX's TensorProto.DataType numbers.
 */
#ifndef STANDARD_KERNELS_H
#define STANDARD_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "vector_kernels.h"
#include "weight_blocks.h"

enum zs_compare { ZS_EQUAL, ZS_LESS, ZS_LESS_OR_EQUAL, ZS_GREATER, ZS_GREATER_OR_EQUAL };

/* These return 0 where the type or the operator for it is not supported. */
int32_t zs_typed_unary(int32_t type, int32_t op, const void *x, void *y, size_t count, double a, double b);
int32_t zs_typed_binary(int32_t type, int32_t op, const void *a, size_t a_step, const void *b, size_t b_step, void *y,
                        size_t count);
/* The same for rows of `count` elements, the operands' rows row_steps apart. */
int32_t zs_typed_compare(int32_t type, int32_t op, const void *a, const void *b, const ptrdiff_t *row_steps,
                         const ptrdiff_t *steps, uint8_t *y, ptrdiff_t rows, ptrdiff_t count);
/* y[o, i] = reduction over r of x[o, r, i]. */
int32_t zs_typed_reduce(int32_t type, int32_t op, const void *x, size_t outer, size_t length, size_t inner, void *y);
/* `count` columns of (length, inner): y[i] = the index of the largest (or smallest) x[r, i], the first or the last of equals. */
int32_t zs_typed_arg(int32_t type, int32_t largest, int32_t last, const void *x, size_t length, size_t inner,
                     size_t count, int64_t *y);
/* Running sums or products of such columns; y may be x. */
int32_t zs_typed_cumulate(int32_t type, int32_t product, int32_t exclusive, int32_t reverse, const void *x,
                          size_t length, size_t inner, size_t count, void *y);
/* c = a · b of row-major matrices, for integers (modulo 2^n) and float64; steps in elements. */
int32_t zs_typed_matmul(int32_t type, const void *a, size_t a_row, size_t a_column, const void *b, size_t b_row,
                        size_t b_column, void *c, size_t rows, size_t columns, size_t depth);
/* How 8-bit floats round: whether what is too large becomes the largest number, and where float8e8m0 does not go up. */
enum zs_rounding { ZS_SATURATE = 1, ZS_ROUND_DOWN = 2, ZS_ROUND_NEAREST = 4 };
/* Numeric conversion as ONNX's Cast has it. */
int32_t zs_cast(int32_t from, int32_t to, const void *x, void *y, size_t count, int32_t how);

/* Copies a strided array (strides in bytes, any sign, 0 repeats) of elements of 1, 2, 4, 8 or 16 bytes to dense
   memory: the elements whose first index lies in [first, end). */
void zs_copy_strided(const void *x, void *y, int32_t rank, const int64_t *shape, const int64_t *strides,
                     size_t element_bytes, int64_t first, int64_t end);
/* Slices of `bytes` bytes by number: y[i] = x[places[i]], and y[places[i]] = x[i] where first <= places[i] < end, in
   the order of i. */
void zs_gather(const void *x, void *y, ptrdiff_t bytes, const ptrdiff_t *places, ptrdiff_t count);
void zs_scatter(const void *x, void *y, ptrdiff_t bytes, const ptrdiff_t *places, ptrdiff_t count, ptrdiff_t first,
                ptrdiff_t end);
/* Rows of `count` elements y[i] = condition[i * steps[0]] ? a[i * steps[1]] : b[i * steps[2]], the arrays' rows row_steps
   apart. */
void zs_select(const uint8_t *condition, const void *a, const void *b, const ptrdiff_t *row_steps,
               const ptrdiff_t *steps, void *y, size_t element_bytes, ptrdiff_t rows, ptrdiff_t count);

/* Rows [first, end) of y (outer, resized, inner), x being (outer, length, inner): place j of the result is the sum of
   places[t] times weights[t] for t from starts[j] to starts[j + 1]. float32 and float64. */
int32_t zs_resample(int32_t type, const void *x, void *y, size_t length, size_t inner, size_t resized,
                    const int64_t *starts, const int64_t *places, const double *weights, size_t first, size_t end);

/* y[p] = the sum of weights[t] x[places[t]] for t from starts[p] to starts[p + 1]. float32 and float64. */
void zs_pick(int32_t type, const void *x, const int32_t *starts, const int32_t *places, const void *weights,
             size_t count, void *y);

/* An OpenBLAS that is loaded on first use, held to one thread: 0 where there is none. C = A · B, row major. */
int32_t zs_blas_dgemm(int32_t isa, int32_t transpose_a, int32_t transpose_b, int64_t m, int64_t n, int64_t k,
                      double alpha, const double *a, int64_t lda, const double *b, int64_t ldb, double beta, double *c,
                      int64_t ldc);

#endif
