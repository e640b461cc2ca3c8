/*
 * A plugin of the first release of version 2 of the ABI. Its binary, libfirst_release.so, stays as it was built then:
 *
 *   clang -O1 -shared -fPIC -s -I Sources/CZooPlugin/include -o libfirst_release.so first_release.c
 *
 * It has an operator for each thing that the ABI has: attributes, optional inputs, work that is shared out and another
 * shape for the same kernel (Mix), sequences (Parts, Total), graphs to run (Repeat), more than 64 inputs and outputs
 * (Turn).
 */
#include <string.h>

#include "zoo_plugin.h"

enum { FLOAT32 = 1, INT64 = 7 };

static const zoo_host *host;

static zoo_status fail(const char *message) {
  host->set_error(message);
  return ZOO_INVALID;
}

static const zoo_attribute *find(const zoo_node *node, const char *name) {
  for (size_t i = 0; i < node->attribute_count; i++) {
    if (strcmp(node->attributes[i]->name, name) == 0) return node->attributes[i];
  }
  return NULL;
}

static void like(const zoo_tensor *from, zoo_tensor *to) {
  to->type = from->type;
  to->rank = from->rank;
  for (int32_t i = 0; i < from->rank; i++) ((int64_t *)to->shape)[i] = from->shape[i];
}

static void destroy(void *state) { host->release(state); }

/* Mix: weight · x + (1 - weight) · y, or weight · x without y. */

struct mix {
  float weight;
  int has_other;
};

struct mix_job {
  const struct mix *mix;
  const float *x, *y;
  float *result;
};

static zoo_status mix_infer(void *context, const zoo_node *node, zoo_tensor *const *outputs) {
  (void)context;
  if (node->own_input_count < 1 || node->inputs[0]->type != FLOAT32) return fail("Mix takes float32");
  like(node->inputs[0], outputs[0]);
  return ZOO_OK;
}

static void mix_task(void *argument, size_t index, uint32_t worker) {
  (void)worker;
  const struct mix_job *job = argument;
  float rest = job->y ? (1 - job->mix->weight) * job->y[index] : 0;
  job->result[index] = job->mix->weight * job->x[index] + rest;
}

static zoo_status mix_run(void *state, const zoo_call *call) {
  struct mix *mix = state;
  if (mix->has_other != (call->input_count > 1)) return fail("Mix was made for other inputs");
  const float *other = mix->has_other ? call->inputs[1]->data : NULL;
  struct mix_job job = {mix, call->inputs[0]->data, other, call->outputs[0]->data};
  size_t count = call->outputs[0]->byte_count / sizeof(float);
  call->executor->parallel_for(call->executor, count, mix_task, &job);
  return ZOO_OK;
}

static zoo_status mix_reshape(void *state, const zoo_node *node, const zoo_executor *executor, zoo_kernel *kernel);

static zoo_status mix_create(void *context, const zoo_node *node, const zoo_executor *executor, zoo_kernel *kernel) {
  (void)context, (void)executor;
  struct mix *mix = host->allocate(sizeof *mix);
  if (!mix) return ZOO_NO_MEMORY;
  const zoo_attribute *weight = find(node, "weight");
  mix->weight = weight ? weight->float_value : 0.5f;
  mix->has_other = node->own_input_count > 1;
  kernel->state = mix;
  kernel->run = mix_run;
  kernel->destroy = destroy;
  kernel->reshape = mix_reshape;
  kernel->description = "mixed";
  kernel->in_place_inputs[0] = 1;
  for (size_t i = 0; i < node->output_count; i++) kernel->output_layouts[i] = ZOO_LAYOUT_PLAIN;
  return ZOO_OK;
}

static zoo_status mix_reshape(void *state, const zoo_node *node, const zoo_executor *executor, zoo_kernel *kernel) {
  (void)state;
  return mix_create(NULL, node, executor, kernel);
}

/* Parts: the rows of a matrix as a sequence of vectors. */

static zoo_status parts_infer(void *context, const zoo_node *node, zoo_tensor *const *outputs) {
  (void)context;
  if (node->inputs[0]->rank != 2 || node->inputs[0]->type != FLOAT32) return fail("Parts takes a float32 matrix");
  outputs[0]->kind = ZOO_VALUE_SEQUENCE;
  outputs[0]->type = FLOAT32;
  outputs[0]->rank = ZOO_RANK_UNKNOWN;
  return ZOO_OK;
}

static zoo_status parts_run(void *state, const zoo_call *call) {
  (void)state;
  const zoo_tensor *x = call->inputs[0];
  size_t bytes = (size_t)x->shape[1] * sizeof(float);
  for (int64_t row = 0; row < x->shape[0]; row++) {
    void *memory = call->append_output(call, 0, FLOAT32, x->shape + 1, 1);
    if (!memory) return ZOO_NO_MEMORY;
    memcpy(memory, (const char *)x->data + row * (int64_t)bytes, bytes);
  }
  return ZOO_OK;
}

/* Total: the sum of all numbers of a sequence, and how many tensors it has. */

static zoo_status total_infer(void *context, const zoo_node *node, zoo_tensor *const *outputs) {
  (void)context;
  if (node->inputs[0]->kind != ZOO_VALUE_SEQUENCE) return fail("Total takes a sequence");
  outputs[0]->type = FLOAT32;
  if (node->output_count > 1) outputs[1]->type = INT64;
  return ZOO_OK;
}

