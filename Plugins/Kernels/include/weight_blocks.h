/*
 * Matrices whose rows lie in GGUF's blocks: some integers of 2 to 8 bits each that share a scale.
 *
 * A row is one column of a product's right-hand side. Packed, sixteen of them are a panel: block by block the sixteen
 * scales (and minima), the factors of the blocks' parts, and 32 depths at a time the integers, in planes of as many rows
 * of quads as they have bits. So a panel has the bits that the blocks have, and vectors hold a quad of sixteen columns.
 */
#ifndef WEIGHT_BLOCKS_H
#define WEIGHT_BLOCKS_H

#include "vector_kernels.h"

/* Columns of a panel, on every instruction set. */
#define ZS_WEIGHT_COLUMNS 16

/* The types: name, ggml's number, elements and bytes of a block, bits of the integers' low and high plane, elements that
   share a factor, what is taken off the integers, whether there are minima, whether parts have factors, and which of
   zs_weight_numbers the integers choose from (then 128 is taken off what is multiplied). */
#define ZS_WEIGHT_TYPES(TYPE)                                                                                          \
  TYPE(q4_0, 2, 32, 18, 4, 0, 32, 8, 0, 0, 0)                                                                          \
  TYPE(q4_1, 3, 32, 20, 4, 0, 32, 0, 1, 0, 0)                                                                          \
  TYPE(q5_0, 6, 32, 22, 4, 1, 32, 16, 0, 0, 0)                                                                         \
  TYPE(q5_1, 7, 32, 24, 4, 1, 32, 0, 1, 0, 0)                                                                          \
  TYPE(q8_0, 8, 32, 34, 8, 0, 32, 128, 0, 0, 0)                                                                        \
  TYPE(q2_k, 10, 256, 84, 2, 0, 16, 0, 1, 1, 0)                                                                        \
  TYPE(q3_k, 11, 256, 110, 2, 1, 16, 4, 0, 1, 0)                                                                       \
  TYPE(q4_k, 12, 256, 144, 4, 0, 32, 0, 1, 1, 0)                                                                       \
  TYPE(q5_k, 13, 256, 176, 4, 1, 32, 0, 1, 1, 0)                                                                       \
  TYPE(q6_k, 14, 256, 210, 4, 2, 16, 32, 0, 1, 0)                                                                      \
  TYPE(iq4_nl, 20, 32, 18, 4, 0, 32, 128, 0, 0, 1)                                                                     \
  TYPE(iq4_xs, 23, 256, 136, 4, 0, 32, 128, 0, 1, 1)                                                                   \
  TYPE(tq2_0, 35, 256, 66, 2, 0, 32, 1, 0, 0, 0)                                                                       \
  TYPE(mxfp4, 39, 32, 17, 4, 0, 32, 128, 0, 0, 2)

typedef struct zs_weight_type {
  int32_t code;
  uint16_t count, bytes;
  uint8_t low, high, group, zero, minimum, factors, numbers;
} zs_weight_type;

/* A block in whole bytes. The scale is float16, or an exponent of two. */
typedef struct zs_weight_block {
  uint8_t q[256];
  int8_t factors[16], minima[16];
  uint16_t scale, minimum;
} zs_weight_block;

/* NULL for a type that products can't take as it is. */
const zs_weight_type *zs_weight_type_of(int32_t code);
/* Bytes of the blocks that lie side by side in the sixteen columns of a panel. */
size_t zs_packed_block_bytes(const zs_weight_type *type);
/* Packs `columns` rows of `depth` elements that follow each other, from a panel's beginning on. */
void zs_pack_weight_blocks(const zs_weight_type *type, const void *rows, size_t depth, size_t columns, void *packed);
/* `count` blocks as float32. */
void zs_read_weight_blocks(const zs_weight_type *type, const void *blocks, size_t count, float *to);

extern const int8_t zs_weight_numbers[][16];

typedef struct zs_weight_kernels {
  /* `rows` rows of `depth` numbers, which follow each other, rounded for a product with weights of that type; and the bytes
     that one takes. Where a matrix is rounded piece by piece, or multiplied so, pieces have a multiple of 12 rows, but for
     the last one. */
  void (*round_rows)(const zs_weight_type *type, const float *x, size_t depth, size_t rows, void *y);
  size_t (*row_bytes)(const zs_weight_type *type, size_t depth);
  /* Of ZS_WEIGHTS and ZS_EXACT_WEIGHTS. */
  zs_product multiply;
} zs_weight_kernels;

/* As zs_kernels_for. */
const zs_weight_kernels *zs_weight_kernels_for(int32_t isa, int32_t has_bytes);

#endif
