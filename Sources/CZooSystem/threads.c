#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "zoo_system.h"

void zoo_futex_wait(const uint32_t *word, uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

void zoo_futex_wake(const uint32_t *word, uint32_t count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

static void pause_hint(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint32_t zoo_spin_while(const uint32_t *word, uint32_t mask, uint32_t expected, uint64_t nanoseconds) {
  /* The clock is read first after 64 looks, since what one waits for mostly comes at once. */
  uint64_t end = 0;
  for (;;) {
    for (int look = 0; look < 64; look++) {
      uint32_t value = __atomic_load_n(word, __ATOMIC_ACQUIRE);
      if ((value & mask) != expected) return value;
      pause_hint();
    }
    uint64_t time = now();
    if (end == 0) end = time + nanoseconds;
    if (time >= end) return __atomic_load_n(word, __ATOMIC_ACQUIRE);
  }
}

static uint32_t fork_generation;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void after_fork(void) { __atomic_add_fetch(&fork_generation, 1, __ATOMIC_RELAXED); }
static void watch_forks(void) { pthread_atfork(NULL, NULL, after_fork); }

uint32_t zoo_fork_generation(void) {
  pthread_once(&fork_once, watch_forks);
  return __atomic_load_n(&fork_generation, __ATOMIC_RELAXED);
}

bool zoo_thread_start(const char *name, void *(*body)(void *), void *argument) {
  /* A thread inherits the mask of the one that starts it. */
  sigset_t all, before;
  sigfillset(&all);
  /* What a thread does itself would end the process if it were blocked, whoever handles it. */
  const int own[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
  for (size_t index = 0; index < sizeof own / sizeof *own; index++) sigdelset(&all, own[index]);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  bool started = pthread_create(&thread, NULL, body, argument) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!started) return false;
  pthread_setname_np(thread, name);
  pthread_detach(thread);
  return true;
}
