/*
 * What a model answers about photographs or texts, as JSON, a line each:
 *
 *   cc -o predict predict.c -lmodelzoo && ./predict resnet20-cifar10.zoo cat.jpg
 *
 * Without photographs or texts, the network itself: what it makes of ones.
 */
#include <modelzoo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed(const char *what) {
  fprintf(stderr, "%s: %s\n", what, mz_error());
  return 1;
}

static int predict(const mz_model *model, const char *input) {
  int is_text = strncmp(mz_task(model), "text", 4) == 0 || strcmp(mz_task(model), "translation") == 0;
  mz_call *call = mz_call_new(60); /* no longer than a minute */
  char *answer = NULL;
  mz_status status = is_text ? mz_predict_text(model, input, NULL, call, &answer)
                             : mz_predict_image_file(model, input, call, &answer);
  if (status == MZ_OK) puts(answer);
  mz_free_string(answer);
  mz_call_free(call);
  return status == MZ_OK ? 0 : failed(input);
}

/* Gives the first input ones, and shows the first output's shape and sum. Memory of neither is copied. */
static int run(const mz_model *model) {
  mz_value info = {.size = sizeof info};
  if (mz_input_count(model) != 1 || mz_input(model, 0, &info) != MZ_OK || info.type.code != MZ_FLOAT || info.rank < 0) {
    fputs("the network does not take one tensor of float32\n", stderr);
    return 1;
  }
  int64_t shape[8];
  size_t count = 1;
  for (int32_t axis = 0; axis < info.rank && axis < 8; axis++) {
    shape[axis] = info.shape[axis] < 0 ? 1 : info.shape[axis];
    count *= (size_t)shape[axis];
  }
  float *ones = aligned_alloc(64, (count * sizeof *ones + 127) / 64 * 64);
  if (!ones) return 1;
  for (size_t index = 0; index < count; index++) ones[index] = 1;
  mz_tensor tensor = {
      .data = ones, .device = {MZ_CPU, 0}, .rank = info.rank, .type = {MZ_FLOAT, 32, 1}, .shape = shape};
  const mz_tensor *inputs[] = {&tensor};
  mz_managed_tensor *output = NULL;
  mz_status status = mz_run(model, &info.name, inputs, 1, NULL, &output, 1, NULL);
  free(ones);
  if (status != MZ_OK) return failed("run");
  double sum = 0;
  count = 1;
  for (int32_t axis = 0; axis < output->tensor.rank; axis++) count *= (size_t)output->tensor.shape[axis];
  for (size_t index = 0; index < count; index++) sum += ((const float *)output->tensor.data)[index];
  printf("%zu numbers, sum %.3f\n", count, sum);
  output->deleter(output);
  return 0;
}

int main(int count, char **arguments) {
  if (count < 2) {
    fprintf(stderr, "usage: predict MODEL [PHOTOGRAPH or TEXT]...\n");
    return 64;
  }
  if (mz_abi_version() != MZ_ABI_VERSION) {
    fputs("libmodelzoo.so is of another version than modelzoo.h\n", stderr);
    return 1;
  }
  mz_model *model = NULL;
  mz_options options = MZ_OPTIONS;
  if (mz_open(arguments[1], &options, &model) != MZ_OK) return failed(arguments[1]);
  int status = count == 2 ? run(model) : 0;
  for (int index = 2; index < count; index++) status |= predict(model, arguments[index]);
  mz_close(model);
  return status;
}
