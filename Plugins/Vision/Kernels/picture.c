/* Pictures for selective search: size, colour spaces, texture. */
#include <math.h>
#include <string.h>

#include "search.h"

static inline uint8_t byte(float value) {
  if (!(value > 0)) return 0;
  return value >= 255 ? 255 : (uint8_t)(value + 0.5f);
}

void zv_shrink(
  const float *picture, size_t height, size_t width, uint8_t *planes, size_t new_height, size_t new_width,
  size_t first, size_t end) {
  double step_y = (double)height / (double)new_height, step_x = (double)width / (double)new_width;
  for (size_t channel = 0; channel < 3; channel++) {
    const float *from = picture + channel * height * width;
    uint8_t *to = planes + channel * new_height * new_width;
    for (size_t row = first; row < end; row++) {
      uint8_t *line = to + row * new_width;
      if (new_height == height && new_width == width) {
        for (size_t i = 0; i < width; i++) line[i] = byte(from[row * width + i]);
        continue;
      }
      if (height == 2 * new_height && width == 2 * new_width) {
        const float *a = from + 2 * row * width, *b = a + width;
        for (size_t i = 0; i < new_width; i++) {
          line[i] = byte((a[2 * i] + a[2 * i + 1] + b[2 * i] + b[2 * i + 1]) * 0.25f);
        }
        continue;
      }
      /* Each new pixel is the mean over its area, parts of pixels included. */
      double top = (double)row * step_y, bottom = fmin(top + step_y, (double)height);
      for (size_t i = 0; i < new_width; i++) {
        double left = (double)i * step_x, right = fmin(left + step_x, (double)width), sum = 0;
        for (size_t y = (size_t)top; (double)y < bottom && y < height; y++) {
          double tall = fmin((double)y + 1, bottom) - fmax((double)y, top);
          for (size_t x = (size_t)left; (double)x < right && x < width; x++) {
            double wide = fmin((double)x + 1, right) - fmax((double)x, left);
            sum += tall * wide * (double)from[y * width + x];
          }
        }
        line[i] = byte((float)(sum / (step_y * step_x)));
      }
    }
  }
}

size_t zv_space_channels(zv_color_space space) { return space == ZV_GREY || space == ZV_BLUE ? 1 : 3; }

/* Rounds a fixed-point number of `bits` fractional bits. */
static inline int rounded(int value, int bits) { return (value + (1 << (bits - 1))) >> bits; }

/* Tables of fixed-point numbers for one conversion. */
typedef struct color_tables {
  int over[256];       /* hsv: 255 / i, 12 bits */
  int sixth_over[256]; /* hsv: 30 / i, 12 bits */
  int linear[256];     /* lab: light of an sRGB value, 0 to 255, 3 bits */
  int roots[3072];     /* lab: the function f of CIE L*a*b*, of light as above up to 1.5, 15 bits */
} color_tables;

static void make_tables(zv_color_space space, color_tables *tables) {
  for (int i = 0; space == ZV_HSV && i < 256; i++) {
    tables->over[i] = i == 0 ? 0 : (int)lrint((255 << 12) / (double)i);
    tables->sixth_over[i] = i == 0 ? 0 : (int)lrint((30 << 12) / (double)i);
  }
  for (int i = 0; space == ZV_LAB && i < 256; i++) {
    double value = i / 255.0;
    double light = value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
    tables->linear[i] = (int)lrint(255 * 8 * light);
  }
  for (int i = 0; space == ZV_LAB && i < 3072; i++) {
    double light = i / (255.0 * 8);
    tables->roots[i] = (int)lrint((1 << 15) * (light < 0.008856 ? light * 7.787 + 16.0 / 116 : cbrt(light)));
  }
}

/* Hue is in steps of two degrees, so that it fits a byte. */
static void hsv(const color_tables *tables, int red, int green, int blue, uint8_t *h, uint8_t *s, uint8_t *v) {
  int high = red > green ? red : green, low = red < green ? red : green;
  if (blue > high) high = blue;
  if (blue < low) low = blue;
  int spread = high - low;
  int sector = high == red ? green - blue : high == green ? blue - red + 2 * spread : red - green + 4 * spread;
  int hue = rounded(sector * tables->sixth_over[spread], 12);
  *h = (uint8_t)(hue < 0 ? hue + 180 : hue);
  *s = (uint8_t)rounded(spread * tables->over[high], 12);
  *v = (uint8_t)high;
}

static inline uint8_t clipped(int value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value); }

/* CIE L*a*b* of sRGB under D65; L from 0 to 255, a and b around 128. The matrix is that of sRGB, each row over the white
   point's value, in 12 bits. */
