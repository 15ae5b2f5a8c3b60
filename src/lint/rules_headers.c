/* Rules for header fields and the client's address (DT6xx). */
#include "lint/lint_private.h"
#include "lint/rule.h"

/* --- one change of a field, wherever it is written --- */

enum header_place { HEADER_RESPONSE, HEADER_REQUEST, HEADER_UP, HEADER_DOWN };

struct header_change {
    const struct node *line;     /* it stands alone on this line */
    const struct token *token;   /* the field as written, prefix included */
    const struct token *value, *replacement;
    struct str field;            /* without its prefix */
    char prefix;                 /* + - ? > or 0 */
    enum header_place place;
};

typedef void change_fn(struct lint *lint, const struct header_change *change);

static void give(struct lint *lint, const struct node *line, enum header_place place,
                 const struct token *const words[3], change_fn *visit)
{
    if (!words[0] || words[0]->text.len == 0)
        return;
    struct header_change change = {.line = line,
                                   .token = words[0],
                                   .value = words[1],
                                   .replacement = words[2],
                                   .field = words[0]->text,
                                   .place = place};
    if (strchr("+-?>", change.field.ptr[0])) {
        change.prefix = change.field.ptr[0];
        change.field = str_slice(change.field, 1, change.field.len);
    }
    visit(lint, &change);
}

/* The third word; also a } that ends the block on this line, which Caddy takes for one. */
static const struct token *third_word(const struct node *line)
{
    const struct token *close = line->parent && !line->next ? line->parent->close : NULL;
    if (line_word(line, 2) || !close || !line_word(line, 1) ||
        token_is_on_new_line(line->words[line->n_words - 1], close))
        return line_word(line, 2);
    return close;
}

/* Calls <visit> for every change that the line makes: on it, or in its block. */
static void each_change(struct lint *lint, const struct node *line, change_fn *visit)
{
    bool is_up = str_is(line_name(line), "header_up"), is_down = str_is(line_name(line), "header_down");
    if (is_up || is_down) {
        give(lint, line, is_up ? HEADER_UP : HEADER_DOWN,
             (const struct token *const[]){line_word(line, 0), line_word(line, 1),
                                           third_word(line)},
             visit);
        return;
    }
    if (!line_directive(lint, line))
        return;
    enum header_place place =
        str_is(line_name(line), "request_header") ? HEADER_REQUEST : HEADER_RESPONSE;
    give(lint, line, place,
         (const struct token *const[]){line_argument(lint, line, 0), line_argument(lint, line, 1),
                                       line_argument(lint, line, 2)},
         visit);
    for (const struct node *child = line->body; child; child = child->next) {
        if (str_is(line_name(child), "defer") || str_is(line_name(child), "match"))
            continue;
        give(lint, child, place,
             (const struct token *const[]){line_name_token(child), line_word(child, 0),
                                           line_word(child, 1)},
             visit);
    }
}

static bool is_field(const struct header_change *change, const char *name)
{
    return str_eq_nocase(change->field, str_from(name));
}

static bool value_is_one_of(const struct header_change *change, const char *const *values)
{
    return change->value && str_is_one_of(change->value->text, values);
}

static void offer_removal(struct lint *lint, struct diag *diag, const struct header_change *change)
{
    if (!change->line->body && change->line->words[0]->via == NULL)
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE,
                 lint_whole_lines(lint, line_span(change->line)), STR(""), "leave this line away");
}

/* Whether the proxy speaks TLS to its upstreams, as far as it is written. */
static bool looks_like_tls(const struct lint *lint, const struct node *proxy)
{
    const struct node *transport = line_option(proxy, "transport");
    const struct token *token;
    for (uint32_t i = 0; (token = line_argument(lint, proxy, i)); i++)
        if (str_has_prefix(token->text, STR("https://")))
            return true;
    const struct node *to = line_option(proxy, "to");
    if (to && line_word(to, 0) && str_has_prefix(line_word(to, 0)->text, STR("https://")))
        return true;
    for (const struct node *option = transport ? transport->body : NULL; option;
         option = option->next)
        if (str_has_prefix(line_name(option), STR("tls")))
            return true;
    return false;
}

