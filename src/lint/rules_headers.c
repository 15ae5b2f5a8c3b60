/* Rules for header fields and the client address (DT6xx). */
#include "lint/rule.h"

const struct lint_rule header_rules[] = {
    {.info = {0}},
};
