/* What the library's own Swift asks of C. */
#ifndef MZ_STATE_H
#define MZ_STATE_H

/* Keeps a copy of `message` for mz_error of this thread. */
void mz_set_error(const char *message);

#endif