static bool proxy_uses_tls(const struct lint *lint, const struct node *line)
{
    static const char yes, no;
    const char *answer = lint_answered(lint, &yes, line->parent);
    if (!answer) {
        answer = looks_like_tls(lint, line->parent) ? &yes : &no;
        lint_answer(lint, &yes, line->parent, answer);
    }
    return answer == &yes;
}

/* --- DT601 to DT604: what the proxy sends on about the client --- */

static void redundant(struct lint *lint, const struct header_change *change)
{
    static const struct {
        const char *field;
        const char *values[5];
    } defaults[] = {
        {"X-Forwarded-For", {"{remote_host}", "{http.request.remote.host}", "{client_ip}"}},
        {"X-Forwarded-Proto", {"{scheme}", "{http.request.scheme}"}},
        {"X-Forwarded-Host", {"{host}", "{http.request.host}", "{hostport}",
                              "{http.request.hostport}"}},
        {"Connection", {"{header.Connection}", "{>Connection}", "{http.request.header.Connection}"}},
        {"Upgrade", {"{header.Upgrade}", "{>Upgrade}", "{http.request.header.Upgrade}"}},
    };
    if (change->place != HEADER_UP || change->prefix || change->replacement)
        return;
    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
        if (!is_field(change, defaults[i].field) || !value_is_one_of(change, defaults[i].values))
            continue;
        struct diag *diag = lint_report(lint, change->token, "the proxy sends " STR_FMT " by itself",
                                        STR_ARG(change->field));
        offer_removal(lint, diag, change);
    }
}

static void check_redundant(struct lint *lint, const struct node *line)
{
    each_change(lint, line, redundant);
}

static void host_override(struct lint *lint, const struct header_change *change)
{
    static const char *const own[] = {"{host}", "{http.request.host}", "{hostport}",
                                      "{http.request.hostport}", NULL};
    static const char *const upstream[] = {"{upstream_hostport}",
                                           "{http.reverse_proxy.upstream.hostport}", NULL};
    if (change->place != HEADER_UP || change->prefix || change->replacement ||
        !is_field(change, "Host"))
        return;
    bool is_tls = proxy_uses_tls(lint, change->line);
    const char *why = NULL;
    if (!is_tls && value_is_one_of(change, own))
        why = "the Host header is passed on as it is anyway";
    else if (is_tls && lint_targets(lint, 2, 11, 0) && value_is_one_of(change, upstream))
        why = "since 2.11 an upstream over TLS gets its own name as Host anyway";
    if (why)
        offer_removal(lint, lint_report(lint, change->token, "%s", why), change);
}

static void check_host_override(struct lint *lint, const struct node *line)
{
    each_change(lint, line, host_override);
}

static void wrong_value(struct lint *lint, const struct header_change *change)
{
    static const char *const with_port[] = {"{remote}", "{http.request.remote}", NULL};
    static const char *const protocol[] = {"{http.request.proto}", "{proto}", NULL};
    if (change->place != HEADER_UP || change->prefix == '-' || !change->value)
        return;
    const char *what = NULL;
    if ((is_field(change, "X-Forwarded-For") || is_field(change, "X-Real-IP")) &&
        value_is_one_of(change, with_port))
        what = "this value has a port after the address, which this field cannot hold";
    else if (is_field(change, "X-Forwarded-Proto") && value_is_one_of(change, protocol))
        what = "this is HTTP/1.1 or HTTP/2.0, and the field holds http or https";
    if (!what)
        return;
    struct diag *diag = lint_report(lint, change->value, "%s", what);
    diag_fix(lint_diags(lint), diag, FIX_UNSAFE, change->value->span,
             is_field(change, "X-Forwarded-Proto") ? STR("{scheme}") : STR("{remote_host}"),
             "send the plain value");
}

static void check_wrong_value(struct lint *lint, const struct node *line)
{
    each_change(lint, line, wrong_value);
}

