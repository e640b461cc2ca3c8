/*
 * Convolution in bfloat16 and int8: the input is rounded into narrow blocks, with its padding around it, and multiplied
 * by register tiles that take 32-bit words of two or four channels. Sums are float32 or integers.
 *
 * Rounded input: [input block][pixel][16 factors]. Packed weights: for each group, for each set of output blocks,
 * [input block][tap][word][output channel]; transformed ones as windows.c has them. The vectors behind them: bias; for
 * int8 also the scale of the weights and their sum (integers), which takes back what the input's zero adds to each
 * product.
 */
#include <string.h>

#include "plan.h"
#include "taps.h"
#include "windows.h"

enum {
  BIAS = 0,
  TOTAL = 2,
  /* Input whose ranges are found and that is rounded at once: stays in the first-level cache in between. */
  STRIP_BYTES = 16 << 10,
  /* Weights that pixels stream past: of twice as many factors an instruction than floats, so that sums pause less often. */
  NARROW_CHUNK_BYTES = 32 << 10,
  /* As MIN_TASK_PIXELS, where tiles of windows are what weights are read for. */
  MIN_WINDOW_PIXELS = 192,
  /* Rounding a pixel's block takes about as long as this many products of 16 lanes. */
  ROUNDING_COST = 8,
};

static int64_t images(const conv_plan *plan) { return plan->shape.batch * plan->shape.groups; }
static int64_t aligned(int64_t count) { return (count + BLOCK - 1) / BLOCK * BLOCK; }
/* Counts of 32-bit numbers. */
static int64_t bounds_count(const conv_plan *plan) {
  return plan->narrow.range == RANGE_OF_IMAGE ? aligned(images(plan) * plan->narrow.parts * 2) : 0;
}
static int64_t ranges_count(const conv_plan *plan, int64_t pixels) {
  const int64_t count = plan->narrow.range == RANGE_OF_PIXEL ? pixels : 1;
  return aligned(count * (int64_t)(sizeof(narrow_range) / sizeof(float)));
}
static int64_t words_count(const conv_plan *plan, int64_t pixels) {
  return aligned(plan->in_blocks * pixels * plan->unit);
}
/* A tile's residual and result, as floats. */
enum { STAGE_COUNT = MAX_TILE_BLOCKS * MAX_TILE_PIXELS * BLOCK };
static int64_t stages_count(const conv_plan *plan) { return is_staged(plan) ? 2 * STAGE_COUNT : 0; }
static int64_t sums_count(const conv_plan *plan) {
  return plan->chunk < plan->steps || has_windows(plan) ? plan->table->tile_blocks * plan->narrow.longest * BLOCK : 0;
}
/* Of a worker, for windows. */
static int64_t windows_count(const conv_plan *plan) {
  const int64_t rows = plan->narrow.most_rows, products = conv_products_count(plan, rows);
  return transforms_first(plan) ? products : products + conv_points_count(plan, rows);
}
/* What a worker has to itself: ranges and rounded input if it makes them, and sums that pause. */
static int64_t own_count(const conv_plan *plan) {
  const int64_t slab = plan->narrow.is_joint && !plan->narrow.is_in_place ? plan->narrow.slab : 0;
  const int64_t windows = has_windows(plan) ? windows_count(plan) : 0;
  return ranges_count(plan, slab) + words_count(plan, slab) + sums_count(plan) + stages_count(plan) + windows;
}
/* Of one group of one image, where a phase of its own rounds the input. */
static int64_t whole_count(const conv_plan *plan) {
  const int64_t points = transforms_first(plan) ? conv_points_count(plan, conv_window_rows(plan)) : 0;
  const int64_t words = ranges_count(plan, plan->in_plane) + words_count(plan, plan->in_plane);
  return plan->narrow.is_joint ? 0 : words + points;
}

static int64_t workspace_count(const conv_plan *plan) {
  return bounds_count(plan) + images(plan) * whole_count(plan) + plan->workers * own_count(plan);
}

