#ifndef DIALTONE_PROXY_CHECK_H
#define DIALTONE_PROXY_CHECK_H

#include <stdbool.h>

#include "proxy/core.h"

/* False, after saying which row, where the tables hold what this core has no function for. */
bool check_tables(const struct core *core);
/* For --check: tries files, ports and zones without serving; says what is wrong and counts it. */
unsigned check_surroundings(struct core *core);
/* One line on standard error: where it stands in the configuration, what, and why it cannot be. */
void check_say(const struct core *core, uint32_t origin, const char *what, const char *why);

#endif
