#include "bfloat16.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <time.h>

enum { ROUNDS = 12, TURNS = 128, SUMS = 10 };

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The time of TURNS × SUMS independent instructions. */
#define TIME(name, instruction)                                                                                        \
  __attribute__((target("avx512f,avx512bf16"))) static double name(void) {                                             \
    __m512 sums[SUMS] = {{0}}, factor = _mm512_set1_ps(1);                                                             \
    const double start = seconds();                                                                                    \
    for (int turn = 0; turn < TURNS; turn++) {                                                                         \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < SUMS; i++) {                                              \
        sums[i] = instruction(sums[i], factor);                                                                        \
        __asm__ volatile("" : "+v"(sums[i]));                                                                          \
      }                                                                                                                \
    }                                                                                                                  \
    return seconds() - start;                                                                                          \
  }
#define FLOATS(sum, factor) _mm512_fmadd_ps(factor, factor, sum)
#define PAIRS(sum, factor) _mm512_dpbf16_ps(sum, (__m512bh)(factor), (__m512bh)(factor))
TIME(time_of_floats, FLOATS)
TIME(time_of_pairs, PAIRS)

bool zoo_bfloat16_pays(void) {
  double floats = 1, pairs = 1;
  for (int round = 0; round < ROUNDS; round++) {
    const double one = time_of_floats(), other = time_of_pairs();
    floats = one < floats ? one : floats;
    pairs = other < pairs ? other : pairs;
  }
  /* Rounding the operands takes its part of what is gained. */
  return pairs < 1.7 * floats;
}
#endif