/* The first pixel of the padded input that an output reads. */
static int64_t first_pixel(const conv_plan *plan, int64_t output) {
  if (plan->is_flat) return output;
  const conv_window *w = &plan->shape.window;
  const cursor at = place_cursor(plan, output);
  const int64_t z = at.z * w->stride[0], y = at.y * w->stride[1], x = at.x * w->stride[2];
  return (z * plan->padded[1] + y) * plan->padded[2] + x;
}

/* The rows of tiles of a range of pixels. */
static span window_rows_of(const conv_plan *plan, int64_t pixel_range) {
  const int64_t rows = conv_window_rows(plan);
  return (span){rows * pixel_range / plan->pixel_ranges, rows * (pixel_range + 1) / plan->pixel_ranges};
}

static span outputs_of(const conv_plan *plan, int64_t pixel_range) {
  if (has_windows(plan)) return conv_window_outputs(plan, window_rows_of(plan, pixel_range));
  return (span){plan->out_plane * pixel_range / plan->pixel_ranges,
                plan->out_plane * (pixel_range + 1) / plan->pixel_ranges};
}

/* Later outputs read later pixels, so the last tap of the last output is the end. */
static span inputs_of(const conv_plan *plan, span outputs) {
  const int64_t last_tap = plan->tap_offset[plan->taps - 1] / plan->unit;
  return (span){first_pixel(plan, outputs.first), first_pixel(plan, outputs.end - 1) + last_tap + 1};
}

static void split(conv_plan *plan) {
  narrow_plan *narrow = &plan->narrow;
  const int64_t in_bytes = words_count(plan, plan->in_plane) * (int64_t)sizeof(float);
  const int64_t wanted = TASKS_PER_WORKER * plan->workers, others = max64(images(plan), 1);
  int64_t most_ranges = max64(plan->out_plane / MIN_TASK_PIXELS, 1), read_bytes = in_bytes;
  if (has_windows(plan)) {
    const int64_t rows = conv_window_rows(plan);
    most_ranges = max64(min64(plan->out_plane / MIN_WINDOW_PIXELS, rows), 1);
    read_bytes = conv_points_count(plan, rows) * (int64_t)sizeof(float);
  }
  const int64_t ranges = max64((read_bytes + SLAB_BYTES - 1) / SLAB_BYTES, (wanted + others - 1) / others);
  plan->pixel_ranges = min64(ranges, most_ranges);
  /* Tasks of one range share transformed windows by way of slower caches, so they are as few as give all workers enough. */
  const int64_t tasks = has_windows(plan) ? min64(wanted, 2 * plan->workers) : wanted;
  const int64_t set_ranges = (tasks + plan->pixel_ranges * others - 1) / (plan->pixel_ranges * others);
  plan->set_ranges = max64(min64(plan->sets, set_ranges), 1);
  narrow->parts = min64((wanted + others - 1) / others, max64(plan->in_plane / MIN_TASK_PIXELS, 1));
  int64_t read = 0;
  for (int64_t range = 0; range < plan->pixel_ranges && plan->out_plane > 0; range++) {
    const span outputs = outputs_of(plan, range), inputs = inputs_of(plan, outputs);
    const span rows = window_rows_of(plan, range);
    narrow->most_rows = max64(narrow->most_rows, rows.end - rows.first);
    narrow->longest = max64(narrow->longest, outputs.end - outputs.first);
    narrow->slab = max64(narrow->slab, inputs.end - inputs.first);
    read += inputs.end - inputs.first;
  }
  /* Tasks may round the same pixels again where that is little beside the products. */
  const int64_t again = (read * plan->set_ranges - plan->in_plane) * ROUNDING_COST;
  const int is_little = again <= plan->out_plane * plan->taps * narrow->words * plan->out_blocks / 8;
  narrow->is_joint = narrow->is_in_place || (is_little && !transforms_first(plan));
}

/* Numbers that are held of a channel's weights for an output. */
static int64_t held_taps(const conv_plan *plan) {
  return has_windows(plan) ? WINDOW_POINTS : plan->taps;
}

