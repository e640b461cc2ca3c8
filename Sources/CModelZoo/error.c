#include "modelzoo.h"
#include "mz_state.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_key(void) { pthread_key_create(&key, free); }

/* Not _Thread_local: what a thread leaves is freed when it ends. */
void mz_set_error(const char *message) {
  pthread_once(&once, make_key);
  free(pthread_getspecific(key));
  pthread_setspecific(key, strdup(message));
}

const char *mz_error(void) {
  pthread_once(&once, make_key);
  const char *message = pthread_getspecific(key);
  return message ? message : "";
}
