#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "bfloat16.h"
#include "zoo_system.h"

/* The numbers of zoo_plugin.h, which this target does not depend on. */
enum { ISA_GENERIC = 0, ISA_AVX2 = 1, ISA_AVX512 = 2 };
enum { FEATURE_AVX512_VNNI = 1u << 0, FEATURE_AVX512_BF16 = 1u << 1, FEATURE_AVX_VNNI = 1u << 2 };

#if defined(__x86_64__)
#include <cpuid.h>

/* XCR0: which registers the operating system saves. */
static uint64_t saved_registers(void) {
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

static bool bit(uint32_t word, unsigned index) { return word >> index & 1; }

static void detect_instructions(zoo_cpu *cpu) {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return;
  bool osxsave = bit(c, 27), avx = bit(c, 28), fma = bit(c, 12), f16c = bit(c, 29);
  if (!osxsave || !avx) return;
  uint64_t saved = saved_registers();
  uint32_t a7, b7, c7, d7;
  if (!__get_cpuid_count(7, 0, &a7, &b7, &c7, &d7)) return;
  /* XMM and YMM. */
  if ((saved & 0x6) != 0x6 || !fma || !f16c || !bit(b7, 5)) return;
  cpu->isa = ISA_AVX2;
  uint32_t a71 = 0, b71, c71, d71;
  if (a7 >= 1) __get_cpuid_count(7, 1, &a71, &b71, &c71, &d71);
  if (bit(a71, 4)) cpu->features |= FEATURE_AVX_VNNI;
  /* Masks, the upper halves of ZMM0–15, ZMM16–31. */
  bool all = bit(b7, 16) && bit(b7, 17) && bit(b7, 28) && bit(b7, 30) && bit(b7, 31); /* F DQ CD BW VL */
  if ((saved & 0xe6) != 0xe6 || !all) return;
  cpu->isa = ISA_AVX512;
  if (bit(c7, 11)) cpu->features |= FEATURE_AVX512_VNNI;
  if (bit(a71, 5) && zoo_bfloat16_pays()) cpu->features |= FEATURE_AVX512_BF16;
}

/* Intel's leaf 4 and AMD's 0x8000001D describe caches in the same form. */
static void detect_caches(zoo_cpu *cpu) {
  uint32_t a, b, c, d;
  for (int attempt = 0; attempt < 2; attempt++) {
    uint32_t leaf = attempt == 0 ? 4 : 0x8000001D;
    for (uint32_t index = 0; index < 16; index++) {
      if (!__get_cpuid_count(leaf, index, &a, &b, &c, &d)) break;
      uint32_t kind = a & 31, level = a >> 5 & 7;
      if (kind == 0) break;
      if (kind == 2) continue; /* instructions */
      size_t ways = (b >> 22) + 1, partitions = (b >> 12 & 1023) + 1, line = (b & 4095) + 1;
      size_t bytes = ways * partitions * line * ((size_t)c + 1);
      if (level == 1) cpu->l1_bytes = bytes;
      if (level == 2) cpu->l2_bytes = bytes;
      if (level == 3) cpu->l3_bytes = bytes;
    }
    if (cpu->l1_bytes) return;
  }
}
#else
static void detect_instructions(zoo_cpu *cpu) { (void)cpu; }
static void detect_caches(zoo_cpu *cpu) { (void)cpu; }
#endif

zoo_cpu zoo_cpu_detect(void) {
  zoo_cpu cpu = {.isa = ISA_GENERIC};
  detect_instructions(&cpu);
  detect_caches(&cpu);
#ifdef _SC_LEVEL1_DCACHE_SIZE
  long l1 = sysconf(_SC_LEVEL1_DCACHE_SIZE), l2 = sysconf(_SC_LEVEL2_CACHE_SIZE), l3 = sysconf(_SC_LEVEL3_CACHE_SIZE);
  if (!cpu.l1_bytes && l1 > 0) cpu.l1_bytes = (size_t)l1;
  if (!cpu.l2_bytes && l2 > 0) cpu.l2_bytes = (size_t)l2;
  if (!cpu.l3_bytes && l3 > 0) cpu.l3_bytes = (size_t)l3;
#endif
  return cpu;
}

uint32_t zoo_affinity_count(void) {
  /* The kernel refuses a mask shorter than its own, which cpu_set_t's 1024 CPUs may be. */
  for (int cpus = CPU_SETSIZE; cpus <= 1 << 20; cpus *= 2) {
    cpu_set_t *set = CPU_ALLOC((size_t)cpus);
    if (!set) break;
    int count = 0;
    if (sched_getaffinity(0, CPU_ALLOC_SIZE((size_t)cpus), set) == 0) {
      count = CPU_COUNT_S(CPU_ALLOC_SIZE((size_t)cpus), set);
    }
    CPU_FREE(set);
    if (count > 0) return (uint32_t)count;
  }
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (uint32_t)online : 1;
}