static int plan_narrow(conv_plan *plan) {
  narrow_plan *narrow = &plan->narrow;
  const int64_t factors = narrow->table->factors;
  plan->unit = BLOCK / factors;
  narrow->words = plan->in_blocks > 1 ? plan->unit : (plan->shape.in_channels + factors - 1) / factors;
  narrow->is_in_place = plan->numbers.input.type == CONV_UINT8 && factors == 4 && plan->is_flat && !plan->is_gathered;
  if (!place_plan(plan)) return 0;
  plan->channel_vectors = narrow->table->is_integer ? 3 : 1;
  if (has_windows(plan) && !conv_takes_windows(plan)) return 0;
  plan->weights_count = plan->shape.groups * plan->out_blocks * plan->steps * held_taps(plan) * narrow->words * BLOCK;
  const int64_t step_bytes = plan->taps * narrow->words * BLOCK * plan->table->tile_blocks * (int64_t)sizeof(float);
  plan->chunk = has_windows(plan) ? max64(plan->steps, 1) : max64(NARROW_CHUNK_BYTES / max64(step_bytes, 1), 1);
  split(plan);
  return 1;
}

static uint16_t bfloat16_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  if (x != x) return (uint16_t)(bits >> 16 | 0x40);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* The scale that takes the weights of one output channel to −127…127; NaN or infinite if one of them is. */
static float scale_of(const float *weights, int64_t count) {
  float most = 0, poison = 0;
  for (int64_t i = 0; i < count; i++) {
    const float size = __builtin_fabsf(weights[i]);
    most = size > most ? size : most;
    poison += weights[i] * 0;
  }
  const float scale = most / 127 + poison;
  return scale < 1e-37f ? 0 : scale;
}

static void put_factor(void *words, int64_t factors, int64_t lane, int32_t value) {
  if (factors == 4) ((int8_t *)words)[lane] = (int8_t)value;
  else ((int16_t *)words)[lane] = (int16_t)value;
}

/* Where the weights of an output channel go. */
typedef struct packed_row {
  int32_t *words; /* of the row's first input channel block */
  int64_t width;  /* words from one factor's to the next */
} packed_row;

/* Of transformed windows, all blocks of a point lie together, otherwise all taps of a block. */
static int32_t *word_of(const conv_plan *plan, packed_row to, int64_t channel, int64_t tap) {
  const int64_t words = plan->narrow.words, word = channel % BLOCK / plan->narrow.table->factors;
  const int64_t block = channel / BLOCK;
  const int64_t at = has_windows(plan) ? tap * plan->in_blocks + block : block * plan->taps + tap;
  return to.words + (at * words + word) * to.width;
}

/* An integer of an output channel's weights. Those of a `window` are put there, and with the last one transformed. */
static void put_integer(const conv_plan *plan, packed_row to, int64_t channel, int64_t tap, int32_t value,
                        int32_t window[9]) {
  const int64_t factors = plan->narrow.table->factors, lane = channel % factors;
  if (!has_windows(plan)) return put_factor(word_of(plan, to, channel, tap), factors, lane, value);
  window[tap] = value;
  if (tap < 8) return;
  int16_t points[WINDOW_POINTS];
  conv_window_points(window, points);
  for (int64_t point = 0; point < WINDOW_POINTS; point++) {
    put_factor(word_of(plan, to, channel, point), factors, lane, points[point]);
  }
}

static void pack_bfloats(const conv_plan *plan, const float *from, weight_row row, packed_row to) {
  for (int64_t c = row.first; c < row.end; c++) {
    for (int64_t tap = 0; tap < plan->taps; tap++) {
      const float weight = from[(c - row.first) * plan->taps + tap];
      ((uint16_t *)word_of(plan, to, c, tap))[c % plan->narrow.table->factors] = bfloat16_of(weight);
    }
  }
}

/* Integers that are given, and their total. */
static int32_t pack_bytes(const conv_plan *plan, const int8_t *from, weight_row row, packed_row to) {
  int32_t total = 0, window[9];
  for (int64_t c = row.first; c < row.end; c++) {
    for (int64_t tap = 0; tap < plan->taps; tap++) {
      const int8_t weight = from[(c - row.first) * plan->taps + tap];
      total += weight;
      put_integer(plan, to, c, tap, weight, window);
    }
  }
  return total;
}