static void lab(const color_tables *tables, int red, int green, int blue, uint8_t *l, uint8_t *a, uint8_t *b) {
  int r = tables->linear[red], g = tables->linear[green], bl = tables->linear[blue];
  int x = tables->roots[rounded(r * 1777 + g * 1541 + bl * 778, 12)];
  int y = tables->roots[rounded(r * 871 + g * 2929 + bl * 296, 12)];
  int z = tables->roots[rounded(r * 73 + g * 448 + bl * 3575, 12)];
  /* 116 · 2.55 f - 16 · 2.55 */
  *l = clipped(rounded(296 * y - 1336934, 15));
  *a = clipped(rounded(500 * (x - y), 15) + 128);
  *b = clipped(rounded(200 * (y - z), 15) + 128);
}

void zv_convert(const uint8_t *rgb, size_t pixels, zv_color_space space, uint8_t **planes, size_t first, size_t end) {
  const uint8_t *red = rgb, *green = rgb + pixels, *blue = rgb + 2 * pixels;
  color_tables tables;
  make_tables(space, &tables);
  for (size_t i = first; i < end; i++) {
    int grey = (red[i] * 4899 + green[i] * 9617 + blue[i] * 1868 + (1 << 13)) >> 14;
    switch (space) {
    case ZV_HSV: hsv(&tables, red[i], green[i], blue[i], planes[0] + i, planes[1] + i, planes[2] + i); break;
    case ZV_LAB: lab(&tables, red[i], green[i], blue[i], planes[0] + i, planes[1] + i, planes[2] + i); break;
    case ZV_GREY: planes[0][i] = (uint8_t)grey; break;
    case ZV_BLUE: planes[0][i] = blue[i]; break;
    case ZV_RGI:
      planes[0][i] = red[i];
      planes[1][i] = green[i];
      planes[2][i] = (uint8_t)grey;
      break;
    }
  }
}

size_t zv_mirrored(ptrdiff_t index, size_t count) {
  ptrdiff_t last = (ptrdiff_t)count - 1;
  if (last == 0) return 0;
  while (index < 0 || index > last) index = index < 0 ? -index : 2 * last - index;
  return (size_t)index;
}

/* Derivatives in four directions by Scharr's filter, the rising and the falling part apart, each from 0 to 255 over the
   picture, in ten bins. A diagonal derivative is the sum or the difference of the two that the filter gives. */
int zv_texture(const uint8_t *plane, size_t height, size_t width, uint8_t *bins) {
  size_t pixels = height * width;
  int16_t *slopes = malloc(4 * pixels * sizeof *slopes);
  uint8_t *lines = malloc(3 * (width + 2));
  int status = -1;
  if (slopes == NULL || lines == NULL) goto end;
  for (size_t row = 0; row < height; row++) {
    /* Three rows with a pixel more at both ends. */
    uint8_t *line[3];
    for (int i = 0; i < 3; i++) {
      line[i] = lines + (size_t)i * (width + 2);
      const uint8_t *from = plane + zv_mirrored((ptrdiff_t)row + i - 1, height) * width;
      memcpy(line[i] + 1, from, width);
      line[i][0] = from[zv_mirrored(-1, width)];
      line[i][width + 1] = from[zv_mirrored((ptrdiff_t)width, width)];
    }
    int16_t *out = slopes + row * width;
    for (size_t x = 0; x < width; x++) {
      int across = 3 * (line[0][x + 2] - line[0][x]) + 10 * (line[1][x + 2] - line[1][x])
                   + 3 * (line[2][x + 2] - line[2][x]);
      int down = 3 * (line[2][x] - line[0][x]) + 10 * (line[2][x + 1] - line[0][x + 1])
                 + 3 * (line[2][x + 2] - line[0][x + 2]);
      out[x] = (int16_t)across;
      out[pixels + x] = (int16_t)down;
      out[2 * pixels + x] = (int16_t)(across + down);
      out[3 * pixels + x] = (int16_t)(across - down);
    }
  }
  for (size_t direction = 0; direction < 4; direction++) {
    const int16_t *slope = slopes + direction * pixels;
    int16_t high = 0, low = 0;
    for (size_t i = 0; i < pixels; i++) {
      high = slope[i] > high ? slope[i] : high;
      low = slope[i] < low ? slope[i] : low;
    }
    uint8_t *rising = bins + 2 * direction * pixels, *falling = rising + pixels;
    float up = high > 0 ? 255.0f / high : 0, down = low < 0 ? 255.0f / -low : 0;
    for (size_t i = 0; i < pixels; i++) {
      float value = slope[i];
      int rise = (int)((value > 0 ? value * up : 0) + 0.5f), fall = (int)((value < 0 ? -value * down : 0) + 0.5f);
      rising[i] = (uint8_t)(rise * ZV_TEXTURE_BINS >> 8);
      falling[i] = (uint8_t)((255 - fall) * ZV_TEXTURE_BINS >> 8);
    }
  }
  status = 0;
end:
  free(slopes);
  free(lines);
  return status;
}
