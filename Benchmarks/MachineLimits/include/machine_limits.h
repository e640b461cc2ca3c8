/* What one core can do at most. */
#ifndef MACHINE_LIMITS_H
#define MACHINE_LIMITS_H

#include <stdint.h>

/* Multiplies and adds in registers only, with the vectors of an instruction set (numbers of zoo_plugin.h). Gives the
   floating-point operations done; `sink` takes a sum, so that nothing is left out. */
int64_t limits_multiply_add(int32_t isa, int64_t rounds, float *sink);

/* The sum of `count` floats, as fast as memory gives them; `count` is a multiple of 64. */
float limits_read(const float *values, int64_t count);

#endif
