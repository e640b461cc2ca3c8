/*
 * Loaded before all else (LD_PRELOAD) it tells ThreadSanitizer what Swift's Mutex orders: the standard library, which is
 * not built with it, takes and leaves a mutex that several threads want. What only one wants is inlined and seen anyway.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

/* _MutexHandle._lockSlow(UInt32) and _unlockSlow(). */
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

/* Absent in programs without ThreadSanitizer. */
extern void __tsan_acquire(void *) __attribute__((weak));
extern void __tsan_release(void *) __attribute__((weak));

SWIFT void lock_slow(uint32_t thread, SELF void *mutex) __asm__(LOCK);
SWIFT void unlock_slow(SELF void *mutex) __asm__(UNLOCK);

SWIFT void lock_slow(uint32_t thread, SELF void *mutex) {
  ((__typeof__(&lock_slow))dlsym(RTLD_NEXT, LOCK))(thread, mutex);
  if (__tsan_acquire) __tsan_acquire(mutex);
}

SWIFT void unlock_slow(SELF void *mutex) {
  if (__tsan_release) __tsan_release(mutex);
  ((__typeof__(&unlock_slow))dlsym(RTLD_NEXT, UNLOCK))(mutex);
}
