/*
 * Pages of mapped files that can't be read: the file was cut off meanwhile, or its disk fails. The system says so by SIGBUS.
 */
#ifndef ZOO_FILE_FAULTS_H
#define ZOO_FILE_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct zoo_watched zoo_watched;

/* From now on, a fault in the mapping turns it to zeros from the faulty page on, and is remembered. Faults elsewhere go to
   the handler that was there before. NULL where there is no memory. */
zoo_watched *zoo_watch_mapping(void *start, size_t count);
bool zoo_mapping_has_faulted(const zoo_watched *mapping);
/* Before the mapping goes. */
void zoo_forget_mapping(zoo_watched *mapping);

#endif
