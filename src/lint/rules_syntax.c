/* Rules for syntax and structure (DT1xx). */
#include "lint/rule.h"

const struct lint_rule syntax_rules[] = {
    {.info = {0}},
};
