#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "zoo_system.h"

int zoo_memory_file(const void *bytes, size_t count) {
  int file = memfd_create("zoo", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0) return -1;
  const char *next = bytes;
  while (count > 0) {
    ssize_t written = write(file, next, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      int reason = written < 0 ? errno : ENOSPC;
      close(file);
      errno = reason;
      return -1;
    }
    next += written;
    count -= (size_t)written;
  }
  /* Where the system can't, the file is nobody else's all the same. */
  fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  return file;
}
