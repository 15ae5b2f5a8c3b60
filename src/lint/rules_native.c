/* Rules for the native target (DT10xx): lowering finds them, from its table of features. */
#include "lint/rule.h"

const struct lint_rule native_rules[] = {
    {.code = DIAG_NATIVE_UNSUPPORTED,
     .caddy = CADDY_NONE,
     .why = "The proxy core runs what its tables can express; what it cannot run is an error at the "
            "place that asks for it, never\nleft out in silence. `dialtone check --native` asks for this."},
    {.code = DIAG_NATIVE_CERTIFICATE,
     .fix = FIX_SUGGEST,
     .caddy = CADDY_NONE,
     .why = "The proxy core takes certificates from files or from its own authority; it does not order "
            "any."},
    {.info = {0}},
};
