#ifndef DIALTONE_ADAPT_DIRECTIVE_H
#define DIALTONE_ADAPT_DIRECTIVE_H

#include "adapt/cursor.h"
#include "adapt/options.h"
#include "base/map.h"
#include "base/vec.h"
#include "json/document.h"
#include "syntax/ast.h"

struct scope;
struct adapter;

/* What a directive leaves behind for the passes that build servers and apps from it (Caddy's
 * ConfigValue classes; the comment says what <value> is). */
enum result_class {
    RESULT_NONE,
    RESULT_ROUTE,             /* {"group"?, "match"?, "handle", "terminal"?} */
    RESULT_SUBROUTE,          /* {"routes": […]}: inlined where it stands, never sorted or grouped */
    RESULT_ERROR_ROUTE,       /* a subroute object for the server's error routes */
    RESULT_BIND,              /* {"addresses": […], "protocols": […]} */
    RESULT_CUSTOM_LOG,        /* {"name", "log"?, "hostnames"?, "no_hostname"?} */
    RESULT_PKI_CA,            /* a certificate authority object with its "id" */
    RESULT_TLS_CONNECTION_POLICY,
    RESULT_TLS_CERT_LOADER,   /* {"load_files"|"load_folders"|…: […]} */
    RESULT_TLS_CERT_ISSUER,   /* an issuer module object */
    RESULT_TLS_CERT_MANAGER,  /* a get_certificate module object */
    RESULT_TLS_KEY_TYPE,      /* a string */
    RESULT_TLS_ON_DEMAND,     /* true */
    RESULT_TLS_REUSE_KEYS,    /* true */
    RESULT_TLS_RENEWAL_RATIO, /* a number */
    RESULT_TLS_FORCE_AUTOMATE, /* an array of names */
    RESULT_TLS_OTHER,         /* {"class": "tls.…", "value": …} for anything rarer */
    N_RESULT_CLASSES
};

struct result {
    enum result_class class;
    const char *directive;     /* name of the directive it came from: its place in the order */
    json_t *value;             /* shared between the servers a site is spread over, as in Caddy */
    const struct token *origin;
};

struct results {
    struct result *at;
    uint32_t n, cap;
};

/* A handler directive returns a handler object (made by handler_new), or NULL after a diagnostic;
 * its leading matcher, if any, was taken off and the cursor stands before the directive's name. */
typedef json_t *handler_fn(struct scope *scope);
/* Any other directive pushes results itself; false after a diagnostic. */
typedef bool directive_fn(struct scope *scope);

/* One row: a directive. Exactly one of <handler> and <adapt> is set. */
struct directive {
    const char *name;
    const char *doc;       /* one line */
    const char *arguments; /* usage after the name and the matcher */
    handler_fn *handler;
    directive_fn *adapt;
    bool takes_matcher;           /* for <adapt> rows; handler rows always do */
    bool has_directives_in_block; /* handle, route, …: the block holds directives, not options */
    const struct option *options; /* of its block; NULL where it takes none or holds directives */
    const struct module_space *space; /* the modules that words of its line name */
    const struct option *actions; /* what the first word of its line may be; the rest of the line and
                                     the block are the action's */
    const char *needs;    /* options of its block, as in struct option */
    unsigned flags;       /* enum option_flags: OPTION_LOOSE, OPTION_WORDS_SUFFICE */
    const char *inherits; /* a directive whose options its block takes too */
    const char *makes;    /* modules that it puts into the JSON, separated by blanks; the first is the
                             one that the options are about */
    const char *json;     /* where the object of the options is: in that module, or "$.…" from the
                             root, as in struct option; NULL: the module itself */
    const char *since, *deprecated;
    const struct plugin *plugin; /* as in struct option */
    const void *description;
};

/* One row: a request matcher. <in> holds one or more lines of this matcher, concatenated, names
 * included; a fresh cursor. <name> is the @name it is defined under, without @, or empty. Gives the
 * matcher's value, or NULL after a diagnostic. */
struct matcher {
    const char *name;
    const char *doc;
    const char *arguments;
    json_t *(*parse)(struct scope *scope, struct cursor *in, struct str name);
    const struct option *options;
    const char *since, *deprecated;
    const struct plugin *plugin; /* as in struct option */
    const void *description;
};

/* Names that are only looked at when one is not found. */
struct reserve {
    /* The whole vocabulary with these names in it; NULL where there are none. */
    const struct vocabulary *(*open)(struct reserve *reserve);
    bool is_usable; /* what is found is used; otherwise reports only say where it would come from */
};

/* All of the language's names, passed down so that adapt/ knows no directive. Arrays end with a
 * row whose name is NULL; <order> ends with NULL. */
