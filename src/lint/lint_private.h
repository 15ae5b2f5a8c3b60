#ifndef DIALTONE_LINT_LINT_PRIVATE_H
#define DIALTONE_LINT_LINT_PRIVATE_H

#include "lint/rule.h"

/* What several rules want to know of the file, found out once. */
struct lint_facts {
    const struct node *global; /* the global options block, or NULL */
    struct suppressions *suppressions; /* lint/suppress.c; after all other rules have run */
    struct analysis *analysis;         /* lint/routes.c; NULL until some rule asks for it */
    struct map *directives;            /* lint/routes.c: tokens (by address) → their directive */
    struct json_finds *json_finds;     /* lint/routes.c; NULL until some rule asks for them */
    struct map answers;                /* see lint_answered */
    /* The line and the block that were asked about last, for several rules ask of each. */
    const struct node *asked_line, *asked_block;
    const struct directive *asked_row;
    bool asked_holds_directives;
};
struct lint_facts *lint_facts_new(struct lint *lint);

/* Answers that are the same for many lines: what was noted for <question> (an address of the rule's
 * own) about a block, a list or the file (NULL). NULL the first time. */
void *lint_answered(const struct lint *lint, const void *question, const void *about);
void lint_answer(const struct lint *lint, const void *question, const void *about,
                 const void *answer);

/* Puts <value> under all that the path <text> is below: "/a/b/" and a star under /a, /a/b and /a/b/.
 * The first one that was put there stays. Keys have up to MAX_BELOW bytes. */
enum { MAX_BELOW = 256 };
void below_put(struct map *map, struct str text, const struct token *value);

/* Switches off what comments ask to hide; then the rules about such comments can run. */
void lint_suppress(struct lint *lint);
void lint_check_unused_suppressions(struct lint *lint);
void lint_check_suppressed_rules(struct lint *lint);

/* policies.c: whether the project's policies name what there is; reports what does not. */
bool lint_policies_check(struct pipeline *pipeline);
void lint_check_forbidden(struct lint *lint);
void lint_check_required(struct lint *lint);

/* apps.http.servers, or NULL. */
const json_t *lint_servers(const struct lint *lint);

#endif
