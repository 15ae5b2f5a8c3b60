/* respond, error, abort, redir: answers that Caddy makes itself. */
#include "base/parse.h"
#include "directives/values.h"
#include "directives/vocabulary_private.h"

/* A lone argument of three bytes that is a positive integer is a status, anything else a text. */
static bool is_status(const struct token *token)
{
    int64_t status;
    return token->text.len == 3 && parse_go_int(token->text, &status) == PARSE_OK && status > 0;
}

/* "<status>" or "<text> [<status>]" into the handler. */
static bool read_text_and_status(struct scope *scope, json_t *handler, const char *text_key,
                                 const char *usage)
{
    struct token_list arguments = cursor_remaining(scope->in);
    const struct token *text = NULL, *status = NULL;
    if (arguments.n < 1 || arguments.n > 2)
        return cursor_arg_error(scope->in, usage);
    if (arguments.n == 1 && is_status(arguments.at[0])) {
        status = arguments.at[0];
    } else {
        text = arguments.at[0];
        status = arguments.n == 2 ? arguments.at[1] : NULL;
    }
    value_set(scope, handler, text_key, value_string(scope, text), text);
    value_set_weak(scope, handler, "status_code", status);
    return true;
}

/* A text that may stand only once, on the first line or in the block. */
static bool parse_text_once(struct scope *scope, struct cursor *in, const struct option *row,
                            json_t *object, void *state)
{
    if (json_object_get(object, row->key))
        return cursor_error(in, DIAG_DUPLICATE, "there is a %s already", row->name);
    return option_only_one(scope, in, row, object, state);
}

static bool parse_close(struct scope *scope, struct cursor *in, const struct option *row,
                        json_t *object, void *state)
{
    if (json_object_get(object, row->key))
        return cursor_error(in, DIAG_DUPLICATE, "'close' stands here twice");
    return option_flag(scope, in, row, object, state);
}

static const struct option respond_options[] = {
    {.name = "body",
     .doc = "text of the answer",
     .arguments = "<text>",
     .key = "body",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_text_once,
     .flags = OPTION_ONCE_FILLED},
    {.name = "close",
     .doc = "closes the connection after the answer",
     .key = "close",
     .type = VALUE_TRUE,
     .parse = parse_close,
     .flags = OPTION_ONCE_FILLED},
    {0},
};

static json_t *adapt_respond(struct scope *scope)
{
    cursor_next(scope->in);
    json_t *handler = handler_new(scope, "static_response");
    if (!read_text_and_status(scope, handler, "body",
                              "respond [<matcher>] <status>|<body> [<status>]") ||
        !options_parse(scope, scope->in, respond_options, handler, NULL))
        return NULL;
    return handler;
}

static const struct option error_options[] = {
    {.name = "message",
     .doc = "text of the error",
     .arguments = "<text>",
     .key = "error",
     .type = VALUE_STRING,
     .min_args = 1,
     .max_args = 1,
     .parse = parse_text_once,
     .flags = OPTION_ONCE_FILLED},
    {0},
};

static json_t *adapt_error(struct scope *scope)
{
    cursor_next(scope->in);
    json_t *handler = handler_new(scope, "error");
    if (!read_text_and_status(scope, handler, "error",
                              "error [<matcher>] <status>|<message> [<status>]") ||
        !options_parse(scope, scope->in, error_options, handler, NULL))
        return NULL;
    return handler;
}

static json_t *adapt_abort(struct scope *scope)
{
    cursor_next(scope->in);
    const struct token *name = cursor_token(scope->in);
    json_t *handler = handler_new(scope, "static_response");
    document_set_at(scope->document, handler, "abort", document_bool(true), name);
    if (cursor_next(scope->in)) {
        cursor_arg_error(scope->in, "abort [<matcher>]");
        return NULL;
    }
    return handler;
}

/* As Go's html.EscapeString. */
static struct str escape_html(struct arena *arena, struct str text)
{
    static const struct {
        char c;
        const char *entity;
    } entities[] = {
        {'&', "&amp;"}, {'\'', "&#39;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&#34;"},
    };
    struct strbuf out = strbuf_in(arena);
    for (size_t i = 0; i < text.len; i++) {
        const char *entity = NULL;
        for (size_t k = 0; k < sizeof(entities) / sizeof(entities[0]); k++)
            if (text.ptr[i] == entities[k].c)
                entity = entities[k].entity;
        if (entity)
            strbuf_puts(&out, entity);
        else
            strbuf_add_char(&out, text.ptr[i]);
    }
    return strbuf_str(&out);
}

