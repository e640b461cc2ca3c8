/*
 * A plugin to begin with: two operators of the domain example.com that use what the ABI has for fast networks.
 *
 *   ScaledDense: y = alpha (x W) + b with x of [N, K], W of [K, M] and, if it is there, b of [M], float32. It has an
 *   attribute (alpha, 1 if absent), packs W when it is created, and takes a Relu that follows onto its end.
 *
 *   Softsign: y = x / (1 + |x|), float32. It computes in whatever layout its input has, so that it costs no copies between
 *   convolutions.
 *
 * Docs/writing-plugins.md of ModelZoo goes through it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "zoo_plugin.h"

enum { FLOAT32 = 1, ATTRIBUTE_FLOAT = 1, COLUMNS = 8, CHUNK = 16384 };

static const zoo_host *host;

static zoo_status fail(zoo_status status, const char *message) {
  host->set_error(message);
  return status;
}

static int is_float(const zoo_tensor *tensor, int32_t rank) {
  return tensor->kind == ZOO_VALUE_TENSOR && tensor->type == FLOAT32 && tensor->rank == rank;
}

/* The attribute of that name; NULL where the model leaves it out. */
static const zoo_attribute *find(const zoo_node *node, const char *name) {
  for (size_t i = 0; i < node->attribute_count; i++) {
    if (strcmp(node->attributes[i]->name, name) == 0) return node->attributes[i];
  }
  return NULL;
}

/* MARK: ScaledDense */

/* What a kernel keeps: W in panels of COLUMNS columns, one after the other, each row by row, and filled up with zeros. */
typedef struct dense {
  size_t depth, columns, panels;
  float alpha;
  int relu;
  float *bias; /* `panels` times COLUMNS, zeros where there is none */
  float *packed;
} dense;

/* Shapes come from files of strangers: check before you read, and never multiply what may overflow. */
static zoo_status check_dense(const zoo_node *node) {
  if (node->own_input_count < 2 || node->own_input_count > 3 || node->output_count != 1) {
    return fail(ZOO_INVALID, "ScaledDense has two or three inputs and one output");
  }
  const zoo_tensor *x = node->inputs[0], *w = node->inputs[1];
  if (!is_float(x, 2) || !is_float(w, 2)) return fail(ZOO_INVALID, "x and W are matrices of float32");
  if (x->shape[1] != w->shape[0]) return fail(ZOO_INVALID, "x has other columns than W has rows");
  if (node->own_input_count == 3 && node->inputs[2]->type != 0) {
    const zoo_tensor *b = node->inputs[2];
    if (!is_float(b, 1) || b->shape[0] != w->shape[1]) return fail(ZOO_INVALID, "b has a number for each column of W");
  }
  const zoo_attribute *alpha = find(node, "alpha");
  if (alpha && alpha->kind != ATTRIBUTE_FLOAT) return fail(ZOO_INVALID, "alpha is a number");
  return ZOO_OK;
}

static zoo_status infer_dense(void *context, const zoo_node *node, zoo_tensor *const *outputs) {
  (void)context;
  zoo_status status = check_dense(node);
  if (status != ZOO_OK) return status;
  int64_t *shape = (int64_t *)outputs[0]->shape;
  outputs[0]->type = FLOAT32;
  outputs[0]->rank = 2;
  shape[0] = node->inputs[0]->shape[0];
  shape[1] = node->inputs[1]->shape[1];
  return ZOO_OK;
}

/* A Relu on the result, and nothing after it. The host asks before it folds one onto the node. */
static int32_t accepts_dense(void *context, const zoo_node *node, const zoo_step *step) {
  (void)context;
  return node->epilogue_count == 0 && strcmp(step->op_type, "Relu") == 0;
}

static void destroy_dense(void *state) {
  dense *made = state;
  if (made->packed) host->release(made->packed);
  if (made->bias) host->release(made->bias);
  free(made);
}

typedef struct dense_job {
  const dense *kernel;
  const float *x;
  float *y;
  size_t rows;
} dense_job;

