/*
 * ModelZoo for C, C++, and whatever calls C: neural networks on a CPU (libmodelzoo.so).
 *
 *   mz_model *model = NULL;
 *   char *answer = NULL;
 *   if (mz_open("resnet20-cifar10.zoo", NULL, &model) == MZ_OK &&
 *       mz_predict_image_file(model, "cat.jpg", NULL, &answer) == MZ_OK)
 *     puts(answer);
 *   else
 *     fputs(mz_error(), stderr);
 *   mz_free_string(answer);
 *   mz_close(model);
 *
 * Errors. What can fail gives an mz_status; mz_error() says what was wrong, where, and what to do. NULL where something is
 * needed, tensors of wrong types and shapes, texts that are not UTF-8 and indices out of range are errors. What is given
 * out through a pointer is NULL or zero after an error. Pointers that lead nowhere can't be found out.
 *
 * Threads. Any thread may call any function. One model may be used by any number of threads at once, and one mz_call by any
 * number of calls; whoever closes or frees one sees to it that nobody uses it any more. mz_error() is each thread's own.
 * Calls return when they are done; they use further threads by themselves (mz_options.threads), which block all signals.
 * In a child after fork() that does not exec, open models anew.
 *
 * Stability. MZ_ABI_VERSION grows when programs have to be compiled anew; the library's soname has the same number. Structs
 * that begin with `size` may grow at their end: set it to the size that you were compiled with, as MZ_OPTIONS does.
 */
#ifndef MODELZOO_H
#define MODELZOO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MZ_ABI_VERSION 1

/* MZ_ABI_VERSION of the library that is loaded. Functions may be added without another number. */
uint32_t mz_abi_version(void);
/* The software's version, such as "0.2.0". */
const char *mz_version(void);

/* ---- Errors ---- */

typedef int32_t mz_status;
enum {
  MZ_OK = 0,
  MZ_USAGE = 1,            /* a call that makes no sense: NULL, an index out of range, an input of another kind */
  MZ_BAD_DATA = 2,         /* a file that is damaged or of the wrong format */
  MZ_NOT_FOUND = 3,        /* a file, a model's name or a plugin that is not there */
  MZ_UNSUPPORTED = 4,      /* something valid that this software does not do */
  MZ_MISSING_OPERATOR = 5, /* no loaded plugin has an operator that the model needs */
  MZ_BAD_INPUT = 6,        /* an input is missing, unknown, given twice, or of the wrong type */
  MZ_BAD_SHAPE = 7,        /* an input has a shape that the network does not take */
  MZ_OUT_OF_MEMORY = 8,    /* more than mz_options.memory_limit, or than there is */
  MZ_CANCELLED = 9,        /* mz_call_cancel */
  MZ_DEADLINE = 10,        /* the deadline of the mz_call has passed */
  MZ_DEFECT = 11           /* a defect of this software */
};

/* What went wrong in the last call of this thread that failed; "" where none did. Valid until this thread's next one fails. */
const char *mz_error(void);

/* ---- Models ---- */

typedef struct mz_model mz_model;

enum { MZ_FLOAT32 = 0, MZ_BFLOAT16 = 1, MZ_INT8 = 2, MZ_EXACT = 3 };

/* How a model is made ready; zeros stand for what is usual. */
typedef struct mz_options {
  size_t size;             /* sizeof(mz_options) */
  uint64_t memory_limit;   /* bytes that a run may take for what the network computes; 0 for what the machine has */
  uint32_t threads;        /* that one call may use; 0 for all processors */
  int32_t precision;       /* how exactly products are computed: MZ_FLOAT32, MZ_BFLOAT16 or MZ_INT8;
                              MZ_EXACT: as MZ_FLOAT32, also by weights in blocks */
  const float *score_threshold; /* the least score of objects that are found; NULL for the model's own */
} mz_options;
#define MZ_OPTIONS {sizeof(mz_options), 0, 0, MZ_FLOAT32, NULL}

/* Opens the model in the file `path` (.zoo, .onnx, .tflite, …), or that goes by this name in the folders of ZOO_PATH and
   among the user's own. `options` may be NULL. */
mz_status mz_open(const char *path, const mz_options *options, mz_model **model);
/* As mz_open, from the contents of a file, which are copied. `name` is what errors call it; it may be NULL. */
mz_status mz_open_memory(const void *bytes, size_t count, const char *name, const mz_options *options, mz_model **model);
/* `model` may be NULL. */
void mz_close(mz_model *model);

/* Does ahead what the first prediction would do besides. */
mz_status mz_warm_up(const mz_model *model);

/* Of the model, as long as it is open; NULL for no model. What it answers: "imageClassification", "objectDetection",
   "textEmbedding", "translation", "textGeneration", "textClassification", "tokenClassification", "textRanking" or "none"; and
   what it is called. */
const char *mz_task(const mz_model *model);
const char *mz_name(const mz_model *model);

/* The names of classes; NULL beyond the last. */
size_t mz_label_count(const mz_model *model);
const char *mz_label(const mz_model *model, size_t index);

/* ---- Tensors, laid out as DLPack has them (DLTensor, DLManagedTensor), so that pointers may be cast ---- */

enum { MZ_CPU = 1 };
/* Of elements; DLPack's other codes are taken where the model's types have them. */
enum { MZ_INT = 0, MZ_UINT = 1, MZ_FLOAT = 2, MZ_BFLOAT = 4, MZ_COMPLEX = 5, MZ_BOOL = 6 };

