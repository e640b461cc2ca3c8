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

/* Hue is in steps of two degrees, so that it fits a byte. */
static void hsv(int red, int green, int blue, uint8_t *h, uint8_t *s, uint8_t *v) {
  int high = red > green ? red : green, low = red < green ? red : green;
  if (blue > high) high = blue;
  if (blue < low) low = blue;
  int spread = high - low;
  float hue = 0;
  if (spread > 0) {
    if (high == red) hue = 30.0f * (float)(green - blue) / (float)spread;
    else if (high == green) hue = 60 + 30.0f * (float)(blue - red) / (float)spread;
    else hue = 120 + 30.0f * (float)(red - green) / (float)spread;
    if (hue < 0) hue += 180;
  }
  uint8_t rounded = byte(hue);
  *h = rounded >= 180 ? 0 : rounded;
  *s = high == 0 ? 0 : byte(255.0f * (float)spread / (float)high);
  *v = (uint8_t)high;
}

static inline float lab_function(float t) { return t > 0.008856f ? cbrtf(t) : 7.787f * t + 16.0f / 116; }

/* CIE L*a*b* of sRGB under D65; L from 0 to 255, a and b around 128. */
static void lab(const float *linear, int red, int green, int blue, uint8_t *l, uint8_t *a, uint8_t *b) {
  float r = linear[red], g = linear[green], bl = linear[blue];
  float x = lab_function((0.412453f * r + 0.357580f * g + 0.180423f * bl) / 0.950456f);
  float y = 0.212671f * r + 0.715160f * g + 0.072169f * bl;
  float z = lab_function((0.019334f * r + 0.119193f * g + 0.950227f * bl) / 1.088754f);
  float fy = lab_function(y);
  *l = byte((y > 0.008856f ? 116 * fy - 16 : 903.3f * y) * 2.55f);
  *a = byte(500 * (x - fy) + 128);
  *b = byte(200 * (fy - z) + 128);
}

void zv_convert(const uint8_t *rgb, size_t pixels, zv_color_space space, uint8_t **planes, size_t first, size_t end) {
  const uint8_t *red = rgb, *green = rgb + pixels, *blue = rgb + 2 * pixels;
  float linear[256];
  if (space == ZV_LAB) {
    for (int i = 0; i < 256; i++) {
      float value = (float)i / 255;
      linear[i] = value <= 0.04045f ? value / 12.92f : powf((value + 0.055f) / 1.055f, 2.4f);
    }
  }
  for (size_t i = first; i < end; i++) {
    int grey = (red[i] * 4899 + green[i] * 9617 + blue[i] * 1868 + (1 << 13)) >> 14;
    switch (space) {
    case ZV_HSV: hsv(red[i], green[i], blue[i], planes[0] + i, planes[1] + i, planes[2] + i); break;
    case ZV_LAB: lab(linear, red[i], green[i], blue[i], planes[0] + i, planes[1] + i, planes[2] + i); break;
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
