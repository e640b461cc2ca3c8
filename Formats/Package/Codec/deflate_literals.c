#include "package_codec.h"

#include <stdlib.h>
#include <string.h>

// DEFLATE (RFC 1951; section numbers are its) without string matches. zlib's Z_HUFFMAN_ONLY begins a block every 32 KiB
// and has codes of up to 15 bits. One block with shorter codes is hardly larger, and spares readers tables and the slow
// path for long codes.

// LIMIT is the most bits of a code.
enum { SYMBOLS = 257, END = 256, LIMIT = 11 };

typedef struct {
  uint8_t *output;
  size_t count, capacity;
  uint64_t window;
  unsigned held;  // bits of `window`, below 8 between calls
} Writer;

// `count` goes on beyond the capacity, which shows that it was too small.
static inline void put(Writer *writer, unsigned value, unsigned bits) {
  writer->window |= (uint64_t)value << writer->held;
  writer->held += bits;
  while (writer->held >= 8) {
    if (writer->count < writer->capacity) writer->output[writer->count] = (uint8_t)writer->window;
    writer->count++;
    writer->window >>= 8;
    writer->held -= 8;
  }
}

static unsigned reversed(unsigned code, unsigned length) {
  unsigned result = 0;
  for (unsigned b = 0; b < length; b++) result |= (code >> b & 1) << (length - 1 - b);
  return result;
}

typedef struct {
  size_t weight;
  unsigned symbol;
} Leaf;

static int by_weight(const void *a, const void *b) {
  const Leaf *x = a, *y = b;
  if (x->weight != y->weight) return x->weight < y->weight ? -1 : 1;
  return x->symbol < y->symbol ? -1 : x->symbol > y->symbol;
}

// The lengths of Huffman's code for at least two symbols; the longest is returned. The leaves, sorted by weight, and
// the inner nodes, which are made in order of weight, are two queues.
static unsigned huffman(const size_t *weights, uint8_t *lengths) {
  Leaf leaves[SYMBOLS];
  unsigned count = 0;
  for (unsigned s = 0; s < SYMBOLS; s++) {
    lengths[s] = 0;
    if (weights[s]) leaves[count++] = (Leaf){weights[s], s};
  }
  qsort(leaves, count, sizeof *leaves, by_weight);
  // Nodes are the leaves, then the inner ones; the last is the root.
  size_t weight[2 * SYMBOLS];
  unsigned parent[2 * SYMBOLS], depth[2 * SYMBOLS];
  for (unsigned k = 0; k < count; k++) weight[k] = leaves[k].weight;
  unsigned leaf = 0, inner = count;
  for (unsigned node = count; node < 2 * count - 1; node++) {
    weight[node] = 0;
    for (int child = 0; child < 2; child++) {
      unsigned least = leaf < count && (inner == node || weight[leaf] <= weight[inner]) ? leaf++ : inner++;
      weight[node] += weight[least];
      parent[least] = node;
    }
  }
  unsigned longest = 0;
  depth[2 * count - 2] = 0;
  for (unsigned node = 2 * count - 2; node-- > 0;) {
    depth[node] = depth[parent[node]] + 1;
    if (node >= count) continue;
    lengths[leaves[node].symbol] = (uint8_t)depth[node];
    if (depth[node] > longest) longest = depth[node];
  }
  return longest;
}

// 3.2.7, with always the same code for the lengths: 3 bits for the two kinds of runs of zeros, 4 bits for 0 to 11.
static void put_lengths(Writer *writer, const uint8_t *lengths) {
  // Of 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14 and 1.
  static const uint8_t lengths_of_lengths[] = {0, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 0, 4, 0, 4, 0, 4};
  put(writer, SYMBOLS - 257, 5);
  put(writer, 0, 5);
  put(writer, sizeof lengths_of_lengths - 4, 4);
  for (unsigned k = 0; k < sizeof lengths_of_lengths; k++) put(writer, lengths_of_lengths[k], 3);
  // The length of one distance, which is unused and so 0, follows those of the symbols. Codes are written with their
  // highest bit first: 17 is 000, 18 is 001, 0 is 0100, 1 is 0101 and so on.
  for (unsigned k = 0; k <= SYMBOLS;) {
    unsigned run = 0;
    while (k + run <= SYMBOLS && run < 138 && (k + run == SYMBOLS || lengths[k + run] == 0)) run++;
    if (run >= 11) {
      put(writer, reversed(1, 3), 3);
      put(writer, run - 11, 7);
      k += run;
    } else if (run >= 3) {
      put(writer, reversed(0, 3), 3);
      put(writer, run - 3, 3);
      k += run;
    } else {
      put(writer, reversed(4 + (k == SYMBOLS ? 0u : lengths[k]), 4), 4);
      k++;
    }
  }
}

size_t zoo_deflate_literals(const uint8_t *bytes, size_t count, uint8_t *output, size_t capacity) {
  if (count == 0) return 0;
  size_t weights[SYMBOLS] = {0};
  zoo_count_bytes(bytes, count, weights);
  weights[END] = 1;
  uint8_t lengths[SYMBOLS];
  // Evener weights have shorter codes. Halving hardly changes those of the frequent symbols.
  while (huffman(weights, lengths) > LIMIT) {
    for (unsigned s = 0; s < SYMBOLS; s++) weights[s] = (weights[s] + 1) / 2;
  }
  // 3.2.2
  uint16_t codes[SYMBOLS];
  // Codes with their lengths above.
  uint32_t both[SYMBOLS] = {0};
  unsigned code = 0;
  for (unsigned length = 1; length <= LIMIT; length++, code <<= 1) {
    for (unsigned s = 0; s < SYMBOLS; s++) {
      if (lengths[s] != length) continue;
      codes[s] = (uint16_t)reversed(code++, length);
      both[s] = codes[s] | (uint32_t)length << 16;
    }
  }
  Writer writer = {output, 0, capacity, 0, 0};
  put(&writer, 1 | 2 << 1, 3);  // the last block, of its own code
  put_lengths(&writer, lengths);
  size_t i = 0;
  // Four codes at a time, as long as eight bytes can be written. Bits below 8 are left, so that 52 fit.
  for (; i + 4 <= count && writer.count + 8 <= capacity; i += 4) {
    for (int k = 0; k < 4; k++) {
      uint32_t entry = both[bytes[i + k]];
      writer.window |= (uint64_t)(entry & 0xFFFF) << writer.held;
      writer.held += entry >> 16;
    }
    uint64_t little = writer.window;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    little = __builtin_bswap64(little);
#endif
    memcpy(output + writer.count, &little, sizeof little);
    writer.count += writer.held / 8;
    writer.window >>= writer.held / 8 * 8;
    writer.held %= 8;
  }
  for (; i < count; i++) put(&writer, codes[bytes[i]], lengths[bytes[i]]);
  put(&writer, codes[END], lengths[END]);
  if (writer.held > 0) put(&writer, 0, 8 - writer.held);
  return writer.count <= capacity ? writer.count : 0;
}
