/* acme_server: an ACME server that signs with an authority of the pki app. */
#include "directives/acme_server.h"

#include "directives/option_takes.h"

static bool rule_strings(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    return take_more_strings(scope, in, row, object, state);
}

static const struct option rule_options[] = {
    {.name = "domains",
     .doc = "names that certificates may or may not be ordered for",
     .arguments = "<domain...>",
     .key = "domains",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = rule_strings,
     .flags = OPTION_ADDS},
    {.name = "ip_ranges",
     .doc = "addresses that certificates may or may not be ordered for",
     .arguments = "<cidr...>",
     .key = "ip_ranges",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = rule_strings,
     .flags = OPTION_ADDS},
    {0},
};

/* A repetition replaces the rules before it. */
static bool rules(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
                  void *state)
{
    const struct token *name = cursor_token(in);
    json_t *set = document_object(scope->document, name);
    if (!options_parse(scope, in, row->block, set, state))
        return false;
    document_set(scope->document, document_object_at(scope->document, object, "policy", name),
                 row->name, set);
    return true;
}

/* Even an empty name is that of an authority. */
static bool parse_ca(struct scope *scope, struct cursor *in, const struct option *row,
                     json_t *object, void *state)
{
    const struct token **id = state;
    if (!take_only_string(scope, in, row, object, NULL))
        return false;
    *id = cursor_token(in);
    return true;
}

const struct option acme_server_options[] = {
    {.name = "ca",
     .doc = "the authority that signs",
     .arguments = "<ca_id>",
     .key = "ca",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_ca,
     .since = "2.4"},
    {.name = "lifetime",
     .doc = "how long certificates are valid",
     .arguments = "<duration>",
     .key = "lifetime",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_unplaced_duration,
     .since = "2.6.3"},
    {.name = "resolvers",
     .doc = "DNS servers to look names up at",
     .arguments = "<server...>",
     .key = "resolvers",
     .type = VALUE_STRINGS,
     .min_args = 1,
     .max_args = -1,
     .parse = take_strings,
     .since = "2.7"},
    {.name = "challenges",
     .doc = "the challenges to offer",
     .arguments = "[http-01|tls-alpn-01|dns-01...]",
     .key = "challenges",
     .type = VALUE_STRINGS,
     .max_args = -1,
     .parse = take_more_strings,
     .flags = OPTION_OPEN_WORDS | OPTION_ADDS,
     .since = "2.8"},
    {.name = "allow_wildcard_names",
     .doc = "sign for wildcard names too",
     .key = "policy.allow_wildcard_names",
     .type = VALUE_TRUE,
     .parse = take_loose_flag,
     .since = "2.8"},
    {.name = "allow",
     .doc = "sign for these only",
     .key = "policy.allow",
     .type = VALUE_BLOCK,
     .block = rule_options,
     .parse = rules,
     .since = "2.8"},
    {.name = "deny",
     .doc = "never sign for these",
     .key = "policy.deny",
     .type = VALUE_BLOCK,
     .block = rule_options,
     .parse = rules,
     .since = "2.8"},
    {.name = "sign_with_root",
     .doc = "sign with the root instead of the intermediate",
     .key = "sign_with_root",
     .type = VALUE_TRUE,
     .parse = take_flag,
     .since = "2.8"},
    {0},
};

bool acme_server_adapt(struct scope *scope)
{
    struct cursor *in = scope->in;
    json_t *matcher_set = NULL;
    cursor_next(in);
    if (!scope_take_matcher(scope, &matcher_set))
        return false;
    cursor_next(in);
    const struct token *name = cursor_token(in);
    if (cursor_next_arg(in))
        return cursor_arg_error(in, NULL);
    json_t *handler = handler_new(scope, "acme_server");
    const struct token *id = NULL;
    if (!options_parse(scope, in, acme_server_options, handler, &id))
        return false;
    scope_push_route(scope, matcher_set, handler);
    if (id) {
        json_t *authority = document_object(scope->document, name);
        document_set(scope->document, authority, "id",
                     document_string(scope->document, id->text, id));
        scope_push(scope, RESULT_PKI_CA, authority);
    }
    return true;
}