static void spoofing(struct lint *lint, const struct header_change *change)
{
    static const char *const claims[] = {
        "{header.X-Forwarded-For}", "{>X-Forwarded-For}", "{http.request.header.X-Forwarded-For}",
        "{header.X-Real-IP}",       "{>X-Real-IP}",       "{http.request.header.X-Real-IP}", NULL};
    if (change->place != HEADER_UP || change->prefix == '-' ||
        !(is_field(change, "X-Real-IP") || is_field(change, "X-Forwarded-For")) ||
        !value_is_one_of(change, claims))
        return;
    struct diag *diag = lint_report(lint, change->value,
                                    "the client writes this field itself, so it can claim any address");
    diag_fix(lint_diags(lint), diag, FIX_SUGGEST, change->value->span, STR("{client_ip}"),
             "send the address that Caddy has checked, with `trusted_proxies` where there is a "
             "proxy before it");
}

static void check_spoofing(struct lint *lint, const struct node *line)
{
    each_change(lint, line, spoofing);
}

/* --- DT605, DT606: how many words a value has --- */

/* Other servers write field = value, or field: value. */
static bool is_sign(const struct token *value)
{
    return token_is(value, "=") || token_is(value, ":");
}

static void report_sign(struct lint *lint, const struct header_change *change)
{
    struct diag *diag = lint_report(lint, change->value,
                                    "this is searched in the value of " STR_FMT
                                    ": the field is not set",
                                    STR_ARG(change->field));
    diag_note(lint_diags(lint), diag, "nothing stands between a field and its value");
    if (change->value->span.end < change->replacement->span.begin)
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE,
                 (struct span){change->value->span.begin, change->replacement->span.begin}, STR(""),
                 "leave it away");
}

