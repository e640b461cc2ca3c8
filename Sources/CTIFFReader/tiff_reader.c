#ifdef ZOO_TIFF

#include "tiff_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

struct zoo_tiff {
  const uint8_t *bytes;
  uint64_t size;
  uint64_t offset;
  // How many bytes may still be read: a file can refer to a part of itself any number of times.
  uint64_t budget;
  zoo_tiff_status status;
  char message[256];
  TIFF *tiff;
  zoo_tiff_info info;
};

static void fail(zoo_tiff *reader, zoo_tiff_status status) {
  if (reader->status == ZOO_TIFF_OK) reader->status = status;
}

// Never fails but by reading less: for -1 libtiff 4.5 clears memory from one byte before its buffer on.
static tmsize_t read_bytes(thandle_t handle, void *into, tmsize_t count) {
  zoo_tiff *reader = handle;
  if (count < 0) return 0;
  uint64_t rest = reader->offset < reader->size ? reader->size - reader->offset : 0;
  if ((uint64_t)count > rest) {
    fail(reader, ZOO_TIFF_TRUNCATED);
    count = (tmsize_t)rest;
  }
  if ((uint64_t)count > reader->budget) {
    fail(reader, ZOO_TIFF_REPEATED);
    return 0;
  }
  memcpy(into, reader->bytes + reader->offset, (size_t)count);
  reader->offset += (uint64_t)count;
  reader->budget -= (uint64_t)count;
  return count;
}

static tmsize_t refuse_writing(thandle_t handle, void *from, tmsize_t count) {
  (void)handle, (void)from, (void)count;
  return -1;
}

static toff_t seek(thandle_t handle, toff_t offset, int origin) {
  zoo_tiff *reader = handle;
  switch (origin) {
  case SEEK_CUR: offset += reader->offset; break;
  case SEEK_END: offset += reader->size; break;
  default: break;
  }
  // No read can begin behind the end, so that nothing overflows.
  reader->offset = offset > reader->size ? reader->size : offset;
  if (offset > reader->size) fail(reader, ZOO_TIFF_TRUNCATED);
  return offset;
}

static toff_t get_size(thandle_t handle) { return ((zoo_tiff *)handle)->size; }

static int ignore_closing(thandle_t handle) {
  (void)handle;
  return 0;
}

// Keeps the first error, which is what the others follow from.
static int keep_error(TIFF *tiff, void *context, const char *module, const char *format, va_list arguments) {
  (void)tiff, (void)module;
  zoo_tiff *reader = context;
  if (!reader->message[0]) vsnprintf(reader->message, sizeof reader->message, format, arguments);
  return 1;
}

static int ignore_warning(TIFF *tiff, void *context, const char *module, const char *format, va_list arguments) {
  (void)tiff, (void)context, (void)module, (void)format, (void)arguments;
  return 1;
}

static TIFF *open_quietly(zoo_tiff *reader) {
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  if (!options) return NULL;
  TIFFOpenOptionsSetErrorHandlerExtR(options, keep_error, reader);
  TIFFOpenOptionsSetWarningHandlerExtR(options, ignore_warning, NULL);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)((1 << 26) + 4 * reader->size));
  TIFF *tiff = TIFFClientOpenExt(
      "TIFF", "rm", reader, read_bytes, refuse_writing, seek, ignore_closing, get_size, NULL, NULL, options);
  TIFFOpenOptionsFree(options);
  return tiff;
}

static uint16_t tag(TIFF *tiff, uint32_t name, uint16_t otherwise) {
  uint16_t value = otherwise;
  return TIFFGetFieldDefaulted(tiff, name, &value) ? value : otherwise;
}

static uint32_t size_tag(TIFF *tiff, uint32_t name) {
  uint32_t value = 0;
  return TIFFGetFieldDefaulted(tiff, name, &value) ? value : 0;
}

static void read_palette(TIFF *tiff, zoo_tiff_info *info) {
  uint16_t *red, *green, *blue;
  if (info->photometric != PHOTOMETRIC_PALETTE || !TIFFGetField(tiff, TIFFTAG_COLORMAP, &red, &green, &blue)) return;
  info->red = red;
  info->green = green;
  info->blue = blue;
}

