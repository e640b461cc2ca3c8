// The hot loops of the package format: byte planes, CRC-32, and DEFLATE streams that hold only literals.
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

// Inflates a raw DEFLATE stream of stored and literal-only Huffman blocks, several literals a step, into exactly
// `output_count` bytes. False for a damaged stream and for one with string matches, which zlib has to inflate.
bool zoo_inflate_literals(const uint8_t *input, size_t input_count, uint8_t *output, size_t output_count);
