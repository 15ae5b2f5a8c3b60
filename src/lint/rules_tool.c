/* Rules for the tool itself (DT0xx). */
#include "lint/rule.h"

const struct lint_rule tool_rules[] = {
    {.info = {0}},
};
