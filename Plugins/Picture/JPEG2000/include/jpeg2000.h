/* Decodes JPEG 2000 files in memory, codestreams and JP2, through OpenJPEG, whose streams are callbacks in C. */
#ifndef ZOO_JPEG2000_H
#define ZOO_JPEG2000_H

#include <stddef.h>
#include <stdint.h>

/* The sides of the picture in `bytes`; 0 where it is none, or one of more than `most` pixels. */
int32_t zj_size(const uint8_t *bytes, size_t count, size_t most, uint32_t *width, uint32_t *height);

/* Writes the picture as rows of RGB, for which there is room. 0 where the file is damaged or has other colours. */
int32_t zj_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, uint32_t width, uint32_t height);

#endif
