#ifndef DIALTONE_LINT_ROUTES_H
#define DIALTONE_LINT_ROUTES_H

#include "base/vec.h"
#include "lint/analysis.h"
#include "lint/rule.h"

/* What rules ask of routes: between the JSON and the lines that it came from. */

/* The analysis of the file's routes, made when it is asked for first; NULL for files with errors.
 */
const struct analysis *lint_analysis(struct lint *lint);
/* The innermost directive that a token belongs to; NULL where it is none. */
const struct node *lint_directive_of(struct lint *lint, const struct token *token);

/* Where a route or handler is written. */
struct place {
    const struct node *line; /* NULL for plain JSON */
    struct span span;        /* name and matcher; of the JSON value where there is no line */
    const struct import_chain *via;
    struct str name; /* of the directive, or the handler */
};
struct place lint_place(struct lint *lint, const json_t *route, const json_t *handler);

/* The white space that a line begins with. */
struct str line_indent(const struct lint *lint, const struct node *line);

/* What is to be found anywhere in the JSON, in its order. */
struct json_finds {
    VEC(struct json_set) field_sets, remote_sets; /* of matchers with "header", "remote_ip" */
    VEC(const json_t *) odd_paths; /* of matchers: those that path_is_plain does not know */
    VEC(struct json_regexp) regexps;
    VEC(const json_t *) captures; /* texts with {http.regexp.…} */
    VEC(const json_t *) expressions; /* of matchers, in CEL */
    VEC(const json_t *) maps;        /* handlers */
    bool rewrites_to_relative; /* a rewrite may make paths that begin without a slash */
    bool has_regexp_functions; /* expressions that match patterns, and plugins, may name captures */
};
struct json_set {
    const json_t *set, *server;
};
struct json_regexp {
    const json_t *pattern; /* a string */
    struct str name;       /* what its captures are called; empty for none */
    bool is_matcher;
    const char *field; /* header_regexp: the name of the field; else NULL */
};
/* Found out once; NULL for files with errors. */
const struct json_finds *lint_json_finds(struct lint *lint);

/* --- rules whose rows are in rules_routes.c --- */

typedef void line_rule(struct lint *lint, const struct node *line);
typedef void whole_rule(struct lint *lint);

/* rules_routes_missed.c */
whole_rule check_contradiction, check_sort_barrier, check_shadowed, check_unreachable,
    check_swallowed, check_rewritten, check_late_middleware, check_host_outside;
/* rules_routes_paths.c */
line_rule check_exact_path, check_root_only, check_prefix, check_path_as_argument;
whole_rule check_never_matching;
/* Whether the text of a path matcher is one that nothing can be wrong with: segments of letters,
 * digits, - and _, and at most one star, at the end. */
bool path_is_plain(struct str text);
/* Whether no path of a request can match the text. */
bool path_never_matches(struct str pattern);
/* Whether the line is as `redir /there permanent`: it redirects requests for /there, to "permanent". */
bool redirect_is_misread(const struct lint *lint, const struct node *line);
/* rules_routes_regexps.c */
whole_rule check_regexps, check_loose_regexps, check_captures, check_expressions;
/* rules_routes_values.c */
whole_rule check_remote_ip, check_header_token, check_partial_errors, check_mappings;
line_rule check_upstream_status;
whole_rule check_redirect_cycle;

#endif
