/* reverse_proxy: the options of its block as rows, and what ties them together. */
#include "directives/reverse_proxy.h"

#include "adapt/unknown.h"
#include "base/ip.h"
#include "base/parse.h"
#include "directives/header_ops.h"
#include "directives/module_spaces.h"
#include "directives/option_takes.h"
#include "directives/vocabulary_private.h"

static bool parse_retry_match(struct scope *scope, struct cursor *in, const struct option *row,
                              json_t *object, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    json_t *set = scope_matcher_block(scope, in, STR(""));
    if (!set)
        return false;
    json_t *balancing = document_object_at(scope->document, object, "load_balancing", name);
    json_t *sets = document_array_at(scope->document, balancing, row->key, name);
    document_add(scope->document, sets, set);
    return true;
}

/* Nanoseconds as a bare number, or a duration. */
static bool parse_loose_duration(struct scope *scope, struct cursor *in, const struct option *row,
                                 json_t *object, void *state)
{
    (void)state;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    int64_t nanoseconds;
    if (parse_go_int(cursor_val(in), &nanoseconds) != PARSE_OK && !read_duration(in, &nanoseconds))
        return false;
    const struct token *token = cursor_token(in);
    option_set(scope, object, row->key, document_integer(scope->document, nanoseconds, token),
               token);
    return true;
}

static bool parse_buffer(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    (void)state;
    if (!cursor_next_arg(in))
        return take_arity_error(in, row);
    const struct token *token = cursor_token(in);
    int64_t bytes = -1;
    if (!cursor_is(in, "unlimited") && !read_size(in, &bytes))
        return false;
    if (cursor_next_arg(in))
        return take_arity_error(in, row);
    option_set(scope, object, row->key, document_integer(scope->document, bytes, token), token);
    return true;
}

static bool parse_trusted_proxies(struct scope *scope, struct cursor *in, const struct option *row,
                                  json_t *object, void *state)
{
    (void)state;
    while (cursor_next_arg(in)) {
        const struct token *token = cursor_token(in);
        json_t *ranges = document_array_at(scope->document, object, row->key, token);
        if (!cursor_is(in, "private_ranges")) {
            document_add(scope->document, ranges,
                         document_string(scope->document, token->text, token));
            continue;
        }
        for (const char *const *range = ip_private_ranges; *range; range++)
            document_add(scope->document, ranges, document_text(scope->document, *range, token));
    }
    return true;
}

static bool parse_header(struct scope *scope, struct cursor *in, const struct option *row,
                         json_t *object, void *state)
{
    (void)state;
    const struct token *name = cursor_token(in);
    json_t *headers = document_object_at(scope->document, object, "headers", name);
    json_t *ops = document_object_at(scope->document, headers, row->key, name);
    struct str usage = str_printf(scope->arena, "%s %s", row->name, row->arguments);
    return header_op_read(scope, in, ops, HEADER_SIDE_PLAIN, usage.ptr);
}

static bool parse_verbose_logs(struct scope *scope, struct cursor *in, const struct option *row,
                               json_t *object, void *state)
{
    struct proxy *proxy = state;
    if (!proxy->verbose) {
        proxy->verbose = cursor_token(in);
        return take_loose_flag(scope, in, row, object, state);
    }
    struct diag *diag =
        diag_token(in->diags, DIAG_DUPLICATE, cursor_token(in), "'verbose_logs' stands here twice");
    diag_label(in->diags, diag, proxy->verbose->span, "first here");
    return false;
}

static bool parse_response_matcher(struct scope *scope, struct cursor *in, const struct option *row,
                                   json_t *object, void *state)
{
    (void)row, (void)object;
    struct proxy *proxy = state;
    struct cursor segment = cursor_segment(in);
    return scope_response_matcher(scope, &segment, proxy->response_matchers);
}

#define ACTIVE  "health_checks.active."
#define PASSIVE "health_checks.passive."

