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
     .is_last = true,
     .whole = lint_check_unused_suppressions},
    {.info = {"DT002", "unknown-rule-in-suppression", "a comment that names a rule there is not",
              SEVERITY_WARNING},
     .caddy = CADDY_SILENT,
     .why = "Rules are named by id (DT404), family (DT4) or name (upstream-verification-disabled).",
     .bad = SITE("# dialtone: ignore[DT44x] the network is ours"),
     .good = SITE("# dialtone: ignore[DT4] the network is ours"),
     .is_last = true,
     .whole = lint_check_suppressed_rules},
    {.info = {"DT005", "forbidden-by-policy", "something that the project forbids", SEVERITY_ERROR},
     .caddy = CADDY_SILENT,
     .why = "A `forbid` in .dialtone names a directive, option or matcher (`forbid encode`), maybe where it "
            "stands\n(`forbid reverse_proxy/tls_insecure_skip_verify`, `forbid global/debug`) and the words "
            "that follow it, in which * is any\ntext (`forbid admin 0.0.0.0:*`, `forbid header Server`).",
     .profile = PROFILE_COMPAT,
     .project = "forbid admin off {\n\tmessage \"reloads need the admin endpoint\"\n}\n",
     .bad = "{\n\tadmin off\n}\nexample.com {\n\trespond ok\n}\n",
     .good = "{\n\tadmin localhost:2019\n}\nexample.com {\n\trespond ok\n}\n",
     .whole = lint_check_forbidden},
    {.info = {"DT006", "required-by-policy", "something that the project requires is missing",
              SEVERITY_ERROR},
     .caddy = CADDY_SILENT,
     .why = "A `require` in .dialtone names what must be there: a directive in each site (`require log`), a "
            "global option in the\nfile (`require admin off`, or `require global/log`), an option in each "
            "directive (`require reverse_proxy/health_uri`).\nWords behind the name must follow it.",
     .profile = PROFILE_COMPAT,
     .project = "require header Strict-Transport-Security\n",
     .bad = "example.com {\n\trespond ok\n}\n",
     .good = "example.com {\n\theader Strict-Transport-Security max-age=31536000\n\trespond ok\n}\n",
     .whole = lint_check_required},
    {.code = DIAG_UNREADABLE_FILE,
     .caddy = CADDY_REFUSES,
     .why = "A file that was named cannot be read."},
    {.code = DIAG_PART,
     .caddy = CADDY_NONE,
     .why = "The file was found in a folder, no other file that was found imports it, and it has no sites: "
            "only directives, or\nonly snippets and named routes. Whatever is wrong with it shows where it "
            "is imported, so it was not checked by itself.\nName the file that imports it, or leave it out "
            "with `exclude` in .dialtone."},
    {.info = {0}},
};