/* Integers that weights become, and their total. */
static int32_t pack_rounded(const conv_plan *plan, const float *from, weight_row row, packed_row to, float *scale) {
  int32_t total = 0, window[9];
  *scale = scale_of(from, (row.end - row.first) * plan->taps);
  if (!(*scale > 0 && *scale < __builtin_inff())) return 0;
  const float inverse = 1 / *scale;
  for (int64_t c = row.first; c < row.end; c++) {
    for (int64_t tap = 0; tap < plan->taps; tap++) {
      const int32_t rounded = round_to_integer(from[(c - row.first) * plan->taps + tap] * inverse);
      total += rounded;
      put_integer(plan, to, c, tap, rounded, window);
    }
  }
  return total;
}

static void pack(const conv_plan *plan, const conv_parameters *given, float *packed, int64_t group, int64_t set) {
  const int is_integer = plan->narrow.table->is_integer;
  int64_t first;
  const int64_t blocks = conv_set(plan, set, &first), width = blocks * BLOCK;
  const int64_t per_block = plan->steps * held_taps(plan) * plan->narrow.words * BLOCK;
  const narrow_plan *narrow = &plan->narrow;
  float *const words = packed + (group * plan->out_blocks + first) * per_block;
  memset(words, 0, (size_t)(blocks * per_block) * sizeof(float));
  for (int64_t o = 0; o < width; o++) {
    const weight_row row = conv_row(plan, group, first * BLOCK + o);
    const packed_row to = {(int32_t *)words + o, width};
    const int64_t start = row.row < 0 ? 0 : conv_weight(plan, row, given->origin, row.first);
    const float *const weights = (const float *)given->weights + start;
    float scale = 0;
    int32_t total = 0;
    if (row.row >= 0 && !is_integer) pack_bfloats(plan, weights, row, to);
    if (row.row >= 0 && is_integer && has_bytes(plan)) {
      total = pack_bytes(plan, (const int8_t *)given->weights + start, row, to);
      scale = given->scales[row.row];
    } else if (row.row >= 0 && is_integer) {
      total = pack_rounded(plan, weights, row, to, &scale);
    }
    if (!is_integer) continue;
    if (narrow->range == RANGE_GIVEN) {
      scale *= narrow->given.scale;
      /* In pairs, inputs have their zero taken off already. */
      total *= narrow->table->factors == 4 ? -narrow->given.zero : 0;
    }
    conv_channel_vector(plan, packed, SCALE, group, first)[o] = scale;
    ((int32_t *)conv_channel_vector(plan, packed, TOTAL, group, first))[o] = total;
  }
}

/* Pixels that follow each other in the padded input, and where they lie in the input; `from` is below 0 for padding. */
typedef struct pixel_run {
  int64_t pixels, from, step;
} pixel_run;

static pixel_run run_at(const conv_plan *plan, int64_t pixel, int64_t end) {
  const conv_window *w = &plan->shape.window;
  const int64_t *extent = plan->padded;
  if (!plan->is_padded && !plan->is_gathered) return (pixel_run){end - pixel, pixel, 1};
  const int64_t x = pixel % extent[2], y = pixel / extent[2] % extent[1], z = pixel / extent[2] / extent[1];
  const int64_t row = min64(extent[2] - x, end - pixel);
  if (plan->is_gathered) {
    const int64_t line = z * w->stride[0] * w->in[1] + y * w->stride[1];
    return (pixel_run){row, line * w->in[2] + x * w->stride[2], w->stride[2]};
  }
  const int64_t from[3] = {z - w->pad[0], y - w->pad[1], x - w->pad[2]};
  if (from[0] < 0 || from[0] >= w->in[0] || from[1] < 0 || from[1] >= w->in[1] || from[2] >= w->in[2]) {
    return (pixel_run){row, -1, 1};
  }
  if (from[2] < 0) return (pixel_run){min64(-from[2], row), -1, 1};
  return (pixel_run){min64(w->in[2] - from[2], row), (from[0] * w->in[1] + from[1]) * w->in[2] + from[2], 1};
}

