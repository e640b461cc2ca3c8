/* The message that a plugin leaves with zoo_host.set_error, kept by thread: the host's callback gets no context. */
#pragma once

void zoo_plugin_error_set(const char *message);
/* The message since the last call, or "" — valid on this thread until the next set. */
const char *zoo_plugin_error_take(void);
