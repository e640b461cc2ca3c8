#include "package_codec.h"

#include <string.h>

// DEFLATE is RFC 1951; section numbers below are its. Exponent planes are written without string matches, about three
// bits a byte, so one look-up of PEEK bits yields several bytes at once, where a general inflater yields one.

enum { PEEK = 10, LONGEST = 15, SYMBOLS = 288, END = 256, PER_LOOKUP = 6 };

// One look-up's result: up to six literals whose codes lie in PEEK bits (first in the low byte), their number in bits
// 48 to 55, and the bits they take from 56 on. A number of 0 leaves the next symbol to the slow path (a code longer than
// PEEK, or the block's end).
typedef uint64_t Step;

static inline unsigned step_count(Step step) { return (unsigned)(step >> 48) & 255; }
static inline unsigned step_bits(Step step) { return (unsigned)(step >> 56); }

typedef struct {
  const uint8_t *next, *end;
  uint64_t window;
  unsigned held;  // valid bits of `window`
} Bits;

// A canonical code (3.2.2): for each length the number of codes, and the symbols in the codes' order.
typedef struct {
  uint16_t count[LONGEST + 1];
  uint16_t symbols[SYMBOLS];
} Code;

// At least 56 bits are held afterwards, unless the input ends.
static inline void refill(Bits *bits) {
  if (bits->end - bits->next >= 8) {
    uint64_t word;
    memcpy(&word, bits->next, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    bits->window |= word << bits->held;
    unsigned taken = (63 - bits->held) >> 3;
    bits->next += taken;
    bits->held += 8 * taken;
  } else {
    while (bits->held <= 56 && bits->next < bits->end) {
      bits->window |= (uint64_t)*bits->next++ << bits->held;
      bits->held += 8;
    }
  }
}

static inline void drop(Bits *bits, unsigned count) {
  bits->window >>= count;
  bits->held -= count;
}

// `count` (at most 32) bits as a number; false where the input ends before.
static bool take(Bits *bits, unsigned count, unsigned *value) {
  refill(bits);
  if (bits->held < count) return false;
  *value = (unsigned)(bits->window & ((1u << count) - 1));
  drop(bits, count);
  return true;
}

// False for lengths that oversubscribe the code, or leave part of it unused.
static bool build_code(Code *code, const uint8_t *lengths, unsigned count) {
  memset(code->count, 0, sizeof code->count);
  for (unsigned s = 0; s < count; s++) code->count[lengths[s]]++;
  code->count[0] = 0;
  int left = 1;
  uint16_t offsets[LONGEST + 2] = {0};
  for (int length = 1; length <= LONGEST; length++) {
    left = 2 * left - code->count[length];
    if (left < 0) return false;
    offsets[length + 1] = (uint16_t)(offsets[length] + code->count[length]);
  }
  for (unsigned s = 0; s < count; s++) {
    if (lengths[s]) code->symbols[offsets[lengths[s]]++] = (uint16_t)s;
  }
  return left == 0;
}

// The next symbol of `window`, bit by bit, and the length of its code; -1 for no symbol within `held` bits.
static int slow_symbol(const Code *code, uint64_t window, unsigned held, unsigned *length) {
  int value = 0, first = 0, index = 0;
  for (unsigned n = 1; n <= LONGEST && n <= held; n++) {
    value |= (int)(window & 1);
    window >>= 1;
    int count = code->count[n];
    if (value - count < first) {
      *length = n;
      return code->symbols[index + value - first];
    }
    index += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  return -1;
}

static void build_steps(Step *steps, const Code *code) {
  // First one symbol for each pattern of PEEK bits …
  uint8_t literal[1 << PEEK], bits[1 << PEEK], length_of[END];
  memset(bits, 0, sizeof bits);
  unsigned pattern = 0, index = 0;
  for (unsigned length = 1; length <= PEEK; length++) {
    for (unsigned k = 0; k < code->count[length]; k++, pattern++, index++) {
      if (code->symbols[index] >= END) continue;
      // Codes come most significant bit first.
      unsigned reversed = 0;
      for (unsigned b = 0; b < length; b++) reversed |= (pattern >> b & 1) << (length - 1 - b);
      length_of[code->symbols[index]] = (uint8_t)length;
      for (unsigned p = reversed; p < 1 << PEEK; p += 1u << length) {
        literal[p] = (uint8_t)code->symbols[index];
        bits[p] = (uint8_t)length;
      }
    }
    pattern <<= 1;
  }
  // … then the step of each pattern of `held` bits: its first symbol before the step of the remaining bits. The steps
  // of fewer bits lie before: those of `held` bits begin at 1 << held.
  Step table[1 << PEEK];
  table[1] = 0;
  for (unsigned held = 1; held <= PEEK; held++) {
    Step *to = held == PEEK ? steps : table + (1u << held);
    for (unsigned p = 0; p < 1u << held; p++) {
      unsigned length = bits[p];
      if (length == 0 || length > held) {
        to[p] = 0;
        continue;
      }
      Step rest = table[(1u << (held - length)) + (p >> length)];
      if (step_count(rest) == PER_LOOKUP) {
        unsigned last = (unsigned)(rest >> 40) & 255;
        rest -= (Step)1 << 48 | (Step)length_of[last] << 56;
      }
      Step literals = (rest << 8 | literal[p]) & 0xffffffffffff;
      to[p] = literals | (rest & ~(Step)0xffffffffffff) + ((Step)1 << 48 | (Step)length << 56);
    }
  }
}

// 3.2.7: the lengths of a block's own code. Distances are only allowed to be unused.
static bool read_code(Bits *bits, Code *code) {
  static const uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  unsigned literals, distances, given;
  if (!take(bits, 5, &literals) || !take(bits, 5, &distances) || !take(bits, 4, &given)) return false;
  literals += 257;
  distances += 1;
  if (literals > 286) return false;
  uint8_t lengths[SYMBOLS + 32] = {0};
  for (unsigned k = 0; k < given + 4; k++) {
    unsigned length;
    if (!take(bits, 3, &length)) return false;
    lengths[order[k]] = (uint8_t)length;
  }
  Code of_lengths;
  if (!build_code(&of_lengths, lengths, 19)) return false;
  memset(lengths, 0, sizeof lengths);
  for (unsigned k = 0; k < literals + distances;) {
    unsigned size, extra;
    refill(bits);
    int symbol = slow_symbol(&of_lengths, bits->window, bits->held, &size);
    if (symbol < 0) return false;
    drop(bits, size);
    if (symbol < 16) {
      lengths[k++] = (uint8_t)symbol;
      continue;
    }
    unsigned repeated = 0;
    if (symbol == 16) {
      if (k == 0 || !take(bits, 2, &extra)) return false;
      repeated = lengths[k - 1];
      extra += 3;
    } else if (symbol == 17) {
      if (!take(bits, 3, &extra)) return false;
      extra += 3;
    } else {
      if (!take(bits, 7, &extra)) return false;
      extra += 11;
    }
    if (k + extra > literals + distances) return false;
    while (extra--) lengths[k++] = (uint8_t)repeated;
  }
  return lengths[END] != 0 && build_code(code, lengths, literals);
}

// 3.2.6
static bool fixed_code(Code *code) {
  uint8_t lengths[SYMBOLS];
  memset(lengths, 8, 144);
  memset(lengths + 144, 9, 112);
  memset(lengths + 256, 7, 24);
  memset(lengths + 280, 8, 8);
  return build_code(code, lengths, SYMBOLS);
}

static inline void store_step(uint8_t *to, Step step) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  step = __builtin_bswap64(step);
#endif
  memcpy(to, &step, 8);
}

static bool inflate_block(Bits *bits, const Code *code, uint8_t **output, uint8_t *end) {
  Step steps[1 << PEEK];
  build_steps(steps, code);
  uint8_t *to = *output;
  for (;;) {
    refill(bits);
    // Four look-ups (40 bits) a refill; each writes eight bytes and advances by what they hold.
    while (bits->held >= 4 * PEEK && end - to >= 4 * 8) {
      bool stuck = false;
      for (int k = 0; k < 4; k++) {
        Step step = steps[bits->window & ((1 << PEEK) - 1)];
        store_step(to, step);
        to += step_count(step);
        drop(bits, step_bits(step));
        stuck |= step_count(step) == 0;
      }
      if (stuck) break;
      refill(bits);
    }
    unsigned length;
    refill(bits);
    int symbol = slow_symbol(code, bits->window, bits->held, &length);
    if (symbol < 0 || symbol > END) return false;
    drop(bits, length);
    if (symbol == END) break;
    if (to == end) return false;
    *to++ = (uint8_t)symbol;
  }
  *output = to;
  return true;
}

// 3.2.4
static bool copy_block(Bits *bits, uint8_t **output, uint8_t *end) {
  drop(bits, bits->held & 7);
  unsigned count, complement;
  if (!take(bits, 16, &count) || !take(bits, 16, &complement) || (count ^ complement) != 0xffff) return false;
  if ((size_t)(end - *output) < count) return false;
  for (; count > 0 && bits->held >= 8; count--) {
    *(*output)++ = (uint8_t)bits->window;
    drop(bits, 8);
  }
  if (count > 0) bits->window = 0;
  if ((size_t)(bits->end - bits->next) < count) return false;
  memcpy(*output, bits->next, count);
  *output += count;
  bits->next += count;
  return true;
}

bool zoo_inflate_literals(const uint8_t *input, size_t input_count, uint8_t *output, size_t output_count) {
  Bits bits = {input, input + input_count, 0, 0};
  uint8_t *end = output + output_count;
  unsigned last = 0;
  while (!last) {
    unsigned kind;
    Code code;
    if (!take(&bits, 1, &last) || !take(&bits, 2, &kind)) return false;
    bool done;
    switch (kind) {
      case 0: done = copy_block(&bits, &output, end); break;
      case 1: done = fixed_code(&code) && inflate_block(&bits, &code, &output, end); break;
      case 2: done = read_code(&bits, &code) && inflate_block(&bits, &code, &output, end); break;
      default: return false;
    }
    if (!done) return false;
  }
  // Nothing but the last byte's padding may follow.
  return output == end && bits.next == bits.end && bits.held < 8;
}