/* Rounds the pixels of `inputs` in all blocks of one group of one image; blocks of `words` are `stride` words apart.
   Ranges of pixels are found on the way. */
static void round_pixels(const conv_plan *plan, const float *input, int64_t image, span inputs, narrow_range *ranges,
                         float *words, int64_t stride) {
  const narrow_plan *narrow = &plan->narrow;
  const int64_t plane = product(plan->shape.window.in) * BLOCK, blocks = plan->in_blocks;
  const int by_pixel = narrow->range == RANGE_OF_PIXEL;
  const int64_t strip = max64(STRIP_BYTES / (max64(blocks, 1) * BLOCK * (int64_t)sizeof(float)), 4);
  const float *const from = input + image * blocks * plane;
  const uint8_t *const bytes = (const uint8_t *)input + image * blocks * plane;
  for (int64_t pixel = inputs.first; pixel < inputs.end;) {
    pixel_run run = run_at(plan, pixel, inputs.end);
    float *to = words + (pixel - inputs.first) * plan->unit;
    if (run.from < 0) {
      const int zero = narrow->table->factors == 4 ? ranges->zero : 0;
      for (int64_t block = 0; block < blocks; block++, to += stride) {
        memset(to, zero, (size_t)(run.pixels * plan->unit) * sizeof(float));
      }
      pixel += run.pixels;
      continue;
    }
    narrow_range *const own = ranges + (by_pixel ? pixel - inputs.first : 0);
    const float *source = from + run.from * BLOCK;
    const int64_t step = run.step * BLOCK;
    if (has_bytes(plan)) {
      for (int64_t block = 0; block < blocks; block++, to += stride) {
        narrow->table->copy(bytes + block * plane + run.from * BLOCK, step, run.pixels, plan->numbers.input, to);
      }
      pixel += run.pixels;
      continue;
    }
    if (by_pixel) {
      run.pixels = min64(run.pixels, strip);
      narrow->table->pixel_ranges(source, step, plane, blocks, run.pixels, own);
    }
    for (int64_t block = 0; block < blocks; block++, source += plane, to += stride) {
      narrow->table->round(source, step, run.pixels, own, by_pixel, to);
    }
    pixel += run.pixels;
  }
}

/* Finds the bounds of part of an image. */
static void find_bounds(const conv_plan *plan, const conv_buffers *buffers, int64_t task) {
  const int64_t parts = plan->narrow.parts, part = task % parts;
  const int64_t pixels = plan->in_blocks * product(plan->shape.window.in);
  const int64_t first = pixels * part / parts, end = pixels * (part + 1) / parts;
  const float *from = buffers->input + (task / parts * pixels + first) * BLOCK;
  plan->narrow.table->bounds(from, end - first, buffers->workspace + task * 2);
}

/* The one range of an image; that of its pixels is found later. */
static narrow_range range_of(const conv_plan *plan, const conv_buffers *buffers, int64_t image) {
  const narrow_plan *narrow = &plan->narrow;
  if (narrow->range != RANGE_OF_IMAGE) return narrow->given;
  const float *bounds = buffers->workspace + image * narrow->parts * 2;
  float low = bounds[0], high = bounds[1];
  for (int64_t i = 1; i < narrow->parts; i++) {
    /* NaN stays. */
    low = low <= bounds[2 * i] ? low : low != low ? low : bounds[2 * i];
    high = high >= bounds[2 * i + 1] ? high : high != high ? high : bounds[2 * i + 1];
  }
  return narrow_range_of(low, high);
}

/* The rounded input of an image where a phase of its own makes it: its ranges, then words. */
static float *whole_of(const conv_plan *plan, const conv_buffers *buffers, int64_t image) {
  return buffers->workspace + bounds_count(plan) + image * whole_count(plan);
}

