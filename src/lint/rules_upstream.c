/* Rules for upstreams (DT3xx). */
#include "lint/rule.h"

const struct lint_rule upstream_rules[] = {
    {.info = {0}},
};
