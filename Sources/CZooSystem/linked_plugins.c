#include "linked_plugins.h"

extern const void *zoo_linked_plugin_entry(size_t index) __attribute__((weak));

const void *zoo_linked_plugin(size_t index) { return zoo_linked_plugin_entry ? zoo_linked_plugin_entry(index) : NULL; }
