// Decodes PNG to 8-bit RGB without touching the sample values.
//
// libpng's simplified API applies gamma and composes alpha; networks are trained on the stored values. The full API
// reports errors with longjmp, which Swift can't take, so this part is C.

#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum {
  ZOO_PNG_OK = 0,
  // The bytes end before the picture does.
  ZOO_PNG_TRUNCATED,
  // Anything else that libpng refuses; the message says what.
  ZOO_PNG_CORRUPT,
} zoo_png_status;

enum { ZOO_PNG_MESSAGE_SIZE = 128 };

// Writes the picture in `bytes` to `pixels`, `height` rows of `width` RGB triples. Alpha is dropped, samples of 16 bits
// keep their high byte, smaller ones are scaled to 0...255. `width` and `height` must be those of the file's header.
// On failure `message` holds a short reason.
zoo_png_status zoo_png_decode(
    const uint8_t *bytes, size_t size, uint8_t *pixels, uint32_t width, uint32_t height,
    char message[ZOO_PNG_MESSAGE_SIZE]);
