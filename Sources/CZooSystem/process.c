#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <sys/auxv.h>

#include "zoo_system.h"

const char *zoo_own_library(void) {
  Dl_info info;
  struct link_map *map = NULL;
  if (!dladdr1((void *)zoo_own_library, &info, (void **)&map, RTLD_DL_LINKMAP)) return NULL;
  /* The program itself has no name there, and dli_fname is what its caller called it. */
  return map && map->l_name[0] ? info.dli_fname : NULL;
}

const char *zoo_executed_path(void) { return (const char *)getauxval(AT_EXECFN); }

const char *zoo_trusted_environment(const char *name) { return secure_getenv(name); }
