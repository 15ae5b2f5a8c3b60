/* Rules for security (DT7xx). */
#include "lint/rule.h"

const struct lint_rule security_rules[] = {
    {.info = {0}},
};