const struct option reverse_proxy_options[] = {
    {.name = "to",
     .doc = "upstreams to proxy to, besides those on the directive's line",
     .arguments = "<upstreams...>",
     .key = "upstreams",
     .min_args = 1,
     .max_args = -1,
     .parse = parse_to,
     .flags = OPTION_ADDS},
    {.name = "dynamic",
     .doc = "looks upstreams up for each request instead of listing them",
     .arguments = "<source> ...",
     .key = "dynamic_upstreams",
     .min_args = 1,
     .max_args = -1,
     .space = &upstream_source_space,
     .parse = parse_dynamic,
     .since = "2.5"},

    {.name = "lb_policy",
     .doc = "how one of several upstreams is chosen",
     .arguments = "<policy> ...",
     .key = "load_balancing.selection_policy",
     .min_args = 1,
     .max_args = -1,
     .space = &selection_policy_space,
     .parse = parse_policy,
     .flags = OPTION_ONCE_FILLED},
    {.name = "lb_retries",
     .doc = "how often another upstream is tried after a failure",
     .arguments = "<retries>",
     .key = "load_balancing.retries",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_integer,
     .since = "2.6"},
    {.name = "lb_try_duration",
     .doc = "how long an available upstream is looked for",
     .arguments = "<duration>",
     .key = "load_balancing.try_duration",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration},
    {.name = "lb_try_interval",
     .doc = "pause between two tries",
     .arguments = "<interval>",
     .key = "load_balancing.try_interval",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration},
    {.name = "lb_retry_match",
     .doc = "which requests may be retried when more than dialling failed",
     .arguments = "[<matcher> ...]",
     .key = "retry_match",
     .json = "load_balancing.retry_match",
     .max_args = -1,
     .parse = parse_retry_match,
     .flags = OPTION_ADDS,
     .since = "2.6"},

    {.name = "health_uri",
     .doc = "path and query of active health checks; turns them on",
     .arguments = "<uri>",
     .key = ACTIVE "uri",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_string,
     .since = "2.4"},
    {.name = "health_path",
     .doc = "path of active health checks",
     .arguments = "<path>",
     .key = ACTIVE "path",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_string,
     .deprecated = "health_uri"},
    {.name = "health_upstream",
     .doc = "address that health checks go to instead of the upstream's",
     .arguments = "<host:port>",
     .key = ACTIVE "upstream",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_health_upstream,
     .since = "2.9"},
    {.name = "health_port",
     .doc = "port that health checks go to instead of the upstream's",
     .arguments = "<port>",
     .key = ACTIVE "port",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_health_port},
    {.name = "health_headers",
     .doc = "header fields of health checks, one on each line of the block",
     .key = ACTIVE "headers",
     .type = VALUE_BLOCK,
     .block = health_header_options,
     .parse = parse_health_headers,
     .since = "2.4"},
    {.name = "health_method",
     .doc = "method of health checks; GET by default",
     .arguments = "<method>",
     .key = ACTIVE "method",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_string,
     .since = "2.9"},
    {.name = "health_request_body",
     .doc = "body of health checks",
     .arguments = "<text>",
     .key = ACTIVE "body",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_string,
     .since = "2.9"},
    {.name = "health_interval",
     .doc = "pause between two health checks; 30s by default",
     .arguments = "<interval>",
     .key = ACTIVE "interval",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration},
    {.name = "health_timeout",
     .doc = "how long a health check may take; 5s by default",
     .arguments = "<duration>",
     .key = ACTIVE "timeout",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration},
    {.name = "health_status",
     .doc = "status a healthy upstream answers with, or a class such as 2xx",
     .arguments = "<status_class>",
     .key = ACTIVE "expect_status",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_health_status},
    {.name = "health_body",
     .doc = "regular expression that the body of a healthy answer matches",
     .arguments = "<regexp>",
     .key = ACTIVE "expect_body",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_string},
    {.name = "health_follow_redirects",
     .doc = "health checks follow redirects",
     .key = ACTIVE "follow_redirects",
     .type = VALUE_TRUE,
     .parse = take_flag,
     .since = "2.8"},
    {.name = "health_passes",
     .doc = "checks that must pass before an upstream is healthy again",
     .arguments = "<count>",
     .key = ACTIVE "passes",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_integer,
     .since = "2.8"},
    {.name = "health_fails",
     .doc = "checks that must fail before an upstream is unhealthy",
     .arguments = "<count>",
     .key = ACTIVE "fails",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_integer,
     .since = "2.8"},

    {.name = "max_fails",
     .doc = "failed requests within fail_duration that make an upstream unhealthy",
     .arguments = "<count>",
     .key = PASSIVE "max_fails",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_integer},
    {.name = "fail_duration",
     .doc = "how long a failed request is remembered; turns passive checks on",
     .arguments = "<duration>",
     .key = PASSIVE "fail_duration",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration},
    {.name = "unhealthy_request_count",
     .doc = "requests in flight at which an upstream counts as unhealthy",
     .arguments = "<count>",
     .key = PASSIVE "unhealthy_request_count",
     .type = VALUE_INTEGER,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_integer},
    {.name = "unhealthy_status",
     .doc = "answers that count as failures",
     .arguments = "<status_class...>",
     .key = PASSIVE "unhealthy_status",
     .min_args = 1,
     .max_args = -1,
     .parse = parse_unhealthy_status,
     .flags = OPTION_ADDS},
    {.name = "unhealthy_latency",
     .doc = "an answer that takes longer counts as a failure",
     .arguments = "<duration>",
     .key = PASSIVE "unhealthy_latency",
     .type = VALUE_DURATION,
     .min_args = 1,
     .max_args = 1,
     .parse = take_next_duration},

    {.name = "flush_interval",
     .doc = "how often answers are flushed to the client; -1 at once",
     .arguments = "<duration>|<nanoseconds>",
     .key = "flush_interval",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_loose_duration},
    {.name = "request_buffers",
     .doc = "bytes of a request's body to read before it is sent on",
     .arguments = "<size>|unlimited",
     .key = "request_buffers",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_buffer,
     .since = "2.6.4"},
    {.name = "response_buffers",
     .doc = "bytes of an answer's body to read before it is sent on",
     .arguments = "<size>|unlimited",
     .key = "response_buffers",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_buffer,
     .since = "2.6.4"},
    {.name = "stream_buffer_size",
     .doc = "size of the buffers of upgraded connections",
     .arguments = "<size>|unlimited",
     .key = "stream_buffer_size",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_buffer,
     .since = "2.11.3"},
    {.name = "proxy_status_name",
     .doc = "how this proxy calls itself in Proxy-Status",
     .arguments = "<name>",
     .key = "proxy_status_name",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_only_string,
     .since = "2.11"},
    {.name = "stream_timeout",
     .doc = "when upgraded connections are closed at the latest",
     .arguments = "<duration>|<nanoseconds>",
     .key = "stream_timeout",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_loose_duration,
     .since = "2.7"},
    {.name = "stream_close_delay",
     .doc = "how long upgraded connections outlive the configuration",
     .arguments = "<duration>|<nanoseconds>",
     .key = "stream_close_delay",
     .min_args = 1,
     .max_args = 1,
     .parse = parse_loose_duration,
     .since = "2.7"},
    {.name = "verbose_logs",
     .doc = "logs more of each request to an upstream",
     .key = "verbose_logs",
     .type = VALUE_TRUE,
     .parse = parse_verbose_logs,
     .flags = OPTION_ONCE_FILLED,
     .since = "2.7.5"},

    {.name = "trusted_proxies",
     .doc = "peers whose X-Forwarded-* fields are believed",
     .arguments = "[<range>|private_ranges...]",
     .key = "trusted_proxies",
     .max_args = -1,
     .parse = parse_trusted_proxies,
     .flags = OPTION_ADDS,
     .since = "2.5"},
    {.name = "header_up",
     .doc = "changes a header field of the request",
     .arguments = "[+|-]<field> [<value|regexp> [<replacement>]]",
     .key = "request",
     .json = "headers.request",
     .min_args = 1,
     .max_args = 3,
     .parse = parse_header,
     .flags = OPTION_HEADER_NAME | OPTION_ADDS},
    {.name = "header_down",
     .doc = "changes a header field of the answer",
     .arguments = "[+|-]<field> [<value|regexp> [<replacement>]]",
     .key = "response",
     .json = "headers.response",
     .min_args = 1,
     .max_args = 3,
     .parse = parse_header,
     .flags = OPTION_HEADER_NAME | OPTION_ADDS},
    {.name = "method",
     .doc = "method that the upstream sees",
     .arguments = "<method>",
     .key = "rewrite.method",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_only_string,
     .since = "2.5.1"},
    {.name = "rewrite",
     .doc = "URI that the upstream sees",
     .arguments = "<to>",
     .key = "rewrite.uri",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = take_only_string,
     .since = "2.5.1"},

    {.name = "transport",
     .doc = "how upstreams are talked to",
     .arguments = "<transport> ...",
     .key = "transport",
     .min_args = 1,
     .max_args = -1,
     .space = &transport_space,
     .parse = parse_transport},
    {.name = "@<name>",
     .doc = "a response matcher for handle_response and replace_status",
     .arguments = "[<response_condition> ...]",
     .json = "handle_response[].match",
     .max_args = -1,
     .block = response_matchers,
     .parse = parse_response_matcher,
     .flags = OPTION_INLINE | OPTION_ADDS},
    {.name = "handle_response",
     .doc = "directives to run for an answer instead of sending it on",
     .arguments = "[<@response_matcher>]",
     .key = "handle_response",
     .max_args = 1,
     .flags = OPTION_DIRECTIVES | OPTION_ADDS,
     .since = "2.4",
     .parse = parse_handle_response},
    {.name = "replace_status",
     .doc = "another status for an answer",
     .arguments = "[<@response_matcher>] <status>",
     .key = "handle_response",
     .min_args = 1,
     .max_args = 2,
     .parse = parse_replace_status,
     .flags = OPTION_ADDS,
     .since = "2.5"},
    {0},
};

