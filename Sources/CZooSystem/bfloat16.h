#ifndef BFLOAT16_H
#define BFLOAT16_H

#include <stdbool.h>

/* Whether vdpbf16ps, which makes two products where a float32 instruction makes one, takes less than 1.7 times as long. It
   is measured, in some 20 microseconds: Zen 4 multiplies so at twice float32's rate, Sapphire Rapids at half of it. For
   processors with AVX512_BF16 only. */
bool zoo_bfloat16_pays(void);

#endif
