// What the package format needs C for: byte planes, CRC-32, DEFLATE streams that hold only literals, the CPU count.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Splits `count` elements of `width` bytes (1, 2, 4 or 8) into `width` planes of `count` bytes, least significant byte
// first. With `rotate` each element is rotated left by one bit before, which puts a float's sign below its mantissa.
void zoo_planes_split(const uint8_t *elements, size_t count, unsigned width, bool rotate, uint8_t *const *planes);

// Undoes zoo_planes_split.
void zoo_planes_merge(const uint8_t *const *planes, size_t count, unsigned width, bool rotate, uint8_t *elements);

// Continues the CRC-32 `checksum` (0 at the start; zlib's polynomial) over `count` bytes.
uint32_t zoo_crc32(uint32_t checksum, const uint8_t *bytes, size_t count);

// A raw DEFLATE stream and where to put the `output_count` bytes that it holds.
typedef struct {
  const uint8_t *input;
  size_t input_count;
  uint8_t *output;
  size_t output_count;
} zoo_deflated;

// Inflates a stream of stored and literal-only Huffman blocks, several literals a step. False for a damaged stream and
// for one with string matches, which zlib has to inflate.
bool zoo_inflate_literals(const zoo_deflated *plane);

// The same for two streams at once, which is faster than one after the other.
void zoo_inflate_literals_2(const zoo_deflated planes[2], bool inflated[2]);

// Deflates bytes without string matches, in one block with short codes, which inflates fastest. Gives the bytes
// written, or 0 when `capacity` is too small or `count` is 0.
size_t zoo_deflate_literals(const uint8_t *bytes, size_t count, uint8_t *output, size_t capacity);

// Adds to `counts` how often each byte occurs.
void zoo_count_bytes(const uint8_t *bytes, size_t count, size_t counts[256]);

// Bytes with which eight begin that have occurred before: what string matching could find, about.
size_t zoo_count_repeated(const uint8_t *bytes, size_t count);

// CPUs that this thread may run on.
size_t zoo_core_count(void);