#undef ACTIVE
#undef PASSIVE

struct proxy proxy_begin(struct scope *scope)
{
    return (struct proxy){
        .handler = handler_new(scope, "reverse_proxy"),
        .scheme = STR(""),
        .response_matchers = document_object(scope->document, NULL),
    };
}

static bool read_line(struct scope *scope, struct cursor *in, struct proxy *proxy)
{
    const struct option *row = option_find(reverse_proxy_options, cursor_val(in));
    if (!row)
        return option_unknown(scope, in, reverse_proxy_options,
                              scope->directive ? scope->directive->name : "reverse_proxy");
    return option_apply(scope, in, row, proxy->handler, proxy);
}

bool proxy_read(struct scope *scope, struct cursor *in, struct proxy *proxy)
{
    bool ok = true;
    cursor_next(in);
    struct token_list upstreams = cursor_remaining(in);
    for (size_t i = 0; i < upstreams.n; i++)
        ok = proxy_add_upstream(scope, proxy, upstreams.at[i]) && ok;
    while (cursor_next_block(in, 0)) {
        struct cursor before = *in;
        struct trial trial = trial_begin(scope, proxy->handler);
        if (read_line(scope, in, proxy))
            continue;
        ok = trial_undo(scope, &trial) && ok;
        *in = before;
        cursor_segment_tokens(in);
    }
    return ok && proxy_finish_transport(scope, in, proxy);
}

