/* Rules for addresses, zones and listeners (DT2xx). */
#include "lint/rule.h"

const struct lint_rule address_rules[] = {
    {.info = {0}},
};
