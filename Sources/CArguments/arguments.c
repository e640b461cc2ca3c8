#include "arguments.h"

#include <stddef.h>

static int count;
static char **arguments;

#if defined(__linux__)
#include <features.h>
#endif

#if defined(__GLIBC__) || defined(__APPLE__)
/* Those linkers give constructors what main gets. */
__attribute__((constructor)) static void keep(int argc, char **argv) {
  count = argc;
  arguments = argv;
}
#endif

int zoo_argument_count(void) { return count; }

const char *zoo_argument(int index) { return index >= 0 && index < count ? arguments[index] : NULL; }
