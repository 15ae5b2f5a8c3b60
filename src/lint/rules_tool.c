/* Rules for the tool itself (DT0xx). */
#include "lint/lint_private.h"

#define SITE(comment)                                                                              \
    "example.com {\n\treverse_proxy https://10.0.0.5 {\n\t\ttransport http {\n\t\t\t" comment             \
    "\n\t\t\ttls_insecure_skip_verify\n\t\t}\n\t}\n}\n"

const struct lint_rule tool_rules[] = {
    {.info = {"DT001", "unused-suppression", "a comment that hides no finding", SEVERITY_WARNING},
     .caddy = CADDY_SILENT,
     .why = "The finding is gone, or the comment stands in the wrong place: it covers the statement below "
            "it, its block included.",
     .bad = SITE("# dialtone: ignore[DT702] the network is ours"),
     .good = SITE("# dialtone: ignore[DT404] the network is ours"),
     .whole = lint_check_unused_suppressions},
    {.info = {"DT002", "unknown-rule-in-suppression", "a comment that names a rule there is not",
              SEVERITY_WARNING},
     .caddy = CADDY_SILENT,
     .why = "Rules are named by id (DT404), family (DT4) or name (upstream-verification-disabled).",
     .bad = SITE("# dialtone: ignore[DT44x] the network is ours"),
     .good = SITE("# dialtone: ignore[DT4] the network is ours"),
     .whole = lint_check_suppressed_rules},
    {.code = DIAG_UNREADABLE_FILE,
     .caddy = CADDY_REFUSES,
     .why = "A file that was named cannot be read."},
    {.info = {0}},
};
