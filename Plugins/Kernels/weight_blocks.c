/* What blocks of weights hold, and how a panel's are interleaved. */
#include "weight_blocks.h"

#include <string.h>

static inline uint16_t word16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }

/* ---- Blocks of 32: the first half in low bits, the second in high bits ---- */

static inline void nibbles(const uint8_t *from, uint8_t *q, size_t half) {
  for (size_t i = 0; i < half; i++) q[i] = from[i] & 15;
  for (size_t i = 0; i < half; i++) q[half + i] = from[i] >> 4;
}

static inline void fifth_bits(const uint8_t *from, uint8_t *q) {
  for (size_t i = 0; i < 32; i++) q[i] |= (uint8_t)((from[i / 8] >> i % 8 & 1) << 4);
}

static inline void expand_q4_0(const uint8_t *b, zs_weight_block *e) {
  e->scale = word16(b);
  nibbles(b + 2, e->q, 16);
}

static inline void expand_q4_1(const uint8_t *b, zs_weight_block *e) {
  e->scale = word16(b);
  e->minimum = word16(b + 2);
  nibbles(b + 4, e->q, 16);
}

static inline void expand_q5_0(const uint8_t *b, zs_weight_block *e) {
  e->scale = word16(b);
  nibbles(b + 6, e->q, 16);
  fifth_bits(b + 2, e->q);
}

static inline void expand_q5_1(const uint8_t *b, zs_weight_block *e) {
  e->scale = word16(b);
  e->minimum = word16(b + 2);
  nibbles(b + 8, e->q, 16);
  fifth_bits(b + 4, e->q);
}

static inline void expand_q8_0(const uint8_t *b, zs_weight_block *e) {
  e->scale = word16(b);
  for (size_t i = 0; i < 32; i++) e->q[i] = b[2 + i] ^ 0x80;
}

static inline void expand_mxfp4(const uint8_t *b, zs_weight_block *e) {
  e->scale = b[0];
  nibbles(b + 1, e->q, 16);
}

/* ---- Blocks of 256, whose parts have factors of their own ---- */

/* Two bits an element: four rows of 32 elements share 32 bytes. */
static inline void two_bits(const uint8_t *from, uint8_t *q) {
  for (size_t half = 0; half < 2; half++)
    for (size_t row = 0; row < 4; row++)
      for (size_t i = 0; i < 32; i++) q[128 * half + 32 * row + i] = from[32 * half + i] >> 2 * row & 3;
}

/* Four bits an element: two rows of 32 share 32 bytes. */
static inline void four_bits(const uint8_t *from, uint8_t *q) {
  for (size_t pair = 0; pair < 4; pair++, from += 32, q += 64) nibbles(from, q, 32);
}

static inline void expand_q2_k(const uint8_t *b, zs_weight_block *e) {
  e->scale = word16(b + 80);
  e->minimum = word16(b + 82);
  for (size_t g = 0; g < 16; g++) {
    e->factors[g] = (int8_t)(b[g] & 15);
    e->minima[g] = (int8_t)(b[g] >> 4);
  }
  two_bits(b + 16, e->q);
}

static inline void expand_q3_k(const uint8_t *b, zs_weight_block *e) {
  e->scale = word16(b + 108);
  for (size_t g = 0; g < 16; g++) {
    const int low = g < 8 ? b[96 + g] & 15 : b[88 + g] >> 4;
    e->factors[g] = (int8_t)((low | (b[104 + g % 4] >> g / 4 * 2 & 3) << 4) - 32);
  }
  two_bits(b + 32, e->q);
  for (size_t row = 0; row < 8; row++)
    for (size_t i = 0; i < 32; i++) e->q[32 * row + i] |= (uint8_t)((b[i] >> row & 1) << 2);
}

/* The factors and minima of Q4_K and Q5_K: 6 bits each, of 12 bytes. */
static inline void six_bits(const uint8_t *b, zs_weight_block *e) {
  for (size_t g = 0; g < 4; g++) {
    e->factors[g] = (int8_t)(b[g] & 63);
    e->minima[g] = (int8_t)(b[g + 4] & 63);
    e->factors[g + 4] = (int8_t)((b[g + 8] & 15) | (b[g] >> 6) << 4);
    e->minima[g + 4] = (int8_t)((b[g + 8] >> 4) | (b[g + 4] >> 6) << 4);
  }
}

