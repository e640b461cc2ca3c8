#include <stdatomic.h>
#include <stdlib.h>

#include "zoo_system.h"

#if defined(__GLIBC__)
#if __GLIBC_PREREQ(2, 33)
#define HAS_TRIM 1
#endif
#endif

#ifdef HAS_TRIM
#include <malloc.h>

/* Small allocations that are freed stay with malloc, which returns only what lies at a heap's end. */
void zoo_return_memory(void) {
  enum { worthwhile = 8 << 20 };
  /* Free bytes after the last time. Those in the middle of a heap count as free although the system has them. */
  static _Atomic size_t known;
  size_t before = atomic_load_explicit(&known, memory_order_relaxed);
  size_t available = mallinfo2().fordblks;
  if (available < before) {
    atomic_store_explicit(&known, available, memory_order_relaxed);
  } else if (available - before >= worthwhile) {
    malloc_trim(0);
    atomic_store_explicit(&known, mallinfo2().fordblks, memory_order_relaxed);
  }
}
#else
void zoo_return_memory(void) {}
#endif
