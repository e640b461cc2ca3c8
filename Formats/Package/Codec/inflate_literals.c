#include "package_codec.h"

#include <string.h>

// DEFLATE is RFC 1951; section numbers below are its. Exponent planes are written without string matches, about three
// bits a byte (six where mantissa bits share the byte), so one look-up yields several bytes at once, where a general
// inflater yields one.

enum { LONGEST = 15, SYMBOLS = 288, END = 256, LARGEST_PEEK = 12, PER_REFILL = 4, LITERAL_BYTES = 4 };

// One look-up's result. Bits 0 to 5: the bits it takes (lowest, where shifts need no mask: each look-up waits for the
// one before). Bits 6 and 7: the number of literals, up to three; 0 leaves the next symbol to the slow path (a longer
// code, or the block's end). Above: the literals, first in the lowest byte.
typedef uint32_t Step;

static inline unsigned step_bits(Step step) { return step & 63; }
static inline unsigned step_count(Step step) { return step >> 6 & 3; }
static inline uint32_t step_literals(Step step) { return step >> 8; }

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

// At least 56 bits are held afterwards. Eight bytes of input must be left.
static inline void refill_fast(Bits *bits) {
  uint64_t word;
  memcpy(&word, bits->next, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  bits->window |= word << bits->held;
  unsigned taken = (63 - bits->held) >> 3;
  bits->next += taken;
  bits->held += 8 * taken;
}

// At least 56 bits are held afterwards, unless the input ends.
static inline void refill(Bits *bits) {
  if (bits->end - bits->next >= 8) return refill_fast(bits);
  while (bits->held <= 56 && bits->next < bits->end) {
    bits->window |= (uint64_t)*bits->next++ << bits->held;
    bits->held += 8;
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

// Bits that a look-up takes: more hold more literals, but make a table that is slower to fill and to reach. `left`
// bytes of output remain.
static unsigned choose_peek(const Code *code, size_t left) {
  if (left < 1024) return 9;
  // The expected length of a code, times 2^LONGEST.
  unsigned expected = 0;
  for (unsigned length = 1; length <= LONGEST; length++) {
    expected += (unsigned)code->count[length] * length << (LONGEST - length);
  }
  return expected > 4u << LONGEST && left >= 4096 ? LARGEST_PEEK : 10;
}

// `triples`: whether a step may hold three literals. Inlined, so that its arguments are constants there.
static inline __attribute__((always_inline)) void build_steps(
  Step *steps, const Code *code, unsigned peek, bool triples
) {
  // First the one symbol for each pattern of bits: literal in the low byte, its code's length above, which is
  // LONGEST + 1 where there is none within `peek` bits.
  uint16_t single[1 << LARGEST_PEEK];
  const uint16_t none = (LONGEST + 1) << 8;
  unsigned pattern = 0, index = 0;
  single[0] = none;
  for (unsigned length = 1; length <= peek; length++) {
    // Patterns of one bit more: each shorter code is there with either bit above it.
    unsigned half = 1u << (length - 1);
    memcpy(single + half, single, half * sizeof *single);
    for (unsigned k = 0; k < code->count[length]; k++, pattern++, index++) {
      // Codes come most significant bit first.
      unsigned reversed = 0;
      for (unsigned b = 0; b < length; b++) reversed |= (pattern >> b & 1) << (length - 1 - b);
      unsigned symbol = code->symbols[index];
      single[reversed] = symbol < END ? (uint16_t)(length << 8 | symbol) : none;
    }
    pattern <<= 1;
  }
  // … then those that follow it within the bits.
  for (unsigned p = 0; p < 1u << peek; p++) {
    unsigned first = single[p], end_1 = first >> 8;
    unsigned second = single[p >> end_1], end_2 = end_1 + (second >> 8);
    unsigned count = (end_1 <= peek) + (end_2 <= peek);
    unsigned bits = end_2 <= peek ? end_2 : end_1 <= peek ? end_1 : 0;
    unsigned third = triples ? single[p >> end_1 >> (second >> 8)] : 0, end_3 = end_2 + (third >> 8);
    if (triples) {
      count += end_3 <= peek;
      bits = end_3 <= peek ? end_3 : bits;
    }
    steps[p] = bits | count << 6 | (first & 255) << 8 | (second & 255) << 16 | (third & 255) << 24;
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

// One stream on its way: inside a block of `code`, or `done`.
typedef struct {
  Bits bits;
  uint8_t *to, *end;
  bool last, done, failed;
  unsigned mask;
  Code code;
  Step steps[1 << LARGEST_PEEK];
} Stream;

// How often PER_REFILL look-ups can be made before input or output might end.
static inline size_t safe_rounds(const Stream *stream) {
  size_t input = (size_t)(stream->bits.end - stream->bits.next) / 8;
  size_t output = (size_t)(stream->end - stream->to) / (PER_REFILL * LITERAL_BYTES);
  return input < output ? input : output;
}

static inline unsigned look_up(const Step *steps, unsigned mask, Bits *bits, uint8_t **to) {
  Step step = steps[bits->window & mask];
  uint32_t literals = step_literals(step);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  literals = __builtin_bswap32(literals);
#endif
  memcpy(*to, &literals, LITERAL_BYTES);
  *to += step_count(step);
  drop(bits, step_bits(step));
  return step_count(step);
}

// Both run until the slow path is needed. Their state is in local copies there, as the bytes written could otherwise be
// part of a Stream for all that a compiler knows.
static void run_one(Stream *stream) {
  for (size_t rounds; (rounds = safe_rounds(stream)) > 0;) {
    Bits bits = stream->bits;
    uint8_t *to = stream->to;
    const unsigned mask = stream->mask;
    bool stuck = false;
    for (; rounds > 0 && !stuck; rounds--) {
      refill_fast(&bits);
      for (int k = 0; k < PER_REFILL; k++) stuck |= look_up(stream->steps, mask, &bits, &to) == 0;
    }
    stream->bits = bits;
    stream->to = to;
    if (stuck) return;
  }
}

// Each look-up waits for the one before in its own stream, so two streams take little longer than one.
static void run_two(Stream *first, Stream *second) {
  for (;;) {
    size_t rounds = safe_rounds(first), others = safe_rounds(second);
    if (others < rounds) rounds = others;
    if (rounds == 0) return;
    Bits bits_1 = first->bits, bits_2 = second->bits;
    uint8_t *to_1 = first->to, *to_2 = second->to;
    const unsigned mask_1 = first->mask, mask_2 = second->mask;
    bool stuck = false;
    for (; rounds > 0 && !stuck; rounds--) {
      refill_fast(&bits_1);
      refill_fast(&bits_2);
      for (int k = 0; k < PER_REFILL; k++) {
        stuck |= look_up(first->steps, mask_1, &bits_1, &to_1) == 0;
        stuck |= look_up(second->steps, mask_2, &bits_2, &to_2) == 0;
      }
    }
    first->bits = bits_1;
    second->bits = bits_2;
    first->to = to_1;
    second->to = to_2;
    if (stuck) return;
  }
}

// 3.2.4
static bool copy_block(Stream *stream) {
  Bits *bits = &stream->bits;
  drop(bits, bits->held & 7);
  unsigned count, complement;
  if (!take(bits, 16, &count) || !take(bits, 16, &complement) || (count ^ complement) != 0xffff) return false;
  if ((size_t)(stream->end - stream->to) < count) return false;
  for (; count > 0 && bits->held >= 8; count--) {
    *stream->to++ = (uint8_t)bits->window;
    drop(bits, 8);
  }
  if (count > 0) bits->window = 0;
  if ((size_t)(bits->end - bits->next) < count) return false;
  memcpy(stream->to, bits->next, count);
  stream->to += count;
  bits->next += count;
  return true;
}

// Goes to the next literal, or to the stream's end: nothing but the last byte's padding may follow the last block.
static bool next_block(Stream *stream) {
  Bits *bits = &stream->bits;
  while (!stream->last) {
    unsigned last, kind;
    if (!take(bits, 1, &last) || !take(bits, 2, &kind)) return false;
    stream->last = last;
    if (kind == 0) {
      if (!copy_block(stream)) return false;
      continue;
    }
    if (kind == 3 || !(kind == 1 ? fixed_code(&stream->code) : read_code(bits, &stream->code))) return false;
    unsigned peek = choose_peek(&stream->code, (size_t)(stream->end - stream->to));
    stream->mask = (1u << peek) - 1;
    switch (peek) {
      // Long codes: three seldom fit.
      case LARGEST_PEEK: build_steps(stream->steps, &stream->code, LARGEST_PEEK, false); break;
      case 10: build_steps(stream->steps, &stream->code, 10, true); break;
      default: build_steps(stream->steps, &stream->code, 9, true); break;
    }
    return true;
  }
  stream->done = true;
  return stream->to == stream->end && bits->next == bits->end && bits->held < 8;
}

// One symbol, where look-ups can't go on.
static bool slow_step(Stream *stream) {
  unsigned length;
  refill(&stream->bits);
  int symbol = slow_symbol(&stream->code, stream->bits.window, stream->bits.held, &length);
  if (symbol < 0 || symbol > END) return false;
  drop(&stream->bits, length);
  if (symbol == END) return next_block(stream);
  if (stream->to == stream->end) return false;
  *stream->to++ = (uint8_t)symbol;
  return true;
}

static inline bool is_running(const Stream *stream) { return !stream->done && !stream->failed; }

static void start(Stream *stream, const zoo_deflated *plane) {
  stream->bits = (Bits){plane->input, plane->input + plane->input_count, 0, 0};
  stream->to = plane->output;
  stream->end = plane->output + plane->output_count;
  stream->last = stream->done = false;
  stream->failed = !next_block(stream);
}

static bool finish(Stream *stream) {
  while (is_running(stream)) {
    run_one(stream);
    stream->failed = !slow_step(stream);
  }
  return !stream->failed;
}

bool zoo_inflate_literals(const zoo_deflated *plane) {
  Stream stream;
  start(&stream, plane);
  return finish(&stream);
}

// Whether `run_two` can't go on with it.
static bool is_stuck(Stream *stream) {
  if (safe_rounds(stream) == 0) return true;
  refill_fast(&stream->bits);
  return step_count(stream->steps[stream->bits.window & stream->mask]) == 0;
}

void zoo_inflate_literals_2(const zoo_deflated planes[2], bool inflated[2]) {
  Stream first, second;
  start(&first, &planes[0]);
  start(&second, &planes[1]);
  while (is_running(&first) && is_running(&second)) {
    run_two(&first, &second);
    if (is_stuck(&first)) first.failed = !slow_step(&first);
    if (is_stuck(&second)) second.failed = !slow_step(&second);
  }
  inflated[0] = finish(&first);
  inflated[1] = finish(&second);
}
