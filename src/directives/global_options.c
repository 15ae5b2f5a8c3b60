/* The options of the first block, but for those of certificates and keys (global_tls.c). What
 * passes make of them is not decided here. */
#include <stdlib.h>

#include "adapt/adapter.h"
#include "adapt/order.h"
#include "adapt/unknown.h"
#include "base/suggest.h"
#include "directives/bind.h"
#include "directives/global_pki.h"
#include "directives/global_private.h"
#include "directives/logging.h"
#include "directives/module_spaces.h"
#include "directives/server_options.h"
#include "directives/storage.h"
#include "directives/vocabulary_private.h"

/* Unlike option_set: that an option is present counts, even with a zero value. */
bool global_keep(struct scope *scope, json_t *globals, const struct option *row, json_t *value,
                 const struct token *origin)
{
    document_set_at(scope->document, globals, row->name, value, origin);
    return value != NULL;
}

/* Whatever follows is ignored. */
bool global_take_true(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *globals, void *state)
{
    (void)state;
    return global_keep(scope, globals, row, document_bool(true), cursor_token(in));
}

static bool option_port(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *globals, void *state)
{
    (void)state;
    int64_t port;
    if (cursor_count_remaining(in) != 1)
        return take_arity_error(in, row);
    cursor_next_arg(in);
    const struct token *token = cursor_token(in);
    return read_integer(in, &port) &&
           global_keep(scope, globals, row, document_integer(scope->document, port, token), token);
}

/* Exactly one more token, on whatever line. */
bool global_one_token(struct cursor *in, const struct option *row)
{
    if (!cursor_next(in))
        return take_arity_error(in, row);
    return !cursor_next(in) || take_arity_error(in, row);
}

bool global_take_string(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *globals, void *state)
{
    (void)state;
    if (!global_one_token(in, row))
        return false;
    const struct token *token = cursor_token(in);
    return global_keep(scope, globals, row, document_string(scope->document, token->text, token),
                       token);
}

bool global_take_off(struct scope *scope, struct cursor *in, const struct option *row,
                     json_t *globals, void *state)
{
    if (!global_take_string(scope, in, row, globals, state))
        return false;
    return cursor_is(in, "off") ||
           cursor_error(in, DIAG_BAD_VALUE, "%s can only be 'off'", row->name);
}

/* What follows the duration is ignored. */
bool global_take_duration(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *globals, void *state)
{
    (void)state;
    int64_t duration;
    if (!cursor_next(in))
        return take_arity_error(in, row);
    const struct token *token = cursor_token(in);
    return read_duration(in, &duration) &&
           global_keep(scope, globals, row, document_integer(scope->document, duration, token),
                       token);
}

static bool no_directive(struct adapter *adapter, const struct token *token)
{
    if (passes_over(adapter, token, "no such directive is known"))
        return false;
    const struct plugin *plugin = plugin_of_directive(adapter, token->text);
    struct suggestion suggestion = suggest_for(token->text);
    const struct directive *const *list = adapter->vocabulary->directives;
    for (; *list; list++)
        for (const struct directive *row = *list; row->name; row++)
            suggest_try(&suggestion, str_from(row->name));
    struct diag *diag = diag_token(adapter->diags, DIAG_UNKNOWN_DIRECTIVE, token,
                                   "'" STR_FMT "' is not a directive", STR_ARG(token->text));
    if (suggestion.best.len && !plugin)
        diag_help(adapter->diags, diag, token->span, suggestion.best, "did you mean '" STR_FMT "'?",
                  STR_ARG(suggestion.best));
    else
        unknown_hint(adapter, diag, plugin);
    return false;
}

