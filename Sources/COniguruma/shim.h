#include <oniguruma.h>

// Oniguruma names encodings and syntaxes by macros and variables, which Swift can't import.

static inline int zoo_onig_initialize(void) {
  OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
  return onig_initialize(encodings, 1);
}

static inline int zoo_onig_compile(regex_t **regex, const OnigUChar *pattern, const OnigUChar *end, OnigErrorInfo *info) {
  return onig_new(regex, pattern, end, ONIG_OPTION_NONE, ONIG_ENCODING_UTF8, OnigDefaultSyntax, info);
}

// `text` must hold at least ONIG_MAX_ERROR_MESSAGE_LEN bytes. Returns the message's length.
static inline int zoo_onig_message(OnigUChar *text, int code, OnigErrorInfo *info) {
  return onig_error_code_to_str(text, code, info);
}
