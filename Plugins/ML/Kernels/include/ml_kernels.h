/*
 * Decision trees, several rows at a time.
 */
#ifndef ML_KERNELS_H
#define ML_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum zm_mode { ZM_LEQ, ZM_LT, ZM_GTE, ZM_GT, ZM_EQ, ZM_NEQ, ZM_MEMBER };
enum zm_aggregate { ZM_SUM, ZM_MIN, ZM_MAX };

/* The feature's number is in the low bits; ZM_MISSING_IS_TRUE sends NaN to child[1]. A leaf is its own child, twice. */
#define ZM_MISSING_IS_TRUE 0x80000000u

typedef struct zm_node_float {
  float value;
  uint32_t feature;
  int32_t child[2]; /* where the comparison is false, and where it is true */
} zm_node_float;

typedef struct zm_node_double {
  double value;
  uint32_t feature;
  int32_t child[2];
} zm_node_double;

/* The caller has checked that children, sets, features and targets exist, and that paths end in leaves. */
typedef struct zm_forest {
  const void *nodes;        /* zm_node_float or zm_node_double */
  int32_t mode;             /* of all nodes, or -1: see modes */
  const uint8_t *modes;     /* by node, read where mode is -1 */
  const uint32_t *sets;     /* by node: the number of its set, read for ZM_MEMBER */
  const size_t *set_starts; /* one more than there are sets */
  const void *members;      /* float or double, ascending in each set */
  const int32_t *roots;     /* by tree */
  const uint32_t *leaf_starts; /* by node, and one more: its entries of targets and weights */
  const int32_t *targets;
  const void *weights; /* float or double */
  int32_t aggregate;
  size_t target_count;
} zm_forest;

/* Adds what the trees [first, end) say of `count` rows, `stride` apart, to scores[row][target]; has[row][target] becomes 1
   where some tree had a say. Where it is 0, the score before does not count. */
void zm_forest_float(const zm_forest *forest, const float *rows, size_t count, size_t stride, size_t first, size_t end,
                     float *scores, uint8_t *has);
void zm_forest_double(const zm_forest *forest, const double *rows, size_t count, size_t stride, size_t first,
                      size_t end, double *scores, uint8_t *has);

#endif
