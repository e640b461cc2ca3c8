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

/* Tables of plugins live as long as the process. */
const char *__lsan_default_suppressions(void) { return "leak:ZooPlugin"; }
