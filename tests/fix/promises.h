#ifndef DIALTONE_TESTS_FIX_PROMISES_H
#define DIALTONE_TESTS_FIX_PROMISES_H

#include "fix/fix.h"

enum { CASE_FILES = 3 };

/* A Caddyfile and what it may import, all of it in memory. */
struct fix_case {
    const char *names[CASE_FILES]; /* the first is the root; NULL: no more */
    struct str texts[CASE_FILES];
    const char *(*get_env)(const char *name);
};

/* Corrects the case and holds the result against everything that corrections promise: safe ones keep
 * the JSON, unsafe ones leave a file that compiles, doing it again changes nothing, line ends and
 * formatted files stay so. NULL, or what does not hold. <corrected> gets the case afterwards. */
const char *broken_promise(struct arena *arena, const struct fix_case *before, enum fix_kind least,
                           struct fix_case *corrected, struct fix_result *result);

#endif