static zoo_status total_run(void *state, const zoo_call *call) {
  (void)state;
  const zoo_value *sequence = call->inputs[0]->value;
  float sum = 0;
  size_t count = host->value_count(sequence);
  for (size_t i = 0; i < count; i++) {
    zoo_tensor element = {.size = sizeof element};
    if (host->value_at(sequence, i, &element) != ZOO_OK) return fail("an element is missing");
    const float *numbers = element.data;
    for (size_t n = 0; n < element.byte_count / sizeof(float); n++) sum += numbers[n];
  }
  *(float *)call->outputs[0]->data = sum;
  if (call->output_count > 1 && call->outputs[1]->data) *(int64_t *)call->outputs[1]->data = (int64_t)count;
  return ZOO_OK;
}

/* Repeat: its body, run `times` times on its own result. */

struct repeat {
  const zoo_body *body;
  int64_t times;
};

static zoo_status repeat_infer(void *context, const zoo_node *node, zoo_tensor *const *outputs) {
  (void)context;
  if (!find(node, "body")) return fail("Repeat has no body");
  outputs[0]->type = node->inputs[0]->type;
  outputs[0]->rank = ZOO_RANK_UNKNOWN;
  return ZOO_OK;
}

static zoo_status repeat_run(void *state, const zoo_call *call) {
  struct repeat *repeat = state;
  const zoo_value *results = NULL;
  zoo_tensor value = {.size = sizeof value};
  for (int64_t turn = 0; turn < repeat->times; turn++) {
    const zoo_tensor *input = turn == 0 ? call->inputs[0] : &value;
    const zoo_value *next;
    zoo_status status = call->run_body(call, repeat->body, &input, 1, &next);
    if (results) host->release_value(results);
    results = next;
    if (status != ZOO_OK) return status;
    if (host->value_at(results, 0, &value) != ZOO_OK) return fail("the body gives nothing");
  }
  if (!results) return fail("Repeat runs its body at least once");
  zoo_status status = call->set_output(call, 0, results, 0);
  host->release_value(results);
  return status;
}

static zoo_status repeat_create(void *context, const zoo_node *node, const zoo_executor *executor, zoo_kernel *kernel) {
  (void)context, (void)executor;
  struct repeat *repeat = host->allocate(sizeof *repeat);
  if (!repeat) return ZOO_NO_MEMORY;
  const zoo_attribute *times = find(node, "times");
  repeat->body = find(node, "body")->body;
  repeat->times = times ? times->int_value : 1;
  kernel->state = repeat;
  kernel->run = repeat_run;
  kernel->destroy = destroy;
  return ZOO_OK;
}

/* Turn: its inputs in reverse. */

static zoo_status turn_infer(void *context, const zoo_node *node, zoo_tensor *const *outputs) {
  (void)context;
  if (node->own_input_count != node->output_count) return fail("Turn has as many outputs as inputs");
  for (size_t i = 0; i < node->output_count; i++) like(node->inputs[node->output_count - 1 - i], outputs[i]);
  return ZOO_OK;
}

static zoo_status turn_run(void *state, const zoo_call *call) {
  (void)state;
  for (size_t i = 0; i < call->output_count; i++) {
    const zoo_tensor *from = call->inputs[call->output_count - 1 - i];
    if (call->outputs[i]->data) memcpy(call->outputs[i]->data, from->data, from->byte_count);
  }
  return ZOO_OK;
}

/* `context` is the function that runs. */
static zoo_status create(void *context, const zoo_node *node, const zoo_executor *executor, zoo_kernel *kernel) {
  (void)node, (void)executor;
  kernel->run = (zoo_status(*)(void *, const zoo_call *))context;
  return ZOO_OK;
}

#define OPERATOR(NAME, CONTEXT, CREATE, INFER)                                                            \
  {.size = sizeof(zoo_operator), .domain = "first.release", .op_type = NAME, .since_version = 1, .context = CONTEXT, \
   .create = CREATE, .infer = INFER}

static const zoo_operator mix = OPERATOR("Mix", NULL, mix_create, mix_infer);
static const zoo_operator parts = OPERATOR("Parts", (void *)parts_run, create, parts_infer);
static const zoo_operator total = OPERATOR("Total", (void *)total_run, create, total_infer);
static const zoo_operator repeat = OPERATOR("Repeat", NULL, repeat_create, repeat_infer);
static const zoo_operator turn = OPERATOR("Turn", (void *)turn_run, create, turn_infer);
static const zoo_operator *const operators[] = {&mix, &parts, &total, &repeat, &turn};
static const zoo_plugin plugin = {
    .size = sizeof(zoo_plugin),
    .abi_version = ZOO_PLUGIN_ABI_VERSION,
    .name = "first release",
    .version = "2.0",
    .operators = operators,
    .operator_count = sizeof operators / sizeof *operators,
};

const zoo_plugin *zoo_plugin_entry(uint32_t host_abi_version, const zoo_host *offered) {
  host = offered;
  if (host_abi_version != ZOO_PLUGIN_ABI_VERSION) {
    host->set_error("first release needs ABI version 2");
    return NULL;
  }
  return &plugin;
}
