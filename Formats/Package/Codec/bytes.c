#include "package_codec.h"

#include <string.h>

void zoo_count_bytes(const uint8_t *bytes, size_t count, size_t counts[256]) {
  // Several tables, so that a byte need not wait for the one before.
  enum { TABLES = 4 };
  uint32_t tables[TABLES][256];
  while (count > 0) {
    size_t part = count < UINT32_MAX ? count : UINT32_MAX;
    memset(tables, 0, sizeof tables);
    size_t i = 0;
    for (; i + 8 <= part; i += 8) {
      uint64_t eight;
      memcpy(&eight, bytes + i, sizeof eight);
      for (int k = 0; k < 8; k++) tables[k % TABLES][eight >> (8 * k) & 255]++;
    }
    for (; i < part; i++) tables[0][bytes[i]]++;
    for (int value = 0; value < 256; value++) {
      for (int k = 0; k < TABLES; k++) counts[value] += tables[k][value];
    }
    bytes += part;
    count -= part;
  }
}

size_t zoo_count_repeated(const uint8_t *bytes, size_t count) {
  enum { BITS = 12 };
  // The last eight bytes that had a hash. Every fourth place is remembered: a repetition of eleven is sure to be found.
  uint64_t last[1 << BITS];
  memset(last, 0, sizeof last);
  size_t repeated = 0;
  for (size_t i = 0; i + 8 <= count; i++) {
    uint64_t eight;
    memcpy(&eight, bytes + i, sizeof eight);
    uint64_t *slot = &last[eight * 0x9E3779B97F4A7C15 >> (64 - BITS)];
    // Zeros are what the table begins with.
    if (*slot == eight && (eight != 0 || i > 0)) repeated++;
    if (i % 4 == 0) *slot = eight;
  }
  return repeated;
}
