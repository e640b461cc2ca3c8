#include "ml_kernels.h"

/* Rows that go through a tree side by side: the loads of one hide behind those of the others. */
enum { LANES = 8 };
/* Rows that go through one tree before the next has its turn: its nodes stay in the cache, the rows too. */
enum { BLOCK = 64 };

#define NUMBER float
#define NODE zm_node_float
#define NAME(name) name##_float
#include "trees.inc"
#undef NUMBER
#undef NODE
#undef NAME

#define NUMBER double
#define NODE zm_node_double
#define NAME(name) name##_double
#include "trees.inc"
