#include "plugin_error.h"

#include <stdio.h>

static _Thread_local char text[2048];
static _Thread_local int fresh;

void zoo_plugin_error_set(const char *message) {
  snprintf(text, sizeof text, "%s", message ? message : "");
  fresh = 1;
}

const char *zoo_plugin_error_take(void) {
  if (!fresh) return "";
  fresh = 0;
  return text;
}
