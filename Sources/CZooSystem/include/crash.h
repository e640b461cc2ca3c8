/*
 * What each thread is doing for a plugin, so that a crash can be told.
 */
#ifndef ZOO_CRASH_H
#define ZOO_CRASH_H

/* The words for what this thread is doing; NULL for nothing. They outlive it. */
extern _Thread_local const char *zoo_thread_doing;

static inline const char *zoo_doing(void) { return zoo_thread_doing; }
static inline void zoo_set_doing(const char *words) { zoo_thread_doing = words; }

/* From now on a signal that ends the process for a fault of its own (SIGSEGV, SIGILL, …) first has these words written to
   standard error. For programs: a library leaves the signals to whoever uses it. */
void zoo_report_crashes(void);

#endif
