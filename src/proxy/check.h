#ifndef DIALTONE_PROXY_CHECK_H
#define DIALTONE_PROXY_CHECK_H

#include <stdbool.h>

#include "proxy/core.h"

/* False, after saying which row, where the tables hold what this core has no function for. */
bool check_tables(const struct core *core);
/* For --check: tries files, ports and zones without serving; says what is wrong and counts it. */
unsigned check_surroundings(struct core *core);
/* Sockets that workers share (unix, inherited), by row of listeners; -1 for the others. False after
 * saying why. */
bool check_open_shared(const struct core *core, int *fds);

#endif
