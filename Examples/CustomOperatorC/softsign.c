/*
 * A plugin in C with one operator, Softsign of the domain example.com: y = x / (1 + |x|), elementwise on float32.
 * It needs nothing of ModelZoo but zoo_plugin.h.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "zoo_plugin.h"

enum { FLOAT32 = 1, CHUNK = 16384 };

static const zoo_host *host;

static zoo_status fail(zoo_status status, const char *message) {
  host->set_error(message);
  return status;
}

static zoo_status infer(void *context, const zoo_node *node, zoo_tensor *const *outputs) {
  (void)context;
  if (node->own_input_count != 1 || node->output_count != 1) {
    return fail(ZOO_INVALID, "Softsign has one input and one output");
  }
  const zoo_tensor *input = node->inputs[0];
  if (input->type != FLOAT32) return fail(ZOO_UNSUPPORTED, "Softsign takes float32 only");
  outputs[0]->type = FLOAT32;
  outputs[0]->rank = input->rank;
  if (input->rank > 0) memcpy((int64_t *)outputs[0]->shape, input->shape, (size_t)input->rank * sizeof(int64_t));
  return ZOO_OK;
}

/* What the tasks of one run share. */
struct job {
  const float *input;
  float *output;
  size_t count;
};

static void task(void *argument, size_t index, uint32_t worker) {
  (void)worker;
  const struct job *job = argument;
  size_t start = index * CHUNK, left = job->count - start, end = start + (left < CHUNK ? left : CHUNK);
  for (size_t i = start; i < end; i++) job->output[i] = job->input[i] / (1 + fabsf(job->input[i]));
}

static zoo_status run(void *state, const zoo_call *call) {
  (void)state;
  if (!call->outputs[0]->data) return ZOO_OK; /* nobody wants it */
  struct job job = {call->inputs[0]->data, call->outputs[0]->data, call->inputs[0]->byte_count / sizeof(float)};
  call->executor->parallel_for(call->executor, (job.count + CHUNK - 1) / CHUNK, task, &job);
  return ZOO_OK;
}

static void destroy(void *state) { (void)state; }

static zoo_status create(void *context, const zoo_node *node, const zoo_executor *executor, zoo_kernel *kernel) {
  (void)context, (void)node, (void)executor;
  kernel->in_place_inputs[0] = 1;
  kernel->run = run;
  kernel->destroy = destroy;
  return ZOO_OK;
}

static const zoo_operator softsign = {
    .size = sizeof(zoo_operator),
    .domain = "example.com",
    .op_type = "Softsign",
    .since_version = 1,
    .infer = infer,
    .create = create,
};
static const zoo_operator *const operators[] = {&softsign};
static const zoo_plugin plugin = {
    .size = sizeof(zoo_plugin),
    .abi_version = ZOO_PLUGIN_ABI_VERSION,
    .name = "softsign-c",
    .version = "1.0.0",
    .operators = operators,
    .operator_count = 1,
};

const zoo_plugin *zoo_plugin_entry(uint32_t host_abi_version, const zoo_host *offered) {
  host = offered;
  if (host_abi_version != ZOO_PLUGIN_ABI_VERSION) {
    host->set_error("softsign-c needs ABI version 2");
    return NULL;
  }
  return &plugin;
}
