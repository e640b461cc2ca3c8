#define _GNU_SOURCE
#include "file_faults.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif

/* The handler walks through all of them at any time: blocks are never freed, and a free entry starts at 0. */
struct zoo_watched {
  _Atomic uintptr_t start, end;
  atomic_bool faulted;
};

struct block {
  struct block *next;
  struct zoo_watched mappings[128];
};

static struct block first;
static struct block *_Atomic blocks = &first;
static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction before;
static uintptr_t page;

/* Whether the address lies in a watched mapping, which is zeros from there on. Only system calls. */
static bool absorbed(uintptr_t address) {
  for (struct block *block = atomic_load(&blocks); block; block = block->next) {
    for (size_t index = 0; index < sizeof block->mappings / sizeof *block->mappings; index++) {
      struct zoo_watched *mapping = &block->mappings[index];
      uintptr_t start = atomic_load(&mapping->start), end = atomic_load(&mapping->end);
      if (start == 0 || address < start || address >= end) continue;
      uintptr_t fault = address & ~(page - 1);
      void *zeros =
          mmap((void *)fault, end - fault, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
      if (zeros == MAP_FAILED) return false;
      atomic_store(&mapping->faulted, true);
      return true;
    }
  }
  return false;
}

static void handle(int number, siginfo_t *info, void *context) {
  int error = errno;
  /* Positive codes are the system's own; others come from kill and have no address. */
  bool is_done = info->si_code > 0 && absorbed((uintptr_t)info->si_addr);
  errno = error;
  if (is_done) return;
  if (before.sa_flags & SA_SIGINFO) {
    before.sa_sigaction(number, info, context);
  } else if (before.sa_handler == SIG_DFL || (before.sa_handler == SIG_IGN && info->si_code > 0)) {
    struct sigaction otherwise = {.sa_handler = SIG_DFL};
    sigaction(number, &otherwise, NULL);
    raise(number);
  } else if (before.sa_handler != SIG_IGN) {
    before.sa_handler(number);
  }
}

static void install(void) {
  page = (uintptr_t)sysconf(_SC_PAGESIZE);
  struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &before);
}

static struct zoo_watched *unused(void) {
  for (struct block *block = atomic_load(&blocks); block; block = block->next) {
    for (size_t index = 0; index < sizeof block->mappings / sizeof *block->mappings; index++) {
      if (atomic_load(&block->mappings[index].start) == 0) return &block->mappings[index];
    }
  }
  struct block *more = calloc(1, sizeof *more);
  if (!more) return NULL;
  more->next = atomic_load(&blocks);
  atomic_store(&blocks, more);
  return &more->mappings[0];
}

zoo_watched *zoo_watch_mapping(void *start, size_t count) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, install);
  pthread_mutex_lock(&changing);
  struct zoo_watched *mapping = unused();
  if (mapping) {
    atomic_store(&mapping->faulted, false);
    atomic_store(&mapping->end, (uintptr_t)start + count);
    atomic_store(&mapping->start, (uintptr_t)start);
  }
  pthread_mutex_unlock(&changing);
  return mapping;
}

bool zoo_mapping_has_faulted(const zoo_watched *mapping) { return atomic_load(&mapping->faulted); }

void zoo_forget_mapping(zoo_watched *mapping) { atomic_store(&mapping->start, 0); }