static inline void expand_q4_k(const uint8_t *b, zs_weight_block *e) {
  e->scale = word16(b);
  e->minimum = word16(b + 2);
  six_bits(b + 4, e);
  four_bits(b + 16, e->q);
}

static inline void expand_q5_k(const uint8_t *b, zs_weight_block *e) {
  e->scale = word16(b);
  e->minimum = word16(b + 2);
  six_bits(b + 4, e);
  four_bits(b + 48, e->q);
  for (size_t row = 0; row < 8; row++)
    for (size_t i = 0; i < 32; i++) e->q[32 * row + i] |= (uint8_t)((b[16 + i] >> row & 1) << 4);
}

static inline void expand_q6_k(const uint8_t *b, zs_weight_block *e) {
  e->scale = word16(b + 208);
  memcpy(e->factors, b + 192, 16);
  for (size_t half = 0; half < 2; half++) {
    const uint8_t *low = b + 64 * half, *high = b + 128 + 32 * half;
    for (size_t row = 0; row < 4; row++)
      for (size_t i = 0; i < 32; i++)
        e->q[128 * half + 32 * row + i] =
          (uint8_t)((low[32 * (row % 2) + i] >> 4 * (row / 2) & 15) | (high[i] >> 2 * row & 3) << 4);
  }
}

static inline void expand_iq4_xs(const uint8_t *b, zs_weight_block *e) {
  e->scale = word16(b);
  const unsigned high = word16(b + 2);
  for (size_t g = 0; g < 8; g++) {
    const unsigned low = b[4 + g / 2] >> 4 * (g % 2) & 15;
    e->factors[g] = (int8_t)((int)(low | (high >> 2 * g & 3) << 4) - 32);
    nibbles(b + 8 + 16 * g, e->q + 32 * g, 16);
  }
}

static inline void expand_tq2_0(const uint8_t *b, zs_weight_block *e) {
  e->scale = word16(b + 64);
  two_bits(b, e->q);
}

#define expand_iq4_nl expand_q4_0

/* ---- The table of types ---- */

static const zs_weight_type types[] = {
#define TYPE(name, code, count, bytes, low, high, group, zero, minimum, factors, numbers)                             \
  {code, count, bytes, low, high, group, zero, minimum, factors, numbers},
  ZS_WEIGHT_TYPES(TYPE)
#undef TYPE
};

const zs_weight_type *zs_weight_type_of(int32_t code) {
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (types[i].code == code) return types + i;
  return NULL;
}

size_t zs_packed_block_bytes(const zs_weight_type *t) {
  const size_t parts = t->factors ? t->count / t->group * (1 + t->minimum) : 0;
  return ZS_WEIGHT_COLUMNS * (t->count * (t->low + t->high) / 8u + 2u * (1u + t->minimum) + parts);
}

static inline uint32_t quad(const uint8_t *q, size_t k) {
  uint32_t word;
  memcpy(&word, q + 4 * k, sizeof word);
  return word;
}

/* Some bits of 32 depths: row j has quad j in its lowest bits, quad j + bits above, and so on. */
static inline uint8_t *pack_plane(const zs_weight_block *e, size_t at, const unsigned bits, const unsigned shift,
                                  uint8_t *to) {
  const uint32_t mask = 0x01010101u * (0xffu >> (8 - bits));
  for (size_t row = 0; row < bits; row++)
    for (size_t column = 0; column < ZS_WEIGHT_COLUMNS; column++, to += 4) {
      uint32_t word = 0;
      for (unsigned m = 0; m < 8 / bits; m++) word |= (quad(e[column].q + at, m * bits + row) >> shift & mask) << bits * m;
      memcpy(to, &word, sizeof word);
    }
  return to;
}

static inline uint8_t *pack_parts(const zs_weight_block *e, size_t count, size_t offset, uint8_t *to) {
  for (size_t g = 0; g < count; g++)
    for (size_t column = 0; column < ZS_WEIGHT_COLUMNS; column++) *to++ = ((const uint8_t *)(e + column))[offset + g];
  return to;
}

static inline uint8_t *pack_halves(const zs_weight_block *e, size_t offset, uint8_t *to) {
  for (size_t column = 0; column < ZS_WEIGHT_COLUMNS; column++, to += 2)
    memcpy(to, (const uint8_t *)(e + column) + offset, 2);
  return to;
}

typedef void (*expand_function)(const uint8_t *, zs_weight_block *);

