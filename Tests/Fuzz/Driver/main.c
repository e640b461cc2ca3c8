// libFuzzer brings main.

#include <stddef.h>
#include <stdint.h>

void zoo_fuzz_start(void);
void zoo_fuzz(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  zoo_fuzz_start();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  zoo_fuzz(data, size);
  return 0;
}
