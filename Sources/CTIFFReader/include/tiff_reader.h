// Reads the first picture of a TIFF file in memory, block by block, through libtiff.
//
// libtiff gives tags through variadic functions, which Swift can't call, so this part is C. What the samples mean is
// the caller's.

#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct zoo_tiff zoo_tiff;

typedef enum {
  ZOO_TIFF_OK = 0,
  // The file ends before what it refers to does.
  ZOO_TIFF_TRUNCATED,
  // The file refers to the same bytes again and again.
  ZOO_TIFF_REPEATED,
  // Anything else that libtiff refuses; `zoo_tiff_message` says what.
  ZOO_TIFF_CORRUPT,
} zoo_tiff_status;

typedef struct {
  uint32_t width, height;
  // Tags of one value, as the file has them or by TIFF's defaults.
  uint16_t bits, samples, compression, photometric, sample_format, orientation;
  uint16_t extra_samples;
  // What the first extra sample is.
  uint16_t first_extra;
  uint8_t is_planar, is_tiled;
  // How many columns and rows share a pair of colour differences.
  uint16_t horizontal_sharing, vertical_sharing;
  // Of tiles, or of strips, whose last may have fewer rows.
  uint32_t block_width, block_height;
  // Over all planes.
  uint32_t blocks;
  // Of a decoded block, and of a row of it.
  size_t block_bytes, row_bytes;
  // Of 1 << bits entries each; NULL where there is no palette.
  const uint16_t *red, *green, *blue;
} zoo_tiff_info;

// The reader of the file in `bytes`, which must stay as they are until `zoo_tiff_close`; NULL without memory. Its
// status is to be asked for.
zoo_tiff *zoo_tiff_open(const uint8_t *bytes, size_t size);
void zoo_tiff_close(zoo_tiff *reader);

zoo_tiff_status zoo_tiff_get_status(const zoo_tiff *reader);
const char *zoo_tiff_message(const zoo_tiff *reader);

// The header of a reader whose status is ZOO_TIFF_OK.
const zoo_tiff_info *zoo_tiff_get_info(const zoo_tiff *reader);

// Where the file has the block: `length` bytes from `offset` on.
void zoo_tiff_locate(zoo_tiff *reader, uint32_t block, uint64_t *offset, uint64_t *length);

// Decodes a block to `size` bytes: the samples in the machine's byte order.
zoo_tiff_status zoo_tiff_read(zoo_tiff *reader, uint32_t block, uint8_t *into, size_t size);

// Decodes the rows of YCbCr from `row` on, or the tile at (`column`, `row`), to `pixels`, a block of 32-bit ABGR whose
// first row is the lowest.
zoo_tiff_status zoo_tiff_read_rgba(zoo_tiff *reader, uint32_t column, uint32_t row, uint32_t *pixels);
