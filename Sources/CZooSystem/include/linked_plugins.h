/* Plugins that are part of the program: the target LinkedPlugins defines zoo_linked_plugin_entry, and programs without it
   have none. */
#pragma once

#include <stddef.h>

/* The zoo_plugin_entry function of the plugin at `index`; NULL behind the last. */
const void *zoo_linked_plugin(size_t index);
