/* Health check options of reverse_proxy that do more than to store a value. */
#include "adapt/adapter.h"
#include "base/parse.h"
#include "directives/header_ops.h"
#include "directives/option_takes.h"
#include "directives/reverse_proxy.h"
#include "directives/upstream_address.h"

/* 2xx stands for the class and is stored as 2. */
static bool read_status(struct cursor *in, const struct token *token, int64_t *status)
{
    struct str text = token->text;
    if (text.len == 3 && str_has_suffix(text, STR("xx")))
        text = str_slice(text, 0, 1);
    if (parse_go_int(text, status) == PARSE_OK)
        return true;
    return cursor_error_at(in, DIAG_BAD_VALUE, token, "'" STR_FMT "' is not a status code",
                           STR_ARG(token->text));
}

bool parse_health_status(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    (void)state;
    int64_t status;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    const struct token *token = cursor_token(in);
    if (!read_status(in, token, &status))
        return false;
    option_set(scope, object, row->key, document_integer(scope->document, status, token), token);
    return true;
}

bool parse_unhealthy_status(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    struct token_list arguments = cursor_remaining(in);
    if (arguments.n == 0)
        return take_arity_error(in, row);
    json_t *checks = document_object_at(scope->document, object, "health_checks", name);
    json_t *passive = document_object_at(scope->document, checks, "passive", name);
    json_t *list = document_array_at(scope->document, passive, "unhealthy_status", name);
    for (size_t i = 0; i < arguments.n; i++) {
        int64_t status;
        if (!read_status(in, arguments.at[i], &status))
            return false;
        document_add(scope->document, list,
                     document_integer(scope->document, status, arguments.at[i]));
    }
    return true;
}

/* The name stays as it is written here: Caddy does not canonicalize it. */
static bool parse_health_field(struct scope *scope, struct cursor *in, const struct option *row,
                               json_t *headers, void *state)
{
    (void)row, (void)state;
    const struct token *field = cursor_token(in);
    struct token_list values = cursor_remaining(in);
    json_t *list = header_values(scope, headers, field->text, field);
    if (values.n == 0)
        document_add(scope->document, list, document_text(scope->document, "", field));
    for (size_t i = 0; i < values.n; i++)
        document_add(scope->document, list,
                     document_string(scope->document, values.at[i]->text, values.at[i]));
    return true;
}

const struct option health_header_options[] = {
    {.name = "<field>",
     .doc = "a header field of health checks",
     .arguments = "[<value...>]",
     .max_args = -1,
     .parse = parse_health_field,
     .flags = OPTION_HEADER_NAME | OPTION_ADDS},
    {0},
};

bool parse_health_headers(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    const struct token *option = cursor_token(in);
    json_t *headers = document_object(scope->document, option);
    bool ok = options_parse(scope, in, row->block, headers, state);
    option_set(scope, object, row->key, headers, option);
    return ok;
}

static json_t *active_checks(struct scope *scope, json_t *object, const struct token *origin)
{
    json_t *checks = document_object_at(scope->document, object, "health_checks", origin);
    return document_object_at(scope->document, checks, "active", origin);
}

/* [<address>%<zone>]:<port>, in canonical form; any network prefix is dropped, because Caddy makes
 * a URL of the value. */
static bool normalize_checked(struct scope *scope, const struct token *token,
                              const struct address *address, struct str *text)
{
    struct str host, port;
    if (address->kind != HOST_IPV6)
        return true;
    if (scope->adapter->options.no_normalize && split_host_port(*text, &host, &port) == PARSE_OK)
        return true;
    if (address->has_scheme) {
        diag_token(scope->diags, DIAG_BAD_UPSTREAM, token,
                   "health_upstream has no scheme: checks use that of the upstreams");
        return false;
    }
    if (address->port.len == 0) {
        struct diag *diag =
            diag_token(scope->diags, DIAG_BAD_UPSTREAM, token, "health_upstream needs a port");
        struct str dial = address_dial(scope->arena, address, STR("80"));
        diag_help(scope->diags, diag, token->span, str_trim_prefix(dial, STR("tcp6/")),
                  "add it: health_upstream " STR_FMT, STR_ARG(str_trim_prefix(dial, STR("tcp6/"))));
        return false;
    }
    struct str dial = address_dial(scope->arena, address, address->port);
    *text = str_trim_prefix(dial, STR("tcp6/"));
    return true;
}

bool parse_health_upstream(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    (void)state;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    const struct token *token = cursor_token(in);
    struct str text = token->text, host, port;
    struct address address;
    if (!address_check(scope->diags, token, 0, text, ADDRESS_UPSTREAM, &address) ||
        (address.has_zone && !normalize_checked(scope, token, &address, &text)))
        return false;
    int64_t number;
    enum parse_result result = split_host_port(text, &host, &port);
    if (result == PARSE_OK)
        result = parse_go_int(port, &number);
    if (result != PARSE_OK)
        return cursor_error(in, DIAG_BAD_UPSTREAM, "health_upstream '" STR_FMT "': %s",
                            STR_ARG(token->text), parse_result_text(result));
    option_set(scope, object, row->key, document_string(scope->document, text, token), token);
    return true;
}

bool parse_health_port(struct scope *scope, struct cursor *in, const struct option *row,
                       json_t *object, void *state)
{
    (void)state;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    const struct token *token = cursor_token(in);
    json_t *active = active_checks(scope, object, token);
    const json_t *upstream = json_object_get(active, "upstream");
    if (upstream) {
        struct diag *diag = diag_token(in->diags, DIAG_INVALID_OPTION, token,
                                       "health_port has no effect beside health_upstream");
        const struct token *other = document_origin(scope->document, active, "upstream", upstream);
        if (other)
            diag_label(in->diags, diag, other->span, "which has a port of its own");
        return false;
    }
    int64_t port;
    if (!read_integer(in, &port))
        return false;
    option_set(scope, object, row->key, document_integer(scope->document, port, token), token);
    return true;
}
