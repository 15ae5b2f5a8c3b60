/* Selection policies: how one of several upstreams is chosen. */
#include "directives/module_spaces.h"
#include "directives/option_takes.h"
#include "directives/reverse_proxy.h"

/* A policy without parameters. */
static bool policy_plain(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    (void)scope, (void)object, (void)state;
    return !cursor_next_arg(in) || take_arity_error(in, row);
}

static bool policy_weights(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    if (cursor_count_remaining(in) == 0)
        return take_arity_error(in, row);
    json_t *weights = document_array_at(scope->document, object, "weights", name);
    while (cursor_next_arg(in)) {
        int64_t weight;
        if (!read_integer(in, &weight))
            return false;
        if (weight < 0)
            return cursor_error(in, DIAG_BAD_VALUE, "a weight cannot be negative");
        document_add(scope->document, weights,
                     document_integer(scope->document, weight, cursor_token(in)));
    }
    return true;
}

static bool policy_choose(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    const struct option choose = {.key = "choose", .arguments = row->arguments};
    return take_next_integer(scope, in, &choose, object, state);
}

static bool parse_fallback(struct scope *scope, struct cursor *in, const struct option *row,
                           json_t *object, void *state)
{
    (void)state;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    if (json_object_get(object, row->key))
        return cursor_error(in, DIAG_DUPLICATE, "a fallback policy was chosen already");
    json_t *policy = module_take(scope, in, &selection_policy_space);
    document_set(scope->document, object, row->key, policy);
    return policy != NULL;
}

static bool parse_max_age(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    (void)state;
    int64_t age;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    const struct token *token = cursor_token(in);
    if (json_object_get(object, row->key))
        return cursor_error(in, DIAG_DUPLICATE, "'max_age' stands here twice");
    if (!read_duration(in, &age))
        return false;
    if (age <= 0)
        return cursor_error(in, DIAG_BAD_VALUE, "the age of a cookie must be positive");
    if (cursor_next_arg(in))
        return take_arity_error(in, row);
    option_set(scope, object, row->key, document_integer(scope->document, age, token), token);
    return true;
}

#define FALLBACK_ROW                                                                               \
    {.name = "fallback",                                                                           \
     .doc = "policy for requests that have nothing to hash",                                       \
     .arguments = "<policy> ...",                                                                  \
     .key = "fallback",                                                                            \
     .min_args = 1,                                                                                \
     .max_args = -1,                                                                               \
     .space = &selection_policy_space,                                                             \
     .parse = parse_fallback,                                                                      \
     .flags = OPTION_ONCE_FILLED,                                                                  \
     .since = "2.7"}

static const struct option hash_options[] = {FALLBACK_ROW, {0}};

static const struct option cookie_options[] = {
    FALLBACK_ROW,
    {.name = "max_age",
     .doc = "lifetime of the cookie; that of the browser's session by default",
     .arguments = "<duration>",
     .key = "max_age",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_max_age,
     .flags = OPTION_ONCE_FILLED,
     .since = "2.9"},
    {0},
};

/* One argument, what to hash, under the row's key. */
static bool policy_hash(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *object, void *state)
{
    return take_next_string(scope, in, row, object, state) &&
           options_parse(scope, in, row->block, object, state);
}

static bool policy_cookie(struct scope *scope, struct cursor *in, const struct option *row,
                          json_t *object, void *state)
{
    static const char *const keys[] = {"name", "secret"};
    struct token_list arguments = cursor_remaining(in);
    if (arguments.n > 2)
        return take_arity_error(in, row);
    for (size_t i = 0; i < arguments.n; i++)
        option_set(scope, object, keys[i],
                   document_string(scope->document, arguments.at[i]->text, arguments.at[i]),
                   arguments.at[i]);
    return options_parse(scope, in, row->block, object, state);
}

static const struct option selection_policies[] = {
    {.name = "random", .doc = "any of those available", .parse = policy_plain},
    {.name = "random_choose",
     .doc = "the least loaded of some chosen at random",
     .arguments = "<count>",
     .min_args = 1,
     .max_args = 1,
     .parse = policy_choose,
     .flags = OPTION_LOOSE},
    {.name = "first", .doc = "the first that is available", .parse = policy_plain},
    {.name = "round_robin", .doc = "each in turn", .parse = policy_plain},
    {.name = "weighted_round_robin",
     .doc = "each in turn, as often as its weight says",
     .arguments = "<weights...>",
     .key = "weights",
     .min_args = 1,
     .max_args = -1,
     .parse = policy_weights,
     .since = "2.7"},
    {.name = "least_conn", .doc = "the one with the fewest requests", .parse = policy_plain},
    {.name = "ip_hash", .doc = "by the peer's address", .parse = policy_plain},
    {.name = "client_ip_hash",
     .doc = "by the client's address, trusted proxies considered",
     .parse = policy_plain,
     .since = "2.7"},
    {.name = "uri_hash", .doc = "by the request's URI", .parse = policy_plain},
    {.name = "query",
     .doc = "by a query parameter",
     .arguments = "<key>",
     .key = "key",
     .min_args = 1,
     .max_args = 1,
     .block = hash_options,
     .parse = policy_hash,
     .flags = OPTION_LOOSE,
     .since = "2.7"},
    {.name = "header",
     .doc = "by a header field",
     .arguments = "<field>",
     .key = "field",
     .min_args = 1,
     .max_args = 1,
     .block = hash_options,
     .parse = policy_hash,
     .flags = OPTION_HEADER_NAME | OPTION_LOOSE},
    {.name = "cookie",
     .doc = "by a cookie that the proxy sets",
     .arguments = "[<name> [<secret>]]",
     .max_args = 2,
     .block = cookie_options,
     .parse = policy_cookie,
     .since = "2.3"},
    {0},
};

const struct module_space selection_policy_space = {
    .name = "http.reverse_proxy.selection_policies",
    .key = "policy",
    .doc = "how one of several upstreams is chosen",
    .modules = selection_policies,
};

bool parse_policy(struct scope *scope, struct cursor *in, const struct option *row, json_t *object,
                  void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    json_t *balancing = json_object_get(object, "load_balancing");
    const json_t *earlier = json_object_get(balancing, "selection_policy");
    if (earlier) {
        struct diag *diag = diag_token(in->diags, DIAG_DUPLICATE, cursor_token(in),
                                       "a selection policy was chosen already");
        const struct token *first = document_origin(scope->document, NULL, NULL, earlier);
        if (first)
            diag_label(in->diags, diag, first->span, "here");
        return false;
    }
    json_t *policy = module_take(scope, in, &selection_policy_space);
    if (!policy)
        return false;
    balancing = document_object_at(scope->document, object, "load_balancing", name);
    document_set(scope->document, balancing, "selection_policy", policy);
    return true;
}
