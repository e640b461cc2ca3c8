/*
 * The arguments of the program. Swift reads them from /proc, which may not be there.
 */
#ifndef ZOO_ARGUMENTS_H
#define ZOO_ARGUMENTS_H

/* How many there are, the program's name included; 0 where they are not known. */
int zoo_argument_count(void);

const char *zoo_argument(int index);

#endif
