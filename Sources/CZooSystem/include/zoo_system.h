/*
 * What Swift can't reach by itself: cpuid, the pause hint, futexes, CPU affinity and fork handlers. Signals are in crash.h.
 */
#ifndef ZOO_SYSTEM_H
#define ZOO_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the CPU and the operating system under it can do. Numbers as in zoo_plugin.h. */
typedef struct zoo_cpu {
  int32_t isa;       /* ZOO_ISA_ */
  uint32_t features; /* ZOO_CPU_ bits */
  size_t l1_bytes, l2_bytes, l3_bytes;
} zoo_cpu;

zoo_cpu zoo_cpu_detect(void);

/* CPUs that this process may run on (its affinity mask), at least 1. */
uint32_t zoo_affinity_count(void);

/* Sleeps while `*word` is `expected`, until zoo_futex_wake; may also return for no reason. */
void zoo_futex_wait(const uint32_t *word, uint32_t expected);
void zoo_futex_wake(const uint32_t *word, uint32_t count);

/* Spins while `*word & mask` is `expected`, for at most about `nanoseconds`. Gives the last value read. */
uint32_t zoo_spin_while(const uint32_t *word, uint32_t mask, uint32_t expected, uint64_t nanoseconds);

/* How many times this process has forked away from the one that asked first: 0 there, 1 in its children, … */
uint32_t zoo_fork_generation(void);

/* Starts a detached thread that blocks all signals but those of its own faults. `name` has at most 15 bytes. False when there are no more. */
bool zoo_thread_start(const char *name, void *(*body)(void *), void *argument);

/* The shared library around the runtime; NULL where the runtime is part of the program. */
const char *zoo_own_library(void);

/* The program's path as it was executed, from the folder that the process was in then; NULL when unknown. */
const char *zoo_executed_path(void);

/* Gives the memory that this process has freed back to the system, if enough has been freed since the last time to be
   worth the search for it. */
void zoo_return_memory(void);

/* A file without a name that holds a copy of `count` bytes and that nobody can write to; -1, and errno, where there is no
   memory for it. */
int zoo_memory_file(const void *bytes, size_t count);

/* getenv, but NULL in a process that runs with more rights than its caller has. */
const char *zoo_trusted_environment(const char *name);

#endif
