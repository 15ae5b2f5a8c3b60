/* Rules for names and forms that Caddy has given up or will (DT8xx). */
#include "lint/rule.h"

const struct lint_rule deprecated_rules[] = {
    {.info = {0}},
};