static bool option_order(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *globals, void *state)
{
    (void)globals, (void)state;
    static const char *const places[] = {"first", "last", "before", "after", NULL};
    struct adapter *adapter = scope->adapter;
    if (!cursor_next(in))
        return take_arity_error(in, row);
    struct str name = cursor_val(in);
    if (!known_directive(adapter, name))
        return no_directive(adapter, cursor_token(in));
    if (!cursor_next(in))
        return take_arity_error(in, row);
    const struct token *where = cursor_token(in);
    bool is_first = token_is(where, "first"), is_after = token_is(where, "after");
    if (is_first || token_is(where, "last")) {
        if (cursor_next_arg(in))
            return take_arity_error(in, row);
        adapter_order_remove(adapter, name);
        adapter_order_insert(adapter, is_first ? 0 : adapter_order_count(adapter), name);
        return true;
    }
    if (!is_after && !token_is(where, "before"))
        return word_refuse(in, where, places, "places");
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    const struct token *other = cursor_token(in);
    if (cursor_next_arg(in))
        return take_arity_error(in, row);
    adapter_order_remove(adapter, name);
    ptrdiff_t place = adapter_order_find(adapter, other->text);
    if (place < 0)
        return cursor_error_at(in, DIAG_UNKNOWN_DIRECTIVE, other,
                               "'" STR_FMT "' has no place in the order of directives",
                               STR_ARG(other->text));
    adapter_order_insert(adapter, (size_t)place + is_after, name);
    return true;
}

static bool option_storage(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *globals, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    if (!cursor_next(in))
        return take_arity_error(in, row);
    return global_keep(scope, globals, row, storage_take(scope, in), name);
}

static bool option_default_bind(struct scope *scope, struct cursor *in, const struct option *row,
                                json_t *globals, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    json_t *bind = bind_take(scope, in);
    if (!bind)
        return false;
    json_t *addresses = json_object_get(bind, "addresses");
    if (json_array_size(addresses) == 0)
        document_add(scope->document, addresses, document_text(scope->document, "", name));
    document_add(scope->document, document_array_at(scope->document, globals, row->name, name),
                 bind);
    return true;
}

static const struct option admin_options[] = {
    {.name = "origins",
     .doc = "the origins that browsers may call the interface from",
     .arguments = "[<origin...>]",
     .key = "origins",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = take_strings,
     .since = "2.2"},
    {.name = "enforce_origin",
     .doc = "refuse calls without a known origin",
     .key = "enforce_origin",
     .type = VALUE_TRUE,
     .parse = take_loose_flag,
     .since = "2.2"},
    {0},
};

static bool option_admin(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *globals, void *state)
{
    struct document *document = scope->document;
    const struct token *name = cursor_token(in);
    json_t *admin = document_object(document, name);
    if (cursor_next_arg(in)) {
        const struct token *listen = cursor_token(in);
        if (token_is(listen, "off")) {
            document_set_at(document, admin, "disabled", document_bool(true), listen);
            if (cursor_next(in))
                return cursor_error(in, DIAG_INVALID_OPTION, "nothing may follow 'admin off'");
            return global_keep(scope, globals, row, admin, name);
        }
        option_set(scope, admin, "listen", document_string(document, listen->text, listen), listen);
        if (cursor_next_arg(in))
            return take_arity_error(in, row);
    }
    if (!options_parse(scope, in, row->block, admin, state))
        return false;
    if (!json_object_get(admin, "listen")) {
        const char *standard = getenv("CADDY_ADMIN"); /* Caddy's own default comes from there */
        option_set(scope, admin, "listen",
                   document_text(document, standard ? standard : "localhost:2019", name), name);
    }
    document_order(document, admin, "disabled listen enforce_origin origins config");
    return global_keep(scope, globals, row, admin, name);
}

static bool option_auto_https(struct scope *scope, struct cursor *in, const struct option *row,
                              json_t *globals, void *state)
{
    (void)state;
    static const char *const known[] = {"off", "disable_redirects", "disable_certs",
                                        "ignore_loaded_certs", NULL};
    const struct token *name = cursor_token(in);
    struct token_list words = cursor_remaining(in);
    if (words.n == 0)
        return take_arity_error(in, row);
    for (size_t i = 0; i < words.n; i++)
        if (!word_is_known(words.at[i], known))
            return word_refuse(in, words.at[i], known, "values");
    return global_keep(scope, globals, row, strings_from(scope, words), name);
}

