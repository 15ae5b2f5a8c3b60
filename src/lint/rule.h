#ifndef DIALTONE_LINT_RULE_H
#define DIALTONE_LINT_RULE_H

#include "lint/lint.h"
#include "pipeline.h"
#include "syntax/token.h"

struct directive;
struct lint_facts;
struct lint_route;

/* What real Caddy says to the mistake. */
enum caddy_answer {
    CADDY_NONE,      /* the question makes no sense (native target, the tool itself) */
    CADDY_SILENT,    /* adapts, exit status 0, not a word about it */
    CADDY_WARNS,     /* adapts with a warning */
    CADDY_VALIDATES, /* adapts; only starting (or `caddy validate`) fails */
    CADDY_REFUSES,   /* does not adapt */
};

/* While rules run: what they look at, and where their findings go. */
struct lint {
    struct pipeline *pipeline;
    const struct lint_settings *settings;
    struct arena *arena;
    const struct node *tree; /* imports filled in; NULL for plain JSON */
    const json_t *root;      /* the JSON document; NULL where the file has errors */
    const struct lint_rule *rule; /* the one that runs */
    enum severity severity;       /* of what it finds, settings applied */
    struct lint_facts *facts;     /* lint/facts.c */
    const struct lint_dispatch *dispatch;
    struct map reported; /* row and span → struct diag: one finding for all expansions */
};

/* One row: a rule. One function at most is set; <code> is for what the compiler finds by
 * itself (its row in syntax/diag.h has id, name, severity and doc then; here are the pages, and
 * maybe a function for what the compiler accepts as Caddy does). */
struct lint_rule {
    struct diag_code_info info; /* id, name, one line of documentation, severity */
    enum diag_code code;
    enum fix_kind fix;             /* the best it can offer */
    enum lint_profile profile;     /* from which profile on it runs; 0: recommended */
    unsigned environments;         /* bit 1 << enum lint_environment; 0: all */
    enum caddy_answer caddy;       /* to <bad>; compared with a real Caddy by tests/oracle */
    bool compares_versions;        /* it tells of what is not the same in all versions */
    const char *changes;           /* the version that changed what <why> tells; it runs only where
                                      versions before and after that are compared */
    const char *since, *until;     /* Caddy versions that it holds for; NULL: all */
    const char *project;           /* the .dialtone that the examples are about; NULL: none */
    bool is_last;                  /* it looks at what all other rules have found */
    const char *target;            /* the --target <bad> is about; NULL: the newest */

    /* The page. <why> says what is wrong and why it matters, <at_run_time> what Caddy does with it;
     * plain paragraphs. <bad> is a whole Caddyfile that the rule finds, <good> one that it does
     * not: tests run both. */
    const char *why, *at_run_time, *bad, *good;

    /* Names of lines (directives, options, or "@" for matcher definitions), "a|b", that <line> is
     * called for, wherever in the file they stand. */
    const char *on;
    void (*line)(struct lint *lint, const struct node *line);
    /* Each site block, named route and the global options. */
    void (*block)(struct lint *lint, const struct node *block);
    /* JSON handlers with this "handler" ("*": all), <route> being where it stands. */
    const char *on_handler;
    void (*handler)(struct lint *lint, const json_t *handler, const struct lint_route *route);
    /* Each text that was loaded, imported files included. */
    void (*source)(struct lint *lint, const struct source *source);
    /* Once for the file. */
    void (*whole)(struct lint *lint);
};

/* Tables end with a row without id. */
extern const struct lint_rule syntax_rules[], json_rules[], address_rules[], upstream_rules[],
    tls_rules[], route_rules[], header_rules[], security_rules[], deprecated_rules[], version_rules[], change_rules[], style_rules[],
    native_rules[], tool_rules[];

/* Where a handler stands in the JSON: its route and those around it, outermost last. */
struct lint_route {
    const json_t *route;
    size_t index; /* in its list */
    const json_t *list;
    const struct lint_route *outer;
    const json_t *server;
    const char *server_name;
    bool in_errors; /* among a server's error routes */
};

/* --- reporting; the rule that runs is the one that speaks --- */

/* At a token, at a span with imports, or at the place a JSON value came from. The same place is
 * reported once however often it was imported; the imports are shown. The message is formatted as
 * printf does, lower case, without a full stop. Never NULL. */
struct diag *lint_report(struct lint *lint, const struct token *token, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct diag *lint_report_at(struct lint *lint, struct span span, const struct import_chain *via,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));
struct diag *lint_report_json(struct lint *lint, const json_t *object, const char *key,
                              const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Lowers a finding that weighs less than others of its rule; what was set by hand stays. */
void lint_soften(struct lint *lint, struct diag *diag, enum severity severity);
/* Whether the profile asks for what matters to a server that the world sees. */
bool lint_is_for_production(const struct lint *lint);
/* Notes and corrections: diag_label, diag_note, diag_fix of syntax/diag.h on lint_diags(lint). */
struct diags *lint_diags(struct lint *lint);

/* Whether a place in a text is in a comment. */
bool source_is_comment(const struct source *source, struct span span);

/* --- the tree --- */

struct str line_name(const struct node *line);          /* words[0] */
const struct token *line_name_token(const struct node *line);
/* The <i>th word after the name, matcher included; NULL where there is none. */
const struct token *line_word(const struct node *line, uint32_t i);
/* The leading matcher (`*`, /path, @name) of a directive that takes one; NULL where none is. */
const struct token *line_matcher(const struct lint *lint, const struct node *line);
/* The <i>th argument, the leading matcher of a directive not counted; NULL where there is none. */
const struct token *line_argument(const struct lint *lint, const struct node *line, uint32_t i);
uint32_t line_count_arguments(const struct lint *lint, const struct node *line);
/* The first option of that name in the block, or NULL; the next one after it. */
const struct node *line_option(const struct node *line, const char *name);
const struct node *line_next_option(const struct node *option);
/* The row of the directive that a line is; NULL for options, matchers and all else. */
const struct directive *line_directive(const struct lint *lint, const struct node *line);
/* Whether the lines of the block are directives. */
bool node_holds_directives(const struct lint *lint, const struct node *block);
/* The site block, named route or global block around; and whether that is a site. */
const struct node *line_block(const struct node *line);
/* The nearest line around with this name, or NULL. */
const struct node *line_inside(const struct node *line, const char *name);
/* The text between two tokens' ends as the user typed it; what a token's span holds. */
struct str lint_text(const struct lint *lint, struct span span);
/* The span of a line without its block, and with it. */
struct span line_span(const struct node *line);
struct span line_span_with_block(const struct node *line);
/* A span for deleting whole lines: from the start of the first line to the start of the next. */
struct span lint_whole_lines(const struct lint *lint, struct span span);

/* --- the global options --- */

/* The option in the global block, or NULL. */
const struct node *global_option(const struct lint *lint, const char *name);
/* Whether the target version is at least this one. */
bool lint_targets(const struct lint *lint, unsigned major, unsigned minor, unsigned patch);

#endif