static void read_info(zoo_tiff *reader) {
  TIFF *tiff = reader->tiff;
  zoo_tiff_info *info = &reader->info;
  info->width = size_tag(tiff, TIFFTAG_IMAGEWIDTH);
  info->height = size_tag(tiff, TIFFTAG_IMAGELENGTH);
  info->bits = tag(tiff, TIFFTAG_BITSPERSAMPLE, 1);
  info->samples = tag(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  info->compression = tag(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  // A required tag that not every writer knows of; as Pillow has it.
  info->photometric = tag(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
  info->sample_format = tag(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  info->orientation = tag(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  info->is_planar = tag(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE;
  info->is_tiled = TIFFIsTiled(tiff) != 0;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_YCBCRSUBSAMPLING, &info->horizontal_sharing, &info->vertical_sharing);
  uint16_t *kinds;
  uint16_t extra = 0;
  if (TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &extra, &kinds) && extra > 0) {
    info->extra_samples = extra;
    info->first_extra = kinds[0];
  }
  read_palette(tiff, info);
  // Pixels are wanted as they are stored.
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  if (info->compression == COMPRESSION_JPEG && info->photometric == PHOTOMETRIC_YCBCR && !info->is_planar) {
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  }
}

static void measure_blocks(zoo_tiff *reader) {
  TIFF *tiff = reader->tiff;
  zoo_tiff_info *info = &reader->info;
  if (info->is_tiled) {
    info->block_width = size_tag(tiff, TIFFTAG_TILEWIDTH);
    info->block_height = size_tag(tiff, TIFFTAG_TILELENGTH);
    info->block_bytes = (size_t)TIFFTileSize(tiff);
    info->row_bytes = (size_t)TIFFTileRowSize(tiff);
    info->blocks = TIFFNumberOfTiles(tiff);
  } else {
    uint32_t rows = size_tag(tiff, TIFFTAG_ROWSPERSTRIP);
    info->block_width = info->width;
    info->block_height = rows == 0 || rows > info->height ? info->height : rows;
    info->block_bytes = (size_t)TIFFStripSize(tiff);
    info->row_bytes = (size_t)TIFFScanlineSize(tiff);
    info->blocks = TIFFNumberOfStrips(tiff);
  }
}

zoo_tiff *zoo_tiff_open(const uint8_t *bytes, size_t size) {
  zoo_tiff *reader = calloc(1, sizeof *reader);
  if (!reader) return NULL;
  reader->bytes = bytes;
  reader->size = size;
  reader->budget = (1 << 16) + 2 * (uint64_t)size;
  reader->tiff = open_quietly(reader);
  if (!reader->tiff) {
    fail(reader, ZOO_TIFF_CORRUPT);
    return reader;
  }
  if (reader->status != ZOO_TIFF_OK) return reader;
  read_info(reader);
  measure_blocks(reader);
  reader->message[0] = 0;
  reader->budget = (1 << 26) + 16 * (uint64_t)size;
  return reader;
}

void zoo_tiff_close(zoo_tiff *reader) {
  if (reader->tiff) TIFFClose(reader->tiff);
  free(reader);
}

zoo_tiff_status zoo_tiff_get_status(const zoo_tiff *reader) { return reader->status; }

const char *zoo_tiff_message(const zoo_tiff *reader) { return reader->message; }

const zoo_tiff_info *zoo_tiff_get_info(const zoo_tiff *reader) { return &reader->info; }

void zoo_tiff_locate(zoo_tiff *reader, uint32_t block, uint64_t *offset, uint64_t *length) {
  *offset = TIFFGetStrileOffset(reader->tiff, block);
  *length = TIFFGetStrileByteCount(reader->tiff, block);
}

zoo_tiff_status zoo_tiff_read(zoo_tiff *reader, uint32_t block, uint8_t *into, size_t size) {
  tmsize_t count = reader->info.is_tiled
      ? TIFFReadEncodedTile(reader->tiff, block, into, (tmsize_t)size)
      : TIFFReadEncodedStrip(reader->tiff, block, into, (tmsize_t)size);
  if (count < 0 || (size_t)count != size) fail(reader, ZOO_TIFF_CORRUPT);
  return reader->status;
}

zoo_tiff_status zoo_tiff_read_rgba(zoo_tiff *reader, uint32_t column, uint32_t row, uint32_t *pixels) {
  int done = reader->info.is_tiled ? TIFFReadRGBATileExt(reader->tiff, column, row, pixels, 1)
                                   : TIFFReadRGBAStripExt(reader->tiff, row, pixels, 1);
  if (!done) fail(reader, ZOO_TIFF_CORRUPT);
  return reader->status;
}

#endif