static const struct option metrics_options[] = {
    {.name = "per_host",
     .doc = "count every host by itself",
     .key = "per_host",
     .type = VALUE_TRUE,
     .parse = take_loose_flag},
    {.name = "observe_catchall_hosts",
     .doc = "count hosts by themselves that no site names",
     .key = "observe_catchall_hosts",
     .type = VALUE_TRUE,
     .parse = take_loose_flag,
     .since = "2.11"},
    {.name = "otlp",
     .doc = "push metrics by OTLP",
     .key = "otlp",
     .type = VALUE_TRUE,
     .parse = take_loose_flag,
     .since = "2.11.3"},
    {0},
};

static bool option_metrics(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *globals, void *state)
{
    const struct token *name = cursor_token(in);
    json_t *metrics = document_object(scope->document, name);
    if (!options_parse(scope, in, row->block, metrics, state))
        return false;
    document_order(scope->document, metrics, "per_host observe_catchall_hosts otlp");
    return global_keep(scope, globals, row, metrics, name);
}

static bool option_log(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *globals, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    cursor_reset(in);
    json_t *logger = log_parse(scope, in, true);
    if (logger)
        document_add(scope->document, document_array_at(scope->document, globals, row->name, name),
                     logger);
    return logger != NULL;
}

const struct module_space event_handler_space = {
    .name = "events.handlers",
    .key = "handler",
    .doc = "what happens on an event",
};

static bool events_on(struct scope *scope, struct cursor *in, const struct option *row,
                      json_t *object, void *state)
{
    (void)state;
    struct document *document = scope->document;
    const struct token *name = cursor_token(in);
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    const struct token *event = cursor_token(in);
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    json_t *handler = module_take(scope, in, &event_handler_space);
    if (!handler)
        return false;
    json_t *subscription = document_object(document, name);
    document_add(document, document_array_at(document, subscription, "events", event),
                 document_string(document, token_is(event, "*") ? STR("") : event->text, event));
    document_add(document, document_array_at(document, subscription, "handlers", name),
                 document_sorted(document, handler));
    document_add(document, document_array_at(document, object, row->key, name), subscription);
    return true;
}

static const struct option events_options[] = {
    {.name = "on",
     .doc = "run a handler when an event happens (plugins only)",
     .arguments = "<event> <handler> ...",
     .key = "subscriptions",
     .min_args = 2,
     .max_args = -1,
     .space = &event_handler_space,
     .parse = events_on,
     .flags = OPTION_ADDS},
    {0},
};

static bool option_events(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *globals, void *state)
{
    const struct token *name = cursor_token(in);
    json_t *events = document_object(scope->document, name);
    return options_parse(scope, in, row->block, events, state) &&
           global_keep(scope, globals, row, events, name);
}

const struct module_space file_system_space = {
    .name = "caddy.fs",
    .key = "backend",
    .doc = "a file system to serve from",
};

static bool option_filesystem(struct scope *scope, struct cursor *in, const struct option *row,
                              json_t *globals, void *state)
{
    (void)state;
    struct document *document = scope->document;
    const struct token *option = cursor_token(in);
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    const struct token *name = cursor_token(in);
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    json_t *backend = module_take(scope, in, &file_system_space);
    if (!backend)
        return false;
    json_t *entry = document_object(document, option);
    option_set(scope, entry, "name", document_string(document, name->text, name), name);
    document_set(document, entry, "file_system", document_sorted(document, backend));
    json_t *all = document_object_at(document, globals, row->name, option);
    document_add(document, document_array_at(document, all, "filesystems", option), entry);
    return true;
}

