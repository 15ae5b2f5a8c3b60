/* Rules for the tool itself (DT0xx). */
#include "lint/rule.h"

const struct lint_rule tool_rules[] = {
    {.code = DIAG_UNREADABLE_FILE,
     .caddy = CADDY_REFUSES,
     .why = "A file that was named cannot be read."},
    {.info = {0}},
};