static inline __attribute__((always_inline)) void pack_blocks(
  const zs_weight_type t, const expand_function expand, const uint8_t *rows, size_t depth, size_t columns, uint8_t *to) {
  zs_weight_block e[ZS_WEIGHT_COLUMNS];
  memset(e, 0, sizeof e);
  const size_t row_bytes = depth / t.count * t.bytes, parts = t.count / t.group;
  for (size_t block = 0; block < depth / t.count; block++) {
    for (size_t column = 0; column < columns; column++) expand(rows + column * row_bytes + block * t.bytes, e + column);
    to = pack_halves(e, offsetof(zs_weight_block, scale), to);
    if (t.minimum) to = pack_halves(e, offsetof(zs_weight_block, minimum), to);
    if (t.factors) to = pack_parts(e, parts, offsetof(zs_weight_block, factors), to);
    if (t.factors && t.minimum) to = pack_parts(e, parts, offsetof(zs_weight_block, minima), to);
    for (size_t at = 0; at < t.count; at += 32) {
      to = pack_plane(e, at, t.low, 0, to);
      if (t.high) to = pack_plane(e, at, t.high, t.low, to);
    }
  }
}

void zs_pack_weight_blocks(const zs_weight_type *type, const void *rows, size_t depth, size_t columns, void *packed) {
  const size_t panel_bytes = depth / type->count * zs_packed_block_bytes(type);
  const size_t panel_rows = depth / type->count * type->bytes * ZS_WEIGHT_COLUMNS;
  const uint8_t *from = rows;
  uint8_t *to = packed;
  for (size_t first = 0; first < columns; first += ZS_WEIGHT_COLUMNS, from += panel_rows, to += panel_bytes) {
    const size_t width = columns - first < ZS_WEIGHT_COLUMNS ? columns - first : ZS_WEIGHT_COLUMNS;
    switch (type->code) {
#define TYPE(name, code, count, bytes, low, high, group, zero, minimum, factors, numbers)                             \
  case code: {                                                                                                         \
    const zs_weight_type t = {code, count, bytes, low, high, group, zero, minimum, factors, numbers};                 \
    pack_blocks(t, expand_##name, from, depth, width, to);                                                             \
    break;                                                                                                             \
  }
      ZS_WEIGHT_TYPES(TYPE)
#undef TYPE
    }
  }
}

/* ---- Numbers ---- */

const int8_t zs_weight_numbers[][16] = {
  {0},
  {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113},
  /* E2M1 of the OCP, doubled. */
  {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12},
};

/* Half of 2^(exponent - 127); the least ones are subnormal. */
static float half_of_power(uint32_t exponent) {
  const uint32_t bits = exponent < 2 ? 0x00200000u << exponent : (exponent - 1) << 23;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline __attribute__((always_inline)) void read_blocks(
  const zs_weight_type t, const expand_function expand, const uint8_t *blocks, size_t count, float *to) {
  zs_weight_block e;
  for (size_t block = 0; block < count; block++, blocks += t.bytes, to += t.count) {
    expand(blocks, &e);
    const float scale = t.numbers == 2 ? half_of_power(e.scale) : zs_half_to_float(e.scale);
    const float minimum = t.minimum ? zs_half_to_float(e.minimum) : 0;
    for (size_t g = 0; g < t.count / t.group; g++) {
      const float factor = t.factors ? scale * (float)e.factors[g] : scale;
      const float offset = t.factors ? -(minimum * (float)e.minima[g]) : minimum;
      const uint8_t *q = e.q + g * t.group;
      float *y = to + g * t.group;
      for (size_t i = 0; i < t.group; i++) {
        const float number = t.numbers ? zs_weight_numbers[t.numbers][q[i]] : (float)((int)q[i] - t.zero);
        y[i] = t.minimum ? factor * number + offset : factor * number;
      }
    }
  }
}

void zs_read_weight_blocks(const zs_weight_type *type, const void *blocks, size_t count, float *to) {
  switch (type->code) {
#define TYPE(name, code, count_, bytes, low, high, group, zero, minimum, factors, numbers)                            \
  case code: {                                                                                                         \
    const zs_weight_type t = {code, count_, bytes, low, high, group, zero, minimum, factors, numbers};                \
    read_blocks(t, expand_##name, blocks, count, to);                                                                  \
    break;                                                                                                             \
  }
    ZS_WEIGHT_TYPES(TYPE)
#undef TYPE
  }
}