const struct option global_options[] = {
    {.name = "http_port",
     .doc = "the port for HTTP",
     .arguments = "<port>",
     .key = "http_port",
     .json = "$.apps.http.http_port",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = option_port},
    {.name = "https_port",
     .doc = "the port for HTTPS",
     .arguments = "<port>",
     .key = "https_port",
     .json = "$.apps.http.https_port",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = option_port},
    {.name = "default_bind",
     .doc = "the addresses that sites without bind listen on",
     .arguments = "[<bind_address...>]",
     .key = "default_bind",
     .json = "$.apps.http.servers.*.listen",
     .max_args = -1,
     .block = bind_options,
     .parse = option_default_bind,
     .flags = OPTION_ADDS,
     .since = "2.5"},
    {.name = "auto_https",
     .doc = "what automatic HTTPS shall leave alone",
     .arguments = "off|disable_redirects|disable_certs|ignore_loaded_certs...",
     .key = "auto_https",
     .json = "$.apps.http.servers.*.automatic_https",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .values = "off|disable_redirects|disable_certs|ignore_loaded_certs",
     .parse = option_auto_https,
     .since = "2.1"},
    {.name = "admin",
     .doc = "where the administration interface listens",
     .arguments = "[off|<address>]",
     .key = "admin",
     .json = "$.admin",
     .max_args = 1,
     .block = admin_options,
     .parse = option_admin},
    {.name = "debug",
     .doc = "log everything",
     .key = "debug",
     .json = "$.logging.logs.*.level",
     .type = VALUE_TRUE,
     .parse = global_take_true,
     .flags = OPTION_LOOSE},
    {.name = "log",
     .doc = "a logger; without a name the default one",
     .arguments = "[<name>]",
     .key = "log",
     .json = "$.logging.logs.*",
     .max_args = 1,
     .block = log_options,
     .parse = option_log,
     .flags = OPTION_ADDS,
     .since = "2.4"},
    {.name = "servers",
     .doc = "settings of the servers that listen on an address, or of all",
     .arguments = "[<listener_address>]",
     .key = "servers",
     .json = "$.apps.http.servers.*",
     .max_args = 1,
     .block = server_options,
     .parse = servers_option,
     .flags = OPTION_ADDS,
     .since = "2.3"},
    {.name = "order",
     .doc = "move a directive in the order of directives",
     .arguments = "<directive> first|last | <directive> before|after <other>",
     .min_args = 2,
     .max_args = 3,
     .parse = option_order},
    {.name = "grace_period",
     .doc = "how long open requests may take when the server stops",
     .arguments = "<duration>",
     .key = "grace_period",
     .json = "$.apps.http.grace_period",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = global_take_duration,
     .flags = OPTION_LOOSE,
     .since = "2.4"},
    {.name = "shutdown_delay",
     .doc = "how long to go on accepting requests before stopping",
     .arguments = "<duration>",
     .key = "shutdown_delay",
     .json = "$.apps.http.shutdown_delay",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = global_take_duration,
     .flags = OPTION_LOOSE,
     .since = "2.6"},
    {.name = "metrics",
     .doc = "collect metrics",
     .key = "metrics",
     .json = "$.apps.http.metrics",
     .block = metrics_options,
     .parse = option_metrics,
     .flags = OPTION_LOOSE,
     .since = "2.9"},
    {.name = "storage",
     .doc = "where certificates and keys are kept",
     .arguments = "<module> ...",
     .key = "storage",
     .json = "$.storage",
     .min_args = 1,
     .max_args = -1,
     .space = &storage_space,
     .parse = option_storage},
    {.name = "persist_config",
     .doc = "whether the running configuration is saved",
     .arguments = "off",
     .key = "persist_config",
     .json = "$.admin.config.persist",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .values = "off",
     .parse = global_take_off,
     .since = "2.6.3"},
    {.name = "pki",
     .doc = "certificate authorities that this server runs itself",
     .key = "pki",
     .json = "$.apps.pki.certificate_authorities",
     .block = pki_options,
     .parse = pki_option,
     .flags = OPTION_LOOSE,
     .since = "2.5"},
    {.name = "events",
     .doc = "what to do when events happen (plugins only)",
     .key = "events",
     .json = "$.apps.events",
     .block = events_options,
     .parse = option_events,
     .flags = OPTION_LOOSE,
     .since = "2.6"},
    {.name = "filesystem",
     .doc = "a file system to serve files from (plugins only)",
     .arguments = "<name> <module> ...",
     .key = "filesystem",
     .json = "$.apps['caddy.filesystems'].filesystems[].file_system",
     .min_args = 2,
     .max_args = -1,
     .space = &file_system_space,
     .parse = option_filesystem,
     .flags = OPTION_ADDS,
     .since = "2.8"},
    {0},
};