/* One panel of columns, of all rows. */
static void dense_task(void *argument, size_t panel, uint32_t worker) {
  (void)worker;
  const dense_job *job = argument;
  const dense *kernel = job->kernel;
  const float *w = kernel->packed + panel * kernel->depth * COLUMNS, *bias = kernel->bias + panel * COLUMNS;
  size_t first = panel * COLUMNS, left = kernel->columns - first, count = left < COLUMNS ? left : COLUMNS;
  for (size_t row = 0; row < job->rows; row++) {
    const float *x = job->x + row * kernel->depth;
    float sums[COLUMNS] = {0};
    for (size_t k = 0; k < kernel->depth; k++) {
      for (size_t j = 0; j < COLUMNS; j++) sums[j] += x[k] * w[k * COLUMNS + j];
    }
    for (size_t j = 0; j < count; j++) {
      float y = kernel->alpha * sums[j] + bias[j];
      job->y[row * kernel->columns + first + j] = kernel->relu && y < 0 ? 0 : y;
    }
  }
}

static zoo_status run_dense(void *state, const zoo_call *call) {
  const dense *kernel = state;
  if (!call->outputs[0]->data) return ZOO_OK; /* nobody reads it */
  dense_job job = {kernel, call->inputs[0]->data, call->outputs[0]->data, (size_t)call->inputs[0]->shape[0]};
  call->executor->parallel_for(call->executor, kernel->panels, dense_task, &job);
  return ZOO_OK;
}

static zoo_status pack_dense(dense *made, const float *w, const float *bias) {
  made->packed = host->allocate(made->panels * made->depth * COLUMNS * sizeof(float));
  made->bias = host->allocate(made->panels * COLUMNS * sizeof(float));
  if (!made->packed || !made->bias) return fail(ZOO_NO_MEMORY, "no memory for the packed weights");
  memset(made->packed, 0, made->panels * made->depth * COLUMNS * sizeof(float));
  memset(made->bias, 0, made->panels * COLUMNS * sizeof(float));
  for (size_t column = 0; column < made->columns; column++) {
    float *panel = made->packed + column / COLUMNS * made->depth * COLUMNS + column % COLUMNS;
    for (size_t k = 0; k < made->depth; k++) panel[k * COLUMNS] = w[k * made->columns + column];
  }
  if (bias) memcpy(made->bias, bias, made->columns * sizeof(float));
  return ZOO_OK;
}

static zoo_status create_dense(void *context, const zoo_node *node, const zoo_executor *executor, zoo_kernel *kernel) {
  (void)context, (void)executor;
  zoo_status status = check_dense(node);
  if (status != ZOO_OK) return status;
  const zoo_tensor *w = node->inputs[1], *b = node->own_input_count == 3 ? node->inputs[2] : NULL;
  if (b && b->type == 0) b = NULL;
  /* `data` is there for constants alone. One that did not pack would read them in run_dense. */
  if (!w->data || (b && !b->data)) return fail(ZOO_UNSUPPORTED, "W and b are constants");
  dense *made = calloc(1, sizeof *made);
  if (!made) return fail(ZOO_NO_MEMORY, "no memory for a kernel");
  const zoo_attribute *alpha = find(node, "alpha");
  made->alpha = alpha ? alpha->float_value : 1;
  made->relu = node->epilogue_count == 1;
  made->depth = (size_t)w->shape[0];
  made->columns = (size_t)w->shape[1];
  made->panels = (made->columns + COLUMNS - 1) / COLUMNS;
  status = pack_dense(made, w->data, b ? b->data : NULL);
  if (status != ZOO_OK) {
    destroy_dense(made);
    return status;
  }
  /* The host may drop them: they are in the kernel now. */
  kernel->consumed_inputs[1] = 1;
  if (b) kernel->consumed_inputs[2] = 1;
  kernel->state = made;
  kernel->run = run_dense;
  kernel->destroy = destroy_dense;
  kernel->description = "panels of 8 columns";
  return ZOO_OK;
}

