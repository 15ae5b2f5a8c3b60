/* Rules for style (DT9xx). */
#include "lint/rule.h"

const struct lint_rule style_rules[] = {
    {.info = {0}},
};