static void round_part(const conv_plan *plan, const conv_buffers *buffers, int64_t task) {
  const int64_t parts = plan->narrow.parts, part = task % parts, image = task / parts;
  const span inputs = {plan->in_plane * part / parts, plan->in_plane * (part + 1) / parts};
  float *const whole = whole_of(plan, buffers, image);
  narrow_range *ranges = (narrow_range *)whole, range = range_of(plan, buffers, image);
  if (plan->narrow.range == RANGE_OF_PIXEL) {
    ranges += inputs.first;
  } else {
    ranges = &range;
    if (part == 0) memcpy(whole, &range, sizeof range);
  }
  float *words = whole + ranges_count(plan, plan->in_plane) + inputs.first * plan->unit;
  round_pixels(plan, buffers->input, image, inputs, ranges, words, plan->in_plane * plan->unit);
}

/* The transformed input of an image, where a phase of its own makes it. */
static float *points_of_whole(const conv_plan *plan, const conv_buffers *buffers, int64_t image) {
  return whole_of(plan, buffers, image) + ranges_count(plan, plan->in_plane) + words_count(plan, plan->in_plane);
}

/* Transforms part of the rounded input of an image. */
static void transform_part(const conv_plan *plan, const conv_buffers *buffers, int64_t task) {
  const int64_t parts = plan->narrow.parts, part = task % parts, image = task / parts, rows = conv_window_rows(plan);
  const float *const words = whole_of(plan, buffers, image) + ranges_count(plan, plan->in_plane);
  const window_task windows = {.rows = {rows * part / parts, rows * (part + 1) / parts}, .held = {0, rows},
                               .points = points_of_whole(plan, buffers, image)};
  conv_transform_input(plan, &windows, words, 0, plan->in_plane * plan->unit);
}

/* What a task multiplies. */
typedef struct narrow_input {
  span inputs; /* the pixels in `words` */
  const narrow_range *ranges;
  const float *words;
} narrow_input;

/* Words of a task, made in `*own`, which moves on, unless they are there. */
static narrow_input input_of(const conv_plan *plan, const conv_buffers *buffers, int64_t image, span outputs, float **own) {
  const narrow_plan *narrow = &plan->narrow;
  narrow_input made = {.inputs = {0, plan->in_plane}, .ranges = &narrow->given};
  if (narrow->is_in_place) {
    made.words = buffers->input + image * plan->in_blocks * plan->in_plane * plan->unit;
    *own += ranges_count(plan, 0);
    return made;
  }
  if (!narrow->is_joint) {
    float *whole = whole_of(plan, buffers, image);
    made.ranges = (const narrow_range *)whole;
    made.words = whole + ranges_count(plan, plan->in_plane);
    *own += ranges_count(plan, 0);
    return made;
  }
  made.inputs = inputs_of(plan, outputs);
  narrow_range *found = (narrow_range *)*own;
  *found = range_of(plan, buffers, image);
  float *rounded = *own + ranges_count(plan, narrow->slab);
  const int64_t stride = (made.inputs.end - made.inputs.first) * plan->unit;
  round_pixels(plan, buffers->input, image, made.inputs, found, rounded, stride);
  made.ranges = found;
  made.words = rounded;
  *own = rounded + words_count(plan, narrow->slab);
  return made;
}

/* Calls the tile whose results and residuals lie from element `at` on, by way of memory for floats where they have to
   be floats for longer than in registers. */
