/* Rules for matchers and routes (DT5xx). */
#include "lint/rule.h"

const struct lint_rule route_rules[] = {
    {.info = {0}},
};