/* Fields whose values hold blanks, and how they begin. */
static bool looks_like_value(const struct header_change *change)
{
    static const struct {
        const char *field, *begins;
    } known[] = {
        {"Strict-Transport-Security", "max-age="},
        {"Content-Security-Policy", "default-src"},
        {"Content-Security-Policy", "script-src"},
        {"Content-Security-Policy", "frame-ancestors"},
        {"Content-Security-Policy", "upgrade-insecure-requests"},
        {"Cache-Control", "public,"},
        {"Cache-Control", "private,"},
        {"Cache-Control", "no-cache,"},
        {"Cache-Control", "no-store,"},
        {"X-XSS-Protection", "1;"},
        {"Referrer-Policy", "no-referrer,"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (is_field(change, known[i].field) &&
            str_has_prefix(change->value->text, str_from(known[i].begins)))
            return true;
    return str_has_suffix(change->value->text, STR(";"));
}

static void unquoted(struct lint *lint, const struct header_change *change)
{
    if (change->replacement && is_sign(change->value)) {
        report_sign(lint, change);
        return;
    }
    if (!change->value || !change->replacement || change->prefix == '-' ||
        change->value->quote != QUOTE_NONE || change->replacement->quote != QUOTE_NONE ||
        !looks_like_value(change))
        return;
    struct span span = {change->value->span.begin, change->replacement->span.end};
    struct diag *diag = lint_report_at(lint, span, change->value->via,
                                       "these are two words: Caddy replaces text in " STR_FMT
                                       " instead of setting it",
                                       STR_ARG(change->field));
    diag_note(lint_diags(lint), diag,
              "it looks for '" STR_FMT "' in the value that the field has; a field without one is "
              "not sent",
              STR_ARG(change->value->text));
    struct str text = lint_text(lint, span);
    if (!str_contains(text, STR("\"")) && !str_contains(text, STR("\\")))
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE, span,
                 str_printf(lint->arena, "\"" STR_FMT "\"", STR_ARG(text)), "quote the value");
}

static void check_unquoted(struct lint *lint, const struct node *line)
{
    each_change(lint, line, unquoted);
}

/* What changes are called elsewhere, and in JSON. */
static bool is_operation(const struct header_change *change)
{
    static const char *const words[] = {"set", "add", "append", "replace", "delete", "remove", "unset",
                                        NULL};
    for (size_t i = 0; words[i]; i++)
        if (str_is(change->field, words[i]))
            return change->value && !change->prefix;
    return false;
}

static void empty_value(struct lint *lint, const struct header_change *change)
{
    if (str_has_prefix(change->field, STR("@"))) {
        struct diag *diag = lint_report(lint, change->token, STR_FMT " is taken for a field here",
                                        STR_ARG(change->field));
        diag_note(lint_diags(lint), diag,
                  "define the matcher beside the directive, and name it behind the directive's name: "
                  "`header " STR_FMT " …`",
                  STR_ARG(change->field));
        return;
    }
    if (is_operation(change)) {
        struct diag *diag = lint_report(lint, change->token, "'" STR_FMT "' is taken for a field here",
                                        STR_ARG(change->field));
        diag_note(lint_diags(lint), diag,
                  "`Field value` sets one, `+Field value` adds, `-Field` deletes, `Field search "
                  "replacement` replaces");
        return;
    }
    if (change->value || change->prefix == '-' || str_contains(change->field, STR("{")) ||
        str_is(change->field, "}"))
        return;
    /* a name alone, at the end of a `header` line whose block has the changes, is another mistake */
    struct diag *diag = lint_report(lint, change->token, STR_FMT " is set to nothing",
                                    STR_ARG(change->field));
    diag_note(lint_diags(lint), diag, "the field is sent with an empty value");
    diag_fix(lint_diags(lint), diag, FIX_SUGGEST, change->token->span,
             str_printf(lint->arena, "-" STR_FMT, STR_ARG(change->field)),
             "a minus before the name deletes the field");
}

static void check_empty_value(struct lint *lint, const struct node *line)
{
    each_change(lint, line, empty_value);
}

/* --- DT610: fields of requests on responses --- */

static void of_requests(struct lint *lint, const struct header_change *change)
{
    static const char *const fields[] = {
        "Authorization",   "Cookie",            "Host",             "User-Agent",       "Referer",
        "X-Real-IP",       "X-Forwarded-For",   "X-Forwarded-Host", "X-Forwarded-Proto",
        "X-Forwarded-Port", "Proxy-Authorization", NULL};
    if (change->place != HEADER_RESPONSE || change->prefix == '-')
        return;
    for (size_t i = 0; fields[i]; i++) {
        if (!is_field(change, fields[i]))
            continue;
        struct diag *diag =
            lint_report(lint, change->token, STR_FMT " is sent to the client, not to an upstream",
                        STR_ARG(change->field));
        diag_note(lint_diags(lint), diag,
                  "`header` changes responses; requests have `request_header`, and `header_up` of "
                  "reverse_proxy");
        const struct token *name = line_name_token(change->line);
        if (token_is(name, "header"))
            diag_fix(lint_diags(lint), diag, FIX_UNSAFE, name->span, STR("request_header"),
                     "change the request");
    }
}

static void check_of_requests(struct lint *lint, const struct node *line)
{
    each_change(lint, line, of_requests);
}

/* --- DT607 --- */

static bool finds_proxy(const struct node *node, void *user)
{
    bool *found = user;
    *found |= node->role == ROLE_LINE && str_is(line_name(node), "reverse_proxy");
    return !*found;
}

/* A block with `defer`, or with a deletion, changes the response when it is written. */
static bool is_deferred(const struct lint *lint, const struct node *line)
{
    static const char question;
    const struct node *why = lint_answered(lint, &question, line);
    if (!why) {
        why = line->body;
        while (why && !str_is(line_name(why), "defer") && !str_has_prefix(line_name(why), STR("-")) &&
               !str_has_prefix(line_name(why), STR(">")))
            why = why->next;
        lint_answer(lint, &question, line, why ? why : line);
    }
    return why && why != line;
}

static bool proxies(const struct lint *lint, const struct node *block)
{
    static const char yes, no;
    const char *answer = lint_answered(lint, &yes, block);
    bool found = answer == &yes;
    if (!answer) {
        node_walk(block, finds_proxy, &found);
        lint_answer(lint, &yes, block, found ? &yes : &no);
    }
    return found;
}

static void duplicated(struct lint *lint, const struct header_change *change)
{
    const struct node *header = change->line;
    while (!line_directive(lint, header))
        header = header->parent;
    if (change->place != HEADER_RESPONSE || (change->prefix && change->prefix != '+') ||
        change->replacement || !is_field(change, "Access-Control-Allow-Origin") ||
        is_deferred(lint, header))
        return;
    const struct node *block = line_block(change->line);
    if (!block || !proxies(lint, block))
        return;
    struct diag *diag = lint_report(lint, change->token,
                                    "where the upstream sends this field too, clients get it twice");
    diag_note(lint_diags(lint), diag, "browsers refuse two values");
    if (!change->prefix)
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE, change->token->span,
                 str_printf(lint->arena, ">" STR_FMT, STR_ARG(change->field)),
                 "set it when the response is written, in place of the upstream's");
}

