#include "png_reader.h"

#include <png.h>
#include <setjmp.h>
#include <string.h>

typedef struct {
  const uint8_t *bytes;
  size_t size;
  size_t offset;
  char *message;
  int truncated;
} reader;

static void set_message(reader *source, const char *text) {
  strncpy(source->message, text, ZOO_PNG_MESSAGE_SIZE - 1);
  source->message[ZOO_PNG_MESSAGE_SIZE - 1] = 0;
}

static void read_bytes(png_structp png, png_bytep into, size_t count) {
  reader *source = png_get_io_ptr(png);
  if (count > source->size - source->offset) {
    source->truncated = 1;
    png_error(png, "the data ends early");
  }
  memcpy(into, source->bytes + source->offset, count);
  source->offset += count;
}

static _Noreturn void fail(png_structp png, png_const_charp text) {
  set_message(png_get_error_ptr(png), text);
  png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

// Chunks whose contents don't matter here; skipping them spares the memory that compressed ones could take.
static const png_byte skipped_chunks[] =
    "bKGD\0cHRM\0cICP\0cLLI\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0mDCV\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0sTER\0"
    "tEXt\0tIME\0tRNS\0zTXt";

zoo_png_status zoo_png_decode(
    const uint8_t *bytes, size_t size, uint8_t *pixels, uint32_t width, uint32_t height,
    char message[ZOO_PNG_MESSAGE_SIZE]) {
  reader source = {bytes, size, 0, message, 0};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, fail, ignore_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    set_message(&source, "no memory for libpng");
    png_destroy_read_struct(&png, NULL, NULL);
    return ZOO_PNG_CORRUPT;
  }
  // Nothing that changes after this point is read after a longjmp, so no local needs to be volatile.
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return source.truncated ? ZOO_PNG_TRUNCATED : ZOO_PNG_CORRUPT;
  }
  png_set_read_fn(png, &source, read_bytes);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, skipped_chunks, sizeof skipped_chunks / 5);
  png_read_info(png, info);
  if (png_get_image_width(png, info) != width || png_get_image_height(png, info) != height) {
    png_error(png, "the header is not the first chunk");
  }

  png_set_palette_to_rgb(png);
  png_set_expand_gray_1_2_4_to_8(png);
  png_set_strip_16(png);
  png_set_strip_alpha(png);
  png_set_gray_to_rgb(png);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  if (png_get_rowbytes(png, info) != (size_t)width * 3) png_error(png, "an unknown pixel layout");

  for (int pass = 0; pass < passes; pass++) {
    for (uint32_t row = 0; row < height; row++) png_read_row(png, pixels + (size_t)row * width * 3, NULL);
  }
  png_read_end(png, NULL);
  png_destroy_read_struct(&png, &info, NULL);
  return ZOO_PNG_OK;
}
