#include "package_codec.h"

#include <zlib.h>

static uint32_t crc32_zlib(uint32_t checksum, const uint8_t *bytes, size_t count) {
  return (uint32_t)crc32_z(checksum, bytes, count);
}

#if defined(__x86_64__)

#include <immintrin.h>

// Carry-less multiplication folds 64 bytes a step: Gopal et al., "Fast CRC Computation for Generic Polynomials Using
// PCLMULQDQ Instruction" (Intel, 2009). The constants are x^n mod P, bit-reflected, for CRC-32's P. `count` is a
// multiple of 16 and at least 64; `state` is the register without the final complement.
__attribute__((target("pclmul,sse4.1")))
static uint32_t fold(uint32_t state, const uint8_t *bytes, size_t count) {
  const __m128i by_64 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
  const __m128i by_16 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
  const __m128i by_8 = _mm_set_epi64x(0, 0x0163cd6124);
  const __m128i reduction = _mm_set_epi64x(0x01f7011641, 0x01db710641);
  const __m128i low_32 = _mm_setr_epi32(-1, 0, -1, 0);
#define FOLD(x, k, next) \
  _mm_xor_si128( \
    _mm_xor_si128(_mm_clmulepi64_si128((x), (k), 0x00), _mm_clmulepi64_si128((x), (k), 0x11)), (next))
#define LOAD(k) _mm_loadu_si128((const __m128i *)(bytes + 16 * (k)))

  __m128i x0 = _mm_xor_si128(LOAD(0), _mm_cvtsi32_si128((int)state));
  __m128i x1 = LOAD(1), x2 = LOAD(2), x3 = LOAD(3);
  bytes += 64;
  count -= 64;
  for (; count >= 64; count -= 64, bytes += 64) {
    x0 = FOLD(x0, by_64, LOAD(0));
    x1 = FOLD(x1, by_64, LOAD(1));
    x2 = FOLD(x2, by_64, LOAD(2));
    x3 = FOLD(x3, by_64, LOAD(3));
  }
  x0 = FOLD(x0, by_16, x1);
  x0 = FOLD(x0, by_16, x2);
  x0 = FOLD(x0, by_16, x3);
  for (; count >= 16; count -= 16, bytes += 16) x0 = FOLD(x0, by_16, LOAD(0));
#undef LOAD
#undef FOLD

  // 128 bits to 64, to 32, and Barrett's reduction.
  x0 = _mm_xor_si128(_mm_srli_si128(x0, 8), _mm_clmulepi64_si128(x0, by_16, 0x10));
  x0 = _mm_xor_si128(_mm_srli_si128(x0, 4), _mm_clmulepi64_si128(_mm_and_si128(x0, low_32), by_8, 0x00));
  __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(x0, low_32), reduction, 0x10);
  quotient = _mm_clmulepi64_si128(_mm_and_si128(quotient, low_32), reduction, 0x00);
  return (uint32_t)_mm_extract_epi32(_mm_xor_si128(x0, quotient), 1);
}

uint32_t zoo_crc32(uint32_t checksum, const uint8_t *bytes, size_t count) {
  size_t whole = count & ~(size_t)15;
  if (whole >= 64 && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1")) {
    checksum = ~fold(~checksum, bytes, whole);
    bytes += whole;
    count -= whole;
  }
  return crc32_zlib(checksum, bytes, count);
}

#else

uint32_t zoo_crc32(uint32_t checksum, const uint8_t *bytes, size_t count) {
  return crc32_zlib(checksum, bytes, count);
}

#endif