static void check_duplicated(struct lint *lint, const struct node *line)
{
    each_change(lint, line, duplicated);
}

/* --- DT608, DT609: whom to believe --- */

static bool trusts_proxies(const struct lint *lint)
{
    static const char yes, no;
    const char *answer = lint_answered(lint, &yes, NULL);
    if (answer)
        return answer == &yes;
    const struct node *servers = global_option(lint, "servers");
    while (servers && !line_option(servers, "trusted_proxies"))
        servers = line_next_option(servers);
    lint_answer(lint, &yes, NULL, servers ? &yes : &no);
    return servers != NULL;
}

static void check_untrusted_client_ip(struct lint *lint, const struct node *line)
{
    if (!line_inside(line, "servers") || trusts_proxies(lint))
        return;
    struct diag *diag = lint_report(lint, line_name_token(line),
                                    "no header is believed without trusted_proxies");
    diag_note(lint_diags(lint), diag,
              "the client's address is the peer's; add `trusted_proxies static <ranges>` beside it");
}

static void check_wide_trust(struct lint *lint, const struct node *line)
{
    const struct token *word;
    for (uint32_t i = 0; (word = line_word(line, i)); i++) {
        if (!token_is(word, "0.0.0.0/0") && !token_is(word, "::/0"))
            continue;
        struct diag *diag = lint_report(lint, word, "every client is trusted to name its own address");
        diag_note(lint_diags(lint), diag,
                  "list the ranges of your proxies, or `private_ranges` where they are private");
    }
}

#define UP(line) "example.com {\n\treverse_proxy app:80 {\n\t\theader_up " line "\n\t}\n}\n"
#define ALL_HEADERS "header|request_header|header_up|header_down"