/* The page that sends browsers on. Its bytes are Caddy's: they are part of the JSON. */
static json_t *redirect_page(struct scope *scope, const struct token *to)
{
    static const char *const parts[] = {
        "<!DOCTYPE html>\n"
        "<html>\n"
        "\t<head>\n"
        "\t\t<title>Redirecting...</title>\n"
        "\t\t<script>window.location.replace(\"",
        "\");</script>\n"
        "\t\t<meta http-equiv=\"refresh\" content=\"0; URL='",
        "'\">\n"
        "\t</head>\n"
        "\t<body>Redirecting to <a href=\"",
        "\">",
        "</a>...</body>\n"
        "</html>\n",
    };
    enum { N_PARTS = sizeof(parts) / sizeof(parts[0]) };
    struct str target = escape_html(scope->arena, to->text);
    struct strbuf page = strbuf_in(scope->arena);
    for (size_t i = 0; i < N_PARTS; i++) {
        strbuf_puts(&page, parts[i]);
        if (i + 1 < N_PARTS)
            strbuf_add(&page, target);
    }
    return document_string(scope->document, strbuf_str(&page), to);
}

/* The status of a redirection by number or word; NULL after a diagnostic. */
static json_t *redirect_status(struct scope *scope, const struct token *code)
{
    int64_t status;
    if (!code || code->text.len == 0 || token_is(code, "temporary"))
        return document_integer(scope->document, 302, code);
    if (token_is(code, "permanent"))
        return document_integer(scope->document, 301, code);
    if (code->text.ptr[0] == '{') /* a placeholder: known only when a request is there */
        return value_string(scope, code);
    if (parse_go_int(code->text, &status) != PARSE_OK) {
        value_refuse(scope->in, code, "a status: write permanent, temporary, html or a number");
        return NULL;
    }
    if (status < 300 || (status > 399 && status != 401)) {
        value_refuse(scope->in, code, "the status of a redirection: 300 to 399, or 401");
        return NULL;
    }
    return document_integer(scope->document, status, code);
}

static json_t *adapt_redir(struct scope *scope)
{
    struct cursor *in = scope->in;
    cursor_next(in);
    json_t *handler = handler_new(scope, "static_response");
    if (!cursor_next_arg(in)) {
        cursor_arg_error(in, "redir [<matcher>] <to> [<code>]");
        return NULL;
    }
    const struct token *to = cursor_token(in);
    const struct token *code = cursor_next_arg(in) ? cursor_token(in) : NULL;
    bool is_page = code && token_is(code, "html");
    json_t *status =
        is_page ? document_integer(scope->document, 200, code) : redirect_status(scope, code);
    if (!status)
        return NULL;
    json_t *headers = document_object_at(scope->document, handler, "headers", to);
    json_t *values =
        document_array_at(scope->document, headers, is_page ? "Content-Type" : "Location", to);
    document_add(scope->document, values,
                 is_page ? document_text(scope->document, "text/html; charset=utf-8", code)
                         : value_string(scope, to));
    document_set(scope->document, handler, "status_code", status);
    if (is_page)
        document_set(scope->document, handler, "body", redirect_page(scope, to));
    return handler;
}

const struct directive respond_directives[] = {
    {.name = "respond",
     .doc = "answers with a fixed status and text",
     .arguments = "<status>|<body> [<status>]",
     .makes = "http.handlers.static_response",
     .handler = adapt_respond,
     .options = respond_options},
    {.name = "error",
     .doc = "raises an error, for handle_errors to answer",
     .arguments = "<status>|<message> [<status>]",
     .makes = "http.handlers.error",
     .handler = adapt_error,
     .options = error_options,
     .since = "2.4"},
    {.name = "abort",
     .doc = "closes the connection without an answer",
     .makes = "http.handlers.static_response",
     .handler = adapt_abort,
     .since = "2.4"},
    {.name = "redir",
     .doc = "sends the client to another address",
     .arguments = "<target> [permanent|temporary|html|<code>]",
     .makes = "http.handlers.static_response",
     .handler = adapt_redir,
     .flags = OPTION_LOOSE},
    {0},
};