/* MARK: Softsign */

static zoo_status infer_softsign(void *context, const zoo_node *node, zoo_tensor *const *outputs) {
  (void)context;
  if (node->own_input_count != 1 || node->output_count != 1 || node->inputs[0]->type != FLOAT32) {
    return fail(ZOO_INVALID, "Softsign has one input of float32 and one output");
  }
  const zoo_tensor *x = node->inputs[0];
  outputs[0]->type = FLOAT32;
  outputs[0]->rank = x->rank;
  if (x->rank > 0) memcpy((int64_t *)outputs[0]->shape, x->shape, (size_t)x->rank * sizeof(int64_t));
  return ZOO_OK;
}

/* Element by element, so as the input lies. In NCHW16C the lanes past the channels hold zeros, and 0 gives 0. */
static zoo_status layouts_softsign(void *context, const zoo_node *node, int32_t *inputs, int32_t *outputs) {
  (void)context;
  int32_t layout = node->inputs[0]->layout;
  if (layout != ZOO_LAYOUT_NCHW16C) layout = ZOO_LAYOUT_PLAIN;
  inputs[0] = outputs[0] = layout;
  return ZOO_OK;
}

typedef struct softsign_job {
  const float *x;
  float *y;
  size_t count;
} softsign_job;

static void softsign_task(void *argument, size_t index, uint32_t worker) {
  (void)worker;
  const softsign_job *job = argument;
  size_t start = index * CHUNK, left = job->count - start, end = start + (left < CHUNK ? left : CHUNK);
  for (size_t i = start; i < end; i++) job->y[i] = job->x[i] / (1 + fabsf(job->x[i]));
}

static zoo_status run_softsign(void *state, const zoo_call *call) {
  (void)state;
  if (!call->outputs[0]->data) return ZOO_OK;
  /* byte_count holds the padding of the layout. */
  softsign_job job = {call->inputs[0]->data, call->outputs[0]->data, call->inputs[0]->byte_count / sizeof(float)};
  call->executor->parallel_for(call->executor, (job.count + CHUNK - 1) / CHUNK, softsign_task, &job);
  return ZOO_OK;
}

static void destroy_softsign(void *state) { (void)state; }

static zoo_status create_softsign(
    void *context, const zoo_node *node, const zoo_executor *executor, zoo_kernel *kernel) {
  (void)context, (void)node, (void)executor;
  kernel->in_place_inputs[0] = 1;
  kernel->run = run_softsign;
  kernel->destroy = destroy_softsign;
  return ZOO_OK;
}

/* MARK: The plugin */

static const zoo_operator dense_operator = {
    .size = sizeof(zoo_operator),
    .domain = "example.com",
    .op_type = "ScaledDense",
    .since_version = 1,
    .create = create_dense,
    .infer = infer_dense,
    .accepts = accepts_dense,
};
static const zoo_operator softsign_operator = {
    .size = sizeof(zoo_operator),
    .domain = "example.com",
    .op_type = "Softsign",
    .since_version = 1,
    .create = create_softsign,
    .infer = infer_softsign,
    .choose_layouts = layouts_softsign,
};
static const zoo_operator *const operators[] = {&dense_operator, &softsign_operator};
static const zoo_plugin plugin = {
    .size = sizeof(zoo_plugin),
    .abi_version = ZOO_PLUGIN_ABI_VERSION,
    .name = "template",
    .version = "1.0.0",
    .operators = operators,
    .operator_count = sizeof operators / sizeof *operators,
};

/* All else is hidden, so that names don't meet those of other libraries. */
__attribute__((visibility("default"))) const zoo_plugin *zoo_plugin_entry(
    uint32_t host_abi_version, const zoo_host *offered) {
  host = offered;
  if (host_abi_version != ZOO_PLUGIN_ABI_VERSION) {
    host->set_error("built for another version of the ABI");
    return NULL;
  }
  return &plugin;
}