struct vocabulary {
    const struct directive *const *directives; /* NULL-terminated list of row arrays */
    const char *const *order;                  /* directives that make routes, in default order */
    const struct matcher *const *matchers;     /* NULL-terminated list of row arrays */
    const struct option *const *global_options; /* likewise */
    const struct module_space *const *modules;  /* the kinds of modules; NULL-terminated */
    struct reserve *reserve;                    /* NULL: nothing */
};
const struct directive *vocabulary_directive(const struct vocabulary *vocabulary, struct str name);
const struct matcher *vocabulary_matcher(const struct vocabulary *vocabulary, struct str name);
const struct option *vocabulary_global(const struct vocabulary *vocabulary, struct str name);
/* The kind of modules with that name, or NULL. */
const struct module_space *vocabulary_modules(const struct vocabulary *vocabulary, struct str name);

/* Matcher sets that have names. A block sees its own and those of the blocks around. */
struct matchers {
    struct map own; /* @name → json_t * */
    const struct matchers *outer;
};

/* One {scope of names}: where a directive is being read. Nested blocks make nested scopes. */
struct scope {
    struct adapter *adapter;
    struct arena *arena;
    struct diags *diags;
    struct document *document;
    struct cursor *in;                 /* the directive's tokens */
    const struct directive *directive; /* its row; NULL in the global options */
    struct matchers *matchers;         /* defined so far, here and around */
    const struct node *site;           /* the site block around it; NULL in the global options */
    const struct token *block_end;     /* the brace after the block it stands in; NULL in a site */
    struct results *out;
    uint32_t *group_counter;           /* the adaptation's, or the named routes' own */
};

/* Shows where the block around ends: Caddy names that line for mistakes that may be misplaced
 * braces. */
void scope_label_end(const struct scope *scope, struct diag *diag);

/* Results. */
void scope_push(struct scope *scope, enum result_class class, json_t *value);
/* Pushes a route of one handler; <matcher_set> may be NULL. */
void scope_push_route(struct scope *scope, json_t *matcher_set, json_t *handler);
/* A new handler object with "handler": <name>; origin: the current token. */
json_t *handler_new(struct scope *scope, const char *name);
/* A route object {"match": [<matcher_set>]?, "handle": [<handler>…]}. Handlers are passed through
 * document_sorted, as Caddy does. */
json_t *route_new(struct scope *scope, json_t *matcher_set, json_t *handler);

/* Asks for a named route: the servers of the site around get it. */
void scope_invoke(struct scope *scope, const struct token *name);

/* Matchers. With the cursor on the directive's name, or before it: if the next argument is a matcher (`*`, /path,
 * @name), takes it off the tokens and gives its set (NULL for `*` or none), then resets the cursor.
 * False after a diagnostic. */
bool scope_take_matcher(struct scope *scope, json_t **matcher_set);
/* Reads a set of matchers from a block whose `{` follows, or from the rest of the line (`not`,
 * lb_retry_match, …), the cursor standing on the word before: an object of matcher name → value.
 * NULL after a diagnostic. */
json_t *scope_matcher_block(struct scope *scope, struct cursor *in, struct str name);

/* Blocks of directives. Reads the block at the scope's cursor (which stands before or on the
 * directive's name) as directives, and gives {"routes": […]} sorted and grouped: Caddy's
 * ParseSegmentAsSubroute. NULL after a diagnostic. */
json_t *scope_subroute(struct scope *scope);
/* The same without building: the raw results, in source order (Caddy's parseSegmentAsConfig). */
bool scope_block_results(struct scope *scope, struct results *out);
/* {"routes": […]} from results (Caddy's buildSubroute). NULL after a diagnostic. */
json_t *scope_build_subroute(struct scope *scope, struct results *results, bool sort);
/* Puts all routes among the results into one group when there are two or more. */
void scope_group_routes(struct scope *scope, struct results *results);
/* A scope for tokens of the caller's making (php_fastcgi, handle_response). */
struct scope scope_with_cursor(const struct scope *scope, struct cursor *in);

/* Global options read so far: the value stored under the option's name, or NULL. */
json_t *scope_global(const struct scope *scope, const char *name);
/* Files that contributed tokens to the site block, sorted, without duplicates. */
struct str_list scope_files(const struct scope *scope);

/* Response matchers (handle_response, header { match }, encode { match }, …): reads a one-line or
 * block definition `@name status 2xx` at the cursor into <matchers> (name → object). The cursor
 * stands on the name, or is a fresh one over the definition alone. */
extern const struct option response_matchers[];
bool scope_response_matcher(struct scope *scope, struct cursor *in, json_t *matchers);

/* State of the whole adaptation that families share, by name: certificate tags, log counters.
 * A zeroed block of <size> bytes on first use. */
void *adapter_state(struct adapter *adapter, const char *name, size_t size);

#endif