typedef struct mz_device {
  int32_t type; /* MZ_CPU */
  int32_t id;
} mz_device;

typedef struct mz_type {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes; /* 1 */
} mz_type;

typedef struct mz_tensor {
  void *data;
  mz_device device;
  int32_t rank;
  mz_type type;
  int64_t *shape;   /* `rank` extents, outermost first; may be NULL for rank 0 */
  int64_t *strides; /* in elements, which have to lie in row-major order without gaps; may be NULL */
  uint64_t byte_offset;
} mz_tensor;

typedef struct mz_managed_tensor {
  mz_tensor tensor;
  void *context;
  void (*deleter)(struct mz_managed_tensor *self); /* call it once, with the tensor, when it is not needed any more */
} mz_managed_tensor;

/* What a model takes or gives, valid as long as it is open. */
typedef struct mz_value {
  size_t size; /* sizeof(mz_value), set by the caller */
  const char *name;
  mz_type type;          /* lanes 0 for strings, and for what is no tensor */
  int32_t rank;          /* -1 where it is open */
  const int64_t *shape;  /* -1 for an extent that is open */
  const char *const *symbols; /* names of extents that are open; NULL for each that has none */
} mz_value;

size_t mz_input_count(const mz_model *model);
size_t mz_output_count(const mz_model *model);
mz_status mz_input(const mz_model *model, size_t index, mz_value *value);
mz_status mz_output(const mz_model *model, size_t index, mz_value *value);

/* ---- Calls that can be ended ---- */

/* Ends the calls that it is given to, between two steps of the network. */
typedef struct mz_call mz_call;

/* `seconds` from now is the deadline; 0 or less for none. NULL without memory. */
mz_call *mz_call_new(double seconds);
/* From any thread. The call ends with MZ_CANCELLED, also one that begins later. */
void mz_call_cancel(mz_call *call);
void mz_call_free(mz_call *call);

/* ---- Tensors in, tensors out ---- */

/*
 * Computes outputs from inputs. `inputs` are as many as `input_names`; `output_names` may be NULL for the model's first
 * `output_count` outputs in order. Each of `outputs` becomes a tensor whose memory is its own, to be freed by its deleter,
 * whatever happens to the model. `call` may be NULL.
 *
 * Inputs are only read, and only until the call returns. Where their data begin at a multiple of 64 bytes they are not
 * copied, unless an operator writes into them or they end at the very end of a page. Outputs are never copied.
 */
mz_status mz_run(const mz_model *model, const char *const *input_names, const mz_tensor *const *inputs, size_t input_count,
                 const char *const *output_names, mz_managed_tensor **outputs, size_t output_count, mz_call *call);

/* ---- Predictions ---- */

/*
 * The model's answer as JSON in `json`, which mz_free_string frees: an object with one key that tells what it is,
 *   {"classes": [{"index": 3, "label": "cat", "probability": 0.98}, …]}, the most probable first,
 *   {"detections": [{"label": "cell", "score": 0.9, "box": {"left": 1, "top": 2, "right": 3, "bottom": 4}}, …]},
 *   {"entities": [{"label": "PER", "score": 0.9, "text": "Ada", "start": 0, "end": 3}, …]},
 *   {"text": "…"} or {"embedding": [0.1, …]}.
 * Further keys may come. `call` may be NULL.
 */
mz_status mz_predict_image_file(const mz_model *model, const char *path, mz_call *call, char **json);
/* As mz_predict_image_file, from the contents of a JPEG, PNG, WebP, GIF, BMP or TIFF file. */
mz_status mz_predict_image(const mz_model *model, const void *bytes, size_t count, mz_call *call, char **json);

enum { MZ_RGB = 0, MZ_BGR = 1, MZ_RGBA = 2, MZ_BGRA = 3, MZ_ARGB = 4, MZ_GRAY = 5 };

/* A picture of 8 bits a channel in memory, from the top. */
typedef struct mz_pixels {
  size_t size; /* sizeof(mz_pixels) */
  const void *data;
  size_t count; /* bytes of all rows; the last may end with its last pixel */
  size_t width, height;
  size_t row_stride; /* bytes from row to row; 0 where they follow each other */
  int32_t format;    /* MZ_RGB, … */
} mz_pixels;

mz_status mz_predict_pixels(const mz_model *model, const mz_pixels *pixels, mz_call *call, char **json);

/* How text is generated; zeros stand for the model's own settings. */
typedef struct mz_generation {
  size_t size; /* sizeof(mz_generation) */
  uint32_t beams;
  uint32_t maximum_tokens;
  float temperature;
  uint32_t top_k;
  float top_p;
  uint64_t seed;
} mz_generation;
#define MZ_GENERATION {sizeof(mz_generation), 0, 0, 0, 0, 0, 0}

/* `text` is UTF-8; `options`, for models that generate text, may be NULL. */
mz_status mz_predict_text(
    const mz_model *model, const char *text, const mz_generation *options, mz_call *call, char **json);

/* Is given what is new of a text, in UTF-8, ended by a zero that `count` does not count; false ends it. */
typedef bool (*mz_piece)(void *context, const char *piece, size_t count);

/* Generates text, piece by piece, and calls `piece` on this thread. MZ_OK also where `piece` ended it. A translator gives
   pieces early with options->beams = 1. */
mz_status mz_stream(
    const mz_model *model, const char *text, const mz_generation *options, mz_call *call, mz_piece piece, void *context);

void mz_free_string(char *string);

#ifdef __cplusplus
}
#endif
#endif