const struct lint_rule header_rules[] = {
    {.info = {"DT601", "redundant-forwarded-header", "a field that the proxy sends by itself",
              SEVERITY_INFO},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_WARNS,
     .why = "reverse_proxy sets X-Forwarded-For, -Proto and -Host, and passes websocket upgrades on. "
            "Setting them by hand replaces\nwhat it knows of trusted proxies.",
     .at_run_time = "The same without the line; Caddy logs a warning for some spellings.",
     .bad = UP("X-Forwarded-Proto {scheme}"),
     .good = "example.com {\n\treverse_proxy app:80\n}\n",
     .on = "header_up",
     .line = check_redundant},
    {.info = {"DT602", "host-override", "a Host header that is set to what it is anyway",
              SEVERITY_INFO},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "The Host header of the request is passed on unchanged; since 2.11 upstreams over TLS get "
            "their own name instead.",
     .at_run_time = "The same without the line.",
     .bad = UP("Host {host}"),
     .good = UP("Host app.internal"),
     .on = "header_up",
     .line = check_host_override},
    {.info = {"DT603", "forwarded-header-wrong-value", "a forwarded field with a value of another kind",
              SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "X-Forwarded-For holds addresses without ports, X-Forwarded-Proto holds http or https.",
     .at_run_time = "The application sees a malformed address, or takes every request for plain HTTP.",
     .bad = UP("X-Forwarded-Proto {http.request.proto}"),
     .good = UP("X-Forwarded-Port {port}"),
     .on = "header_up",
     .line = check_wrong_value},
    {.info = {"DT604", "forwarded-header-spoofing", "the client's own claim is passed on as its address",
              SEVERITY_ERROR},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "Anyone can send X-Forwarded-For or X-Real-IP. Caddy ignores them unless they come from a "
            "trusted proxy; copying them\nby hand goes around that.",
     .at_run_time = "Allow lists, rate limits and logs of the application see an address of the "
                    "client's choice.",
     .bad = UP("X-Real-IP {header.X-Forwarded-For}"),
     .good = UP("X-Real-IP {client_ip}"),
     .on = "header_up",
     .line = check_spoofing},
    {.info = {"DT605", "unquoted-header-value", "a header value with blanks and without quotes",
              SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "With two words after the field, header changes mean search and replace: the first is a "
            "pattern, the second what to put\nin its place. A value with blanks needs quotes.",
     .at_run_time = "The field is not sent at all.",
     .bad = "example.com {\n\theader Strict-Transport-Security max-age=31536000; "
            "includeSubDomains\n\trespond ok\n}\n",
     .good = "example.com {\n\theader Strict-Transport-Security \"max-age=31536000; "
             "includeSubDomains\"\n\trespond ok\n}\n",
     .on = ALL_HEADERS,
     .line = check_unquoted},
    {.info = {"DT606", "empty-header-value", "a field that is set to nothing", SEVERITY_ERROR},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "A field without a value is sent empty. To delete it, write a minus before its name.\nWhat "
            "looks like a matcher in the block of `header` is a field as well, and so are the lines of its "
            "block.",
     .at_run_time = "The field is sent with an empty value; an empty Host breaks most upstreams.",
     .bad = UP("Host"),
     .good = UP("-Accept-Encoding"),
     .on = ALL_HEADERS,
     .line = check_empty_value},
    {.info = {"DT607", "proxied-header-duplicated", "a response field that the upstream may send as well",
              SEVERITY_INFO},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "`header` sets fields before the proxy answers; the upstream's are added to them.",
     .at_run_time = "Two Access-Control-Allow-Origin fields, which browsers refuse.",
     .bad = "example.com {\n\theader Access-Control-Allow-Origin *\n\treverse_proxy app:80\n}\n",
     .good = "example.com {\n\theader >Access-Control-Allow-Origin *\n\treverse_proxy app:80\n}\n",
     .on = "header",
     .line = check_duplicated},
    {.info = {"DT608", "client-ip-without-trusted-proxies",
              "fields to read the client's address from, and nobody to believe", SEVERITY_WARNING},
     .caddy = CADDY_SILENT,
     .why = "client_ip_headers are read only from requests that trusted proxies send.",
     .at_run_time = "The fields are ignored; {client_ip} is the address of the peer.",
     .bad = "{\n\tservers {\n\t\tclient_ip_headers CF-Connecting-IP\n\t}\n}\nexample.com {\n"
            "\trespond ok\n}\n",
     .good = "{\n\tservers {\n\t\ttrusted_proxies static private_ranges\n"
             "\t\tclient_ip_headers CF-Connecting-IP\n\t}\n}\nexample.com {\n\trespond ok\n}\n",
     .on = "client_ip_headers",
     .line = check_untrusted_client_ip},
    {.info = {"DT609", "trusted-proxies-too-wide", "the whole internet as a trusted proxy",
              SEVERITY_ERROR},
     .caddy = CADDY_SILENT,
     .why = "A trusted proxy may say who the client is. With 0.0.0.0/0 every client may.",
     .at_run_time = "Allow lists and logs see an address of the client's choice.",
     .bad = "{\n\tservers {\n\t\ttrusted_proxies static 0.0.0.0/0\n\t}\n}\nexample.com {\n"
            "\trespond ok\n}\n",
     .good = "{\n\tservers {\n\t\ttrusted_proxies static 10.0.0.0/8\n\t}\n}\nexample.com {\n"
             "\trespond ok\n}\n",
     .on = "trusted_proxies",
     .line = check_wide_trust},
    {.info = {"DT610", "request-field-in-response", "a field of requests that is set on responses",
              SEVERITY_WARNING},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "`header` changes what clients get. Authorization, Cookie, Host, X-Forwarded-For and their like "
            "belong to requests: upstreams\ndo not see them, and a token among them is told to everyone.",
     .at_run_time = "The client gets the field; the upstream does not.",
     .bad = "example.com {\n\theader Authorization \"Bearer {env.TOKEN}\"\n\treverse_proxy app:3000\n}\n",
     .good = "example.com {\n\trequest_header Authorization \"Bearer {env.TOKEN}\"\n"
             "\treverse_proxy app:3000\n}\n",
     .on = "header",
     .line = check_of_requests},
    {.info = {0}},
};