static void finished_tile(const conv_plan *plan, const conv_buffers *buffers, narrow_job *job, int64_t at, float *stage) {
  const narrow_table *table = plan->narrow.table;
  const conv_numbers *numbers = &plan->numbers;
  tile_job *tile = &job->tile;
  const int64_t plane = plan->out_plane * BLOCK, pixels = tile->pixels;
  tile->block_stride = job->residual_stride = plane;
  tile->residual = numbers->residual.type ? NULL : offset(buffers->residual, at);
  job->residual = numbers->residual.type && buffers->residual ? (const uint8_t *)buffers->residual + at : NULL;
  if (!is_staged(plan)) {
    tile->output = buffers->output + at;
    job->bytes = numbers->output.type ? (uint8_t *)buffers->output + at : NULL;
    return table->tile(job);
  }
  tile->output = stage;
  tile->block_stride = MAX_TILE_PIXELS * BLOCK;
  if (plan->epilogue.residual == CONV_RESIDUAL_AFTER_ACTIVATION && tile->last) {
    float *const added = stage + STAGE_COUNT;
    for (int32_t v = 0; v < tile->blocks; v++) {
      float *const to = added + v * tile->block_stride;
      if (job->residual) table->read(job->residual + v * plane, pixels, numbers->residual, to);
      else memcpy(to, tile->residual + v * plane, (size_t)(pixels * BLOCK) * sizeof(float));
    }
    tile->residual = added;
  }
  table->tile(job);
  for (int32_t v = 0; tile->last && v < tile->blocks; v++) {
    const float *const from = stage + v * tile->block_stride;
    const int64_t to = at + v * plane;
    if (numbers->output.type) table->write(from, pixels, job->range, (uint8_t *)buffers->output + to);
    else memcpy(buffers->output + to, from, (size_t)(pixels * BLOCK) * sizeof(float));
  }
}

/* Zeros in the lanes past the last of `written` channels, from element `at` of the output on. */
static void clear_lanes(const conv_plan *plan, const conv_buffers *buffers, int64_t at, int64_t pixels, int64_t written) {
  if (written % BLOCK == 0) return;
  at += written / BLOCK * plan->out_plane * BLOCK;
  conv_clear_stored(plan, buffers->output, at, pixels, written % BLOCK);
}

/* Where a task has its windows: in the image's memory, or its own. */
static window_task windows_of(const conv_plan *plan, const conv_buffers *buffers, int64_t image, int64_t pixel_range,
                              float *own) {
  const span rows = window_rows_of(plan, pixel_range);
  if (transforms_first(plan)) {
    return (window_task){rows, {0, conv_window_rows(plan)}, points_of_whole(plan, buffers, image), own};
  }
  return (window_task){rows, rows, own + conv_products_count(plan, plan->narrow.most_rows), own};
}

