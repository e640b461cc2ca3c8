#ifdef ZOO_JPEG2000

#include "jpeg2000.h"

#include <openjpeg.h>
#include <string.h>

typedef struct source {
  const uint8_t *bytes;
  size_t count, place;
} source;

static OPJ_SIZE_T read_bytes(void *buffer, OPJ_SIZE_T count, void *user) {
  source *s = user;
  size_t rest = s->count - s->place;
  if (rest == 0) return (OPJ_SIZE_T)-1;
  if (count > rest) count = rest;
  memcpy(buffer, s->bytes + s->place, count);
  s->place += count;
  return count;
}

static OPJ_OFF_T skip_bytes(OPJ_OFF_T count, void *user) {
  source *s = user;
  if (count < 0 || (uint64_t)count > s->count - s->place) return -1;
  s->place += (size_t)count;
  return count;
}

static OPJ_BOOL seek_bytes(OPJ_OFF_T place, void *user) {
  source *s = user;
  if (place < 0 || (uint64_t)place > s->count) return OPJ_FALSE;
  s->place = (size_t)place;
  return OPJ_TRUE;
}

typedef struct reader {
  source source;
  opj_stream_t *stream;
  opj_codec_t *codec;
  opj_image_t *image;
} reader;

static void close_reader(reader *r) {
  if (r->image) opj_image_destroy(r->image);
  if (r->codec) opj_destroy_codec(r->codec);
  if (r->stream) opj_stream_destroy(r->stream);
}

/* Reads the header. The reader is to be closed whatever this says. */
static int open_reader(reader *r, const uint8_t *bytes, size_t count) {
  static const uint8_t codestream[4] = {0xff, 0x4f, 0xff, 0x51};
  static const uint8_t boxes[12] = {0, 0, 0, 12, 'j', 'P', ' ', ' ', 13, 10, 0x87, 10};
  memset(r, 0, sizeof *r);
  OPJ_CODEC_FORMAT format;
  if (count >= sizeof boxes && memcmp(bytes, boxes, sizeof boxes) == 0) format = OPJ_CODEC_JP2;
  else if (count >= sizeof codestream && memcmp(bytes, codestream, sizeof codestream) == 0) format = OPJ_CODEC_J2K;
  else return 0;
  r->source = (source){bytes, count, 0};
  r->stream = opj_stream_create(1 << 16, OPJ_TRUE);
  r->codec = opj_create_decompress(format);
  if (!r->stream || !r->codec) return 0;
  opj_stream_set_user_data(r->stream, &r->source, NULL);
  opj_stream_set_user_data_length(r->stream, count);
  opj_stream_set_read_function(r->stream, read_bytes);
  opj_stream_set_skip_function(r->stream, skip_bytes);
  opj_stream_set_seek_function(r->stream, seek_bytes);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  return opj_setup_decoder(r->codec, &parameters) && opj_read_header(r->stream, r->codec, &r->image);
}

static int has_size(const opj_image_t *image, uint32_t *width, uint32_t *height) {
  if (image->x1 <= image->x0 || image->y1 <= image->y0) return 0;
  *width = image->x1 - image->x0;
  *height = image->y1 - image->y0;
  return image->numcomps >= 1 && image->numcomps <= 4;
}

int32_t zj_size(const uint8_t *bytes, size_t count, size_t most, uint32_t *width, uint32_t *height) {
  reader r;
  int done = open_reader(&r, bytes, count) && has_size(r.image, width, height) && *width <= most / *height;
  close_reader(&r);
  return done;
}

/* The sample at a place of the picture in eight bits. */
static int sample(const opj_image_comp_t *c, uint32_t x, uint32_t y) {
  x /= c->dx;
  y /= c->dy;
  if (x >= c->w) x = c->w - 1;
  if (y >= c->h) y = c->h - 1;
  int64_t value = c->data[(size_t)y * c->w + x];
  if (c->sgnd) value += (int64_t)1 << (c->prec - 1);
  value = c->prec > 8 ? value >> (c->prec - 8) : value << (8 - c->prec);
  return value < 0 ? 0 : value > 255 ? 255 : (int)value;
}

static uint8_t clamped(double value) { return value < 0 ? 0 : value > 254.5 ? 255 : (uint8_t)(value + 0.5); }

static int is_whole(const opj_image_comp_t *c) {
  return c->data && c->w > 0 && c->h > 0 && c->dx > 0 && c->dy > 0 && c->prec >= 1 && c->prec <= 31;
}

static void write_pixels(const opj_image_t *image, uint8_t *pixels, uint32_t width, uint32_t height) {
  const opj_image_comp_t *c = image->comps;
  int is_gray = image->numcomps < 3, is_ycc = !is_gray && image->color_space == OPJ_CLRSPC_SYCC;
  for (uint32_t y = 0; y < height; y++)
    for (uint32_t x = 0; x < width; x++, pixels += 3) {
      int a = sample(c, x, y), b = is_gray ? a : sample(c + 1, x, y), d = is_gray ? a : sample(c + 2, x, y);
      if (is_ycc) {
        /* ITU-R BT.601, full range. */
        double luma = a, blue = b - 128, red = d - 128;
        pixels[0] = clamped(luma + 1.402 * red);
        pixels[1] = clamped(luma - 0.344136 * blue - 0.714136 * red);
        pixels[2] = clamped(luma + 1.772 * blue);
      } else {
        pixels[0] = (uint8_t)a;
        pixels[1] = (uint8_t)b;
        pixels[2] = (uint8_t)d;
      }
    }
}

int32_t zj_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, uint32_t width, uint32_t height) {
  reader r;
  uint32_t own_width, own_height;
  int done = open_reader(&r, bytes, count) && has_size(r.image, &own_width, &own_height) && own_width == width &&
             own_height == height && opj_decode(r.codec, r.stream, r.image) &&
             opj_end_decompress(r.codec, r.stream);
  for (uint32_t i = 0; done && i < r.image->numcomps; i++) done = is_whole(&r.image->comps[i]);
  if (done) write_pixels(r.image, pixels, width, height);
  close_reader(&r);
  return done;
}

#endif
