#ifndef DIALTONE_PROXY_SQUEEZE_H
#define DIALTONE_PROXY_SQUEEZE_H

#include <stdbool.h>

#include "dialtone/tables.h"

/* Makes NAME.gz or NAME.zst of a file and removes it. The new file has its permissions and owner,
 * and appears when it is complete. False where that is not possible; the file then stays. Blocks.
 */
bool squeeze_file(const char *name, enum dt_encoding coding);

#endif