static json_t *handle_reverse_proxy(struct scope *scope)
{
    struct proxy proxy = proxy_begin(scope);
    if (!proxy_read(scope, scope->in, &proxy) || !proxy_read_responses(scope, &proxy))
        return NULL;
    return proxy.handler;
}

const struct directive reverse_proxy_directives[] = {
    {.name = "reverse_proxy",
     .doc = "passes requests on to one of several upstreams",
     .arguments = "[<upstreams...>]",
     .makes = "http.handlers.reverse_proxy",
     .handler = handle_reverse_proxy,
     .takes_matcher = true,
     .options = reverse_proxy_options},
    {.name = "copy_response",
     .doc = "inside of handle_response: sends the upstream's answer after all",
     .arguments = "[<status>]",
     .makes = "http.handlers.copy_response",
     .handler = handle_copy_response,
     .flags = OPTION_LOOSE,
     .takes_matcher = true,
     .options = copy_response_options,
     .since = "2.5"},
    {.name = "copy_response_headers",
     .doc = "inside of handle_response: sends header fields of the upstream's answer",
     .makes = "http.handlers.copy_response_headers",
     .handler = handle_copy_response_headers,
     .takes_matcher = true,
     .options = copy_response_headers_options,
     .since = "2.5"},
    {0},
};
