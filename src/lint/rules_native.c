/* Rules for the native target (DT10xx). */
#include "lint/rule.h"

const struct lint_rule native_rules[] = {
    {.info = {0}},
};