static void multiply(const conv_plan *plan, const conv_buffers *buffers, int64_t task, int64_t worker) {
  const narrow_plan *narrow = &plan->narrow;
  const int64_t set_range = task % plan->set_ranges, pixel_range = task / plan->set_ranges % plan->pixel_ranges;
  const int64_t image = task / plan->set_ranges / plan->pixel_ranges, group = image % plan->shape.groups;
  const span outputs = outputs_of(plan, pixel_range);
  const int64_t count = outputs.end - outputs.first, tiles = (count + MAX_TILE_PIXELS - 1) / MAX_TILE_PIXELS;

  float *own = buffers->workspace + bounds_count(plan) + images(plan) * whole_count(plan) + worker * own_count(plan);
  const narrow_input in = input_of(plan, buffers, image, outputs, &own);
  float *const stage = own;
  own += stages_count(plan);

  const int has_totals = narrow->table->is_integer && narrow->table->factors == 4 && narrow->range != RANGE_GIVEN;
  const int64_t per_block = plan->steps * held_taps(plan) * narrow->words * BLOCK;
  const narrow_range rounded = narrow_range_of_bytes(plan->numbers.rounded);
  const narrow_range range = narrow_range_of_bytes(plan->numbers.output);
  narrow_job job = {.sums_stride = count * BLOCK, .rounded = plan->numbers.rounded.type ? &rounded : NULL,
                    .residual_numbers = plan->numbers.residual, .range = &range,
                    .is_given = narrow->range == RANGE_GIVEN};
  tile_job *tile = &job.tile;
  tile->kernels = plan->kernels;
  tile->step_stride = (in.inputs.end - in.inputs.first) * plan->unit;
  tile->taps = plan->taps;
  tile->is_flat = plan->is_flat;
  tile->length = narrow->words;
  const int64_t last_words = (last_channels(plan) + narrow->table->factors - 1) / narrow->table->factors;
  tile->tap_offset = plan->tap_offset;
  tile->epilogue = plan->epilogue;
  const window_task windows = windows_of(plan, buffers, image, pixel_range, own + sums_count(plan));
  if (has_windows(plan) && !transforms_first(plan)) {
    conv_transform_input(plan, &windows, in.words, in.inputs.first, tile->step_stride);
  }
  for (int64_t set = plan->sets * set_range / plan->set_ranges;
       set < plan->sets * (set_range + 1) / plan->set_ranges; set++) {
    int64_t block;
    tile->blocks = (int32_t)conv_set(plan, set, &block);
    tile->bias = conv_channel_vector(plan, buffers->packed, BIAS, group, block);
    if (narrow->table->is_integer) {
      job.channel_scale = conv_channel_vector(plan, buffers->packed, SCALE, group, block);
      job.channel_sum = conv_channel_vector(plan, buffers->packed, TOTAL, group, block);
    }
    const float *weights = buffers->packed + (group * plan->out_blocks + block) * per_block;
    const int64_t written = min64(tile->blocks * BLOCK, conv_channels(plan, group) - block * BLOCK);
    for (int64_t step = 0; step < plan->steps; step += plan->chunk) {
      tile->steps = min64(plan->chunk, plan->steps - step);
      tile->first = step == 0;
      tile->last = step + tile->steps == plan->steps;
      tile->tail = tile->last ? last_words : narrow->words;
      tile->weights = weights + step * plan->taps * narrow->words * BLOCK * tile->blocks;
      const int64_t chunk_count = tile->steps * plan->taps * narrow->words * BLOCK * tile->blocks;
      tile->input = in.words + step * tile->step_stride;
      if (has_windows(plan)) {
        conv_sum_windows(plan, &windows, job, weights, own);
        /* What is left to do is what follows the sums. */
        tile->first = tile->steps = 0;
      }
      job.sums = own;
      cursor at_pixel = place_cursor(plan, outputs.first);
      for (int64_t i = 0; i < tiles; i++) {
        const int64_t from = outputs.first + count * i / tiles, to = outputs.first + count * (i + 1) / tiles;
        place_tile(plan, tile, &at_pixel, to - from);
        fetch_part(tile, tile->weights + chunk_count, chunk_count * (int64_t)sizeof(float), i, tiles);
        job.has_zeros = 0;
        for (int64_t p = 0; p < to - from; p++) {
          tile->base[p] -= in.inputs.first * plan->unit;
          const narrow_range *range = in.ranges + (narrow->range == RANGE_OF_PIXEL ? from + p - in.inputs.first : 0);
          job.scale[p] = range->scale;
          job.zero[p] = range->zero;
          job.has_zeros |= has_totals && range->zero;
        }
        const int64_t at = ((image * plan->out_blocks + block) * plan->out_plane + from) * BLOCK;
        finished_tile(plan, buffers, &job, at, stage);
        job.sums += (to - from) * BLOCK;
        if (tile->last) clear_lanes(plan, buffers, at, to - from, written);
      }
    }
  }
}

/* Finding ranges, rounding, transforming, multiplying; the first three as the plan needs them. */
static int finds_bounds(const conv_plan *plan) { return plan->narrow.range == RANGE_OF_IMAGE; }

static int32_t phases(const conv_plan *plan) {
  return finds_bounds(plan) + !plan->narrow.is_joint + transforms_first(plan) + 1;
}

static int64_t tasks(const conv_plan *plan, int32_t phase) {
  if (plan->out_plane == 0) return 0;
  if (phase + 1 < phases(plan)) return images(plan) * plan->narrow.parts;
  return images(plan) * plan->pixel_ranges * plan->set_ranges;
}

static void run(const conv_plan *plan, const conv_buffers *buffers, int32_t phase, int64_t task, int64_t worker) {
  if (phase + 1 == phases(plan)) return multiply(plan, buffers, task, worker);
  if (phase == 0 && finds_bounds(plan)) return find_bounds(plan, buffers, task);
  if (phase + 2 == phases(plan) && transforms_first(plan)) return transform_part(plan, buffers, task);
  round_part(plan, buffers, task);
}

const conv_family conv_narrow = {plan_narrow, pack, workspace_count, phases, tasks, run};
