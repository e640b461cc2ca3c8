// Stands for JBIG-KIT in the wheel, beside libtiff, which is linked against it: its licence, the GPL, would be the wheel's. Nothing
// is lost, as ZooImage refuses TIFF files that are compressed so before libtiff decodes them.
#include <stddef.h>

enum { refused = 1 };

int jbg_newlen(unsigned char *bytes, size_t count) { return refused; }
const char *jbg_strerror(int status) { return "JBIG is left out of this build"; }

void jbg_dec_init(void *state) {}
void jbg_dec_free(void *state) {}
int jbg_dec_in(void *state, unsigned char *bytes, size_t count, size_t *read) {
  if (read) *read = 0;
  return refused;
}
long jbg_dec_getsize(const void *state) { return 0; }
unsigned char *jbg_dec_getimage(const void *state, int plane) { return NULL; }

void jbg_enc_init(void *state, unsigned long width, unsigned long height, int planes, unsigned char **bits,
                  void (*write)(unsigned char *, size_t, void *), void *context) {}
void jbg_enc_out(void *state) {}
void jbg_enc_free(void *state) {}
