/* OpenBLAS, where the system has it: matrix products that have no kernel of our own. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#include "standard_kernels.h"

typedef void (*dgemm_function)(int, int, int, int, int, int, double, const double *, int, const double *, int, double,
                               double *, int);

enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111, TRANSPOSE = 112 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int tried;
static dgemm_function dgemm;

static void find(int32_t isa) {
  pthread_mutex_lock(&lock);
  if (!tried) {
    /* The library reads these when it is loaded: our pool brings the threads, and old releases do not know new
       processors. */
    setenv("OPENBLAS_NUM_THREADS", "1", 0);
    if (isa > 0) setenv("OPENBLAS_CORETYPE", isa >= 2 ? "SkylakeX" : "Haswell", 0);
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library) dgemm = (dgemm_function)dlsym(library, "cblas_dgemm");
    tried = 1;
  }
  pthread_mutex_unlock(&lock);
}

static int fits(int64_t m, int64_t n, int64_t k, int64_t lda, int64_t ldb, int64_t ldc) {
  return m <= INT32_MAX && n <= INT32_MAX && k <= INT32_MAX && lda <= INT32_MAX && ldb <= INT32_MAX && ldc <= INT32_MAX;
}

int32_t zs_blas_dgemm(int32_t isa, int32_t transpose_a, int32_t transpose_b, int64_t m, int64_t n, int64_t k,
                      double alpha, const double *a, int64_t lda, const double *b, int64_t ldb, double beta, double *c,
                      int64_t ldc) {
  find(isa);
  if (!dgemm || !fits(m, n, k, lda, ldb, ldc)) return 0;
  dgemm(ROW_MAJOR, transpose_a ? TRANSPOSE : NO_TRANSPOSE, transpose_b ? TRANSPOSE : NO_TRANSPOSE, (int)m, (int)n,
        (int)k, alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
  return 1;
}
